/// One PKCS#11 session: opened, used by one thread at a time, closed.
///
/// A session carries one operation at once (C_SignInit to C_Sign). Log-in belongs to
/// the token, not to the session: the first session logs in, all others then are.
///
/// Threads: one at a time per session. Ownership: the Module must outlive it.
/// Errors: see error.h; kClosed means: open a fresh session and try once more.
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

  [[nodiscard]] static Result<Session> open(const Module& module, CK_SLOT_ID slot, Mode mode);
  ~Session();

  Session(Session&& other) noexcept;
  Session& operator=(Session&& other) noexcept;
  Session(const Session&) = delete;  // a session has one user
  Session& operator=(const Session&) = delete;

  [[nodiscard]] Result<bool> is_logged_in() const;
  /// kDenied: the PIN was refused. Never call it again with the same PIN.
  [[nodiscard]] Result<void> login(CK_USER_TYPE user, Secret& pin) const;
  /// By a logged-in security officer: sets the user's PIN.
  [[nodiscard]] Result<void> initialise_pin(Secret& pin) const;

  [[nodiscard]] Result<std::vector<ObjectHandle>> find(Attributes wanted) const;
  /// kNotFound: the object has no such attribute. kClosed: no such object.
  [[nodiscard]] Result<Bytes> bytes_of_attribute(ObjectHandle object, CK_ATTRIBUTE_TYPE type) const;
  [[nodiscard]] Result<bool> flag(ObjectHandle object, CK_ATTRIBUTE_TYPE type) const;
  [[nodiscard]] Result<void> destroy(ObjectHandle object) const;

  [[nodiscard]] Result<KeyPair> generate(CK_MECHANISM_TYPE mechanism, Attributes public_key,
                                         Attributes private_key) const;
  /// One-shot C_SignInit and C_Sign. `input` is what the mechanism wants: for CKM_ECDSA a digest.
  [[nodiscard]] Result<Bytes> sign(ObjectHandle key, CK_MECHANISM_TYPE mechanism, ByteView input) const;

 private:
  Session(const Module& module, CK_SESSION_HANDLE handle) : module_(&module), handle_(handle) {}
  void close();

  const Module* module_;
  CK_SESSION_HANDLE handle_;
};

}  // namespace privyseal::pkcs11
