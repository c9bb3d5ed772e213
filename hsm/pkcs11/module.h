/// A PKCS#11 module: the shared object that talks to a token.
///
/// Every C_ function is called through `call`, and nowhere else, so that there is
/// one place where return values become errors.
///
/// Threads: any, once loaded; the module is told to lock by itself (CKF_OS_LOCKING_OK).
/// Ownership: it must outlive its sessions. It is never finalised nor unloaded: at
/// process end a module's own teardown runs in an order that nobody controls, and
/// SoftHSM crashes in it. The kernel takes everything back.
#pragma once

#include <p11-kit/pkcs11.h>

#include <filesystem>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "firmware/base/result.h"
#include "hsm/pkcs11/error.h"

namespace privyseal::pkcs11 {

class Module {
 public:
  /// Loads and initialises it; once per process and module.
  /// kUnavailable: no such file, no PKCS#11 module, or it does not initialise.
  [[nodiscard]] static Result<Module> load(const std::filesystem::path& file);

  /// The one doorway: `module.call("C_Sign", &CK_FUNCTION_LIST::C_Sign, ...)`.
  template <class... Parameters>
  [[nodiscard]] Result<void> call(std::string_view name, CK_RV (*CK_FUNCTION_LIST::*function)(Parameters...),
                                  std::type_identity_t<Parameters>... arguments) const {
    if (functions_->*function == nullptr) return fail_call(name, CKR_FUNCTION_NOT_SUPPORTED);
    const CK_RV value = (functions_->*function)(arguments...);
    if (value != CKR_OK) return fail_call(name, value);
    return {};
  }

  /// All slots that hold a token.
  [[nodiscard]] Result<std::vector<CK_SLOT_ID>> slots() const;
  [[nodiscard]] Result<CK_TOKEN_INFO> token_info(CK_SLOT_ID slot) const;

  /// The slot of the token with this label. kNotFound: none. kConflict: more than one.
  [[nodiscard]] Result<CK_SLOT_ID> find_token(std::string_view label) const;
  /// A slot whose token nobody has initialised yet. kNotFound: none.
  [[nodiscard]] Result<CK_SLOT_ID> find_blank_token() const;

 private:
  explicit Module(CK_FUNCTION_LIST* functions) : functions_(functions) {}

  CK_FUNCTION_LIST* functions_;
};

/// PKCS#11 pads labels with blanks to 32 bytes.
[[nodiscard]] std::string label_of(const CK_TOKEN_INFO& info);
/// "MANUFACTURER, MODEL"; what is not printable ASCII becomes '?'.
[[nodiscard]] std::string description_of(const CK_TOKEN_INFO& info);

}  // namespace privyseal::pkcs11
