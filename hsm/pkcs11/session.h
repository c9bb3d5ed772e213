/// One PKCS#11 session: opened, used by one thread at a time, closed.
///
/// A session carries one operation at once (C_SignInit to C_Sign). Log-in belongs to
/// the token, not to the session: the first session logs in, all others then are.
///
/// Threads: one at a time per session. Ownership: the Module must outlive it.
/// Errors: see error.h; its Cure says what helps. A session does not outlive its module's initialisation:
/// afterwards every call gives CKR_SESSION_HANDLE_INVALID.
#pragma once

#include <p11-kit/pkcs11.h>

#include <cstdint>
#include <vector>

#include "firmware/base/bytes.h"
#include "firmware/base/result.h"
#include "firmware/base/secret.h"
#include "hsm/pkcs11/attributes.h"
#include "hsm/pkcs11/module.h"

namespace privyseal::pkcs11 {

/// Names an object on the token as long as the process stays logged in.
enum class ObjectHandle : CK_OBJECT_HANDLE {};

struct KeyPair {
  ObjectHandle public_key;
  ObjectHandle private_key;
};

class Session {
 public:
  enum class Mode { kReadOnly, kReadWrite };

  [[nodiscard]] static Outcome<Session> open(const Module& module, CK_SLOT_ID slot, Mode mode);
  ~Session();

  Session(Session&& other) noexcept;
  Session& operator=(Session&& other) noexcept;
  Session(const Session&) = delete;  // a session has one user
  Session& operator=(const Session&) = delete;

  /// Leaves it open for the process's end, where nobody waits for a token that does not answer.
  void leave_open() { handle_ = CK_INVALID_HANDLE; }

  [[nodiscard]] const Quirks& quirks() const { return module_->quirks(); }
  [[nodiscard]] Outcome<bool> is_logged_in() const;
  /// kDenied: the PIN was refused. Never call it again with the same PIN.
  [[nodiscard]] Outcome<void> login(CK_USER_TYPE user, Secret& pin) const;
  /// By a logged-in security officer: sets the user's PIN.
  [[nodiscard]] Outcome<void> initialise_pin(Secret& pin) const;

  /// All that there are, private ones too. CKR_USER_NOT_LOGGED_IN: the log-in is gone, and what was found is
  /// not all.
  [[nodiscard]] Outcome<std::vector<ObjectHandle>> find(Attributes wanted) const;
  /// kNotFound: the object has no such attribute. kClosed: no such object.
  [[nodiscard]] Outcome<Bytes> bytes_of_attribute(ObjectHandle object, CK_ATTRIBUTE_TYPE type) const;
  [[nodiscard]] Outcome<bool> flag(ObjectHandle object, CK_ATTRIBUTE_TYPE type) const;
  [[nodiscard]] Outcome<void> destroy(ObjectHandle object) const;

  [[nodiscard]] Outcome<KeyPair> generate(CK_MECHANISM_TYPE mechanism, Attributes public_key,
                                          Attributes private_key) const;
  /// One-shot C_SignInit and C_Sign. `input` is what the mechanism wants: for CKM_ECDSA a digest; `parameter`
  /// are the bytes of its parameter struct, if it has one.
  [[nodiscard]] Outcome<Bytes> sign(ObjectHandle key, CK_MECHANISM_TYPE mechanism, ByteView input,
                                    ByteView parameter = {}) const;
  /// Whether the token lists the mechanism.
  [[nodiscard]] Outcome<bool> has_mechanism(CK_MECHANISM_TYPE mechanism) const;
  /// The longest key that it takes: bits, with mechanisms of RSA.
  [[nodiscard]] Outcome<CK_ULONG> longest_key(CK_MECHANISM_TYPE mechanism) const;

 private:
  Session(const Module& module, std::uint64_t initialisation, CK_SESSION_HANDLE handle)
      : module_(&module), initialisation_(initialisation), handle_(handle) {}
  void close();
  [[nodiscard]] Outcome<CK_SLOT_ID> slot() const;

  /// `call("C_Sign", &CK_FUNCTION_LIST::C_Sign, ...)`: with this session's handle as the first argument.
  template <class... Parameters>
  Outcome<void> call(Function name, CK_RV (*CK_FUNCTION_LIST::*function)(CK_SESSION_HANDLE, Parameters...),
                     std::type_identity_t<Parameters>... arguments) const {
    return module_->call_in(initialisation_, name, function, handle_, arguments...);
  }

  const Module* module_;
  std::uint64_t initialisation_;  // of the module, in which it was opened
  CK_SESSION_HANDLE handle_;
};

}  // namespace privyseal::pkcs11
