/// What a PKCS#11 return value means to us (PKCS #11 v2.40, section 5.1), and what helps.
///
/// Modules give some ninety codes; our callers only ever do one of a few things
/// about them, so one table gives each code a cure, and the cure gives the ErrorCode:
///
///     kDenied       the PIN was refused. Never try it again: a few wrong PINs lock the token.
///     kClosed       a session, the log-in or the module is of no further use; there is a cure
///     kNotFound     the object has no such attribute
///     kUnavailable  everything else: to do the same again would fail again
#pragma once

#include <p11-kit/pkcs11.h>

#include <expected>
#include <string>
#include <string_view>

#include "firmware/base/result.h"

namespace privyseal::pkcs11 {

/// In the order of their strength.
enum class Cure {
  kNone,          ///< the answer is final
  kAgain,         ///< nothing is broken: the same call, on the same session, a little later
  kOnceMore,      ///< nobody knows: once more, on a fresh session, and then it is final
  kNewSession,    ///< this session, or an object handle found through it, is stale
  kLogIn,         ///< the token has forgotten who we are
  kReinitialise,  ///< the token or the module was lost: C_Finalize, C_Initialize, look for the slot
};

/// A call that failed. It is an Error, so that it can be handed on as one.
struct Failure : Error {
  Failure(Error error, Cure its_cure, CK_RV its_value)
      : Error(std::move(error)), cure(its_cure), value(its_value) {}
  /// Ours, not the module's: final.
  Failure(Error error) : Failure(std::move(error), Cure::kNone, CKR_OK) {}  // NOLINT: `return fail(...)`

  Cure cure;
  CK_RV value;  ///< CKR_OK: it was not the module that failed
};

template <class T>
using Outcome = std::expected<T, Failure>;

/// "CKR_PIN_INCORRECT"; "CKR 0x80000001" for one that the standard does not know.
[[nodiscard]] std::string name_of(CK_RV value);

[[nodiscard]] Cure cure_of(CK_RV value);
[[nodiscard]] ErrorCode code_of(CK_RV value);

/// `function` is the C_ function that gave `value`.
[[nodiscard]] std::unexpected<Failure> fail_call(std::string_view function, CK_RV value);

}  // namespace privyseal::pkcs11
