/// What a PKCS#11 return value means to us (PKCS #11 v2.40, section 5.1).
///
/// Modules give some ninety codes; our callers only ever do one of a few things
/// about them, so each code becomes one ErrorCode:
///
///     kDenied       the PIN was refused. Never try it again: a few wrong PINs lock the token.
///     kClosed       this session, or an object handle found through it, is of no further use.
///                   A fresh session may work: one retry is sensible.
///     kNotFound     the object has no such attribute
///     kUnavailable  everything else: the token or the module does not work now
#pragma once

#include <p11-kit/pkcs11.h>

#include <string>
#include <string_view>

#include "firmware/base/result.h"

namespace privyseal::pkcs11 {

/// "CKR_PIN_INCORRECT"; "CKR 0x80000001" for one that the standard does not know.
[[nodiscard]] std::string name_of(CK_RV value);

[[nodiscard]] ErrorCode code_of(CK_RV value);

/// `function` is the C_ function that gave `value`.
[[nodiscard]] std::unexpected<Error> fail_call(std::string_view function, CK_RV value);

}  // namespace privyseal::pkcs11
