#include "hsm/pkcs11/error.h"

#include <algorithm>
#include <array>
#include <format>

namespace privyseal::pkcs11 {
namespace {

struct Row {
  CK_RV value;
  std::string_view name;
  Cure cure;
  ErrorCode code;
};

#define ROW(value, cure, code) \
  Row { value, #value, Cure::cure, ErrorCode::code }
constexpr std::array kRows{
    // The PIN was refused, or a further try could lock the token.
    ROW(CKR_PIN_INCORRECT, kNone, kDenied),
    ROW(CKR_PIN_INVALID, kNone, kDenied),
    ROW(CKR_PIN_LEN_RANGE, kNone, kDenied),
    ROW(CKR_PIN_EXPIRED, kNone, kDenied),
    ROW(CKR_PIN_LOCKED, kNone, kDenied),
    ROW(CKR_USER_PIN_NOT_INITIALIZED, kNone, kDenied),

    // Too many sessions or too little memory just now.
    ROW(CKR_HOST_MEMORY, kAgain, kClosed),
    ROW(CKR_DEVICE_MEMORY, kAgain, kClosed),
    ROW(CKR_SESSION_COUNT, kAgain, kClosed),
    ROW(CKR_FUNCTION_CANCELED, kAgain, kClosed),
    ROW(CKR_CANCEL, kAgain, kClosed),

    // SoftHSM says so when somebody was logged out in the middle of the call.
    ROW(CKR_GENERAL_ERROR, kOnceMore, kUnavailable),

    // The session or a handle is stale. A device error leaves some modules' sessions unusable for ever.
    ROW(CKR_SESSION_CLOSED, kNewSession, kClosed),
    ROW(CKR_SESSION_HANDLE_INVALID, kNewSession, kClosed),
    ROW(CKR_KEY_HANDLE_INVALID, kNewSession, kClosed),
    ROW(CKR_OBJECT_HANDLE_INVALID, kNewSession, kClosed),
    ROW(CKR_OPERATION_ACTIVE, kNewSession, kClosed),
    ROW(CKR_OPERATION_NOT_INITIALIZED, kNewSession, kClosed),
    ROW(CKR_DEVICE_ERROR, kNewSession, kClosed),

    ROW(CKR_USER_NOT_LOGGED_IN, kLogIn, kClosed),

    // A slot may have another number when its token is back.
    ROW(CKR_DEVICE_REMOVED, kReinitialise, kClosed),
    ROW(CKR_TOKEN_NOT_PRESENT, kReinitialise, kClosed),
    ROW(CKR_TOKEN_NOT_RECOGNIZED, kReinitialise, kClosed),
    ROW(CKR_SLOT_ID_INVALID, kReinitialise, kClosed),
    ROW(CKR_CRYPTOKI_NOT_INITIALIZED, kReinitialise, kClosed),

    ROW(CKR_ATTRIBUTE_TYPE_INVALID, kNone, kNotFound),

    ROW(CKR_FUNCTION_FAILED, kNone, kUnavailable),
    ROW(CKR_ARGUMENTS_BAD, kNone, kUnavailable),
    ROW(CKR_CANT_LOCK, kNone, kUnavailable),
    ROW(CKR_ATTRIBUTE_READ_ONLY, kNone, kUnavailable),
    ROW(CKR_ATTRIBUTE_SENSITIVE, kNone, kUnavailable),
    ROW(CKR_ATTRIBUTE_VALUE_INVALID, kNone, kUnavailable),
    ROW(CKR_DATA_INVALID, kNone, kUnavailable),
    ROW(CKR_DATA_LEN_RANGE, kNone, kUnavailable),
    ROW(CKR_FUNCTION_NOT_SUPPORTED, kNone, kUnavailable),
    ROW(CKR_KEY_SIZE_RANGE, kNone, kUnavailable),
    ROW(CKR_KEY_TYPE_INCONSISTENT, kNone, kUnavailable),
    ROW(CKR_KEY_FUNCTION_NOT_PERMITTED, kNone, kUnavailable),
    ROW(CKR_MECHANISM_INVALID, kNone, kUnavailable),
    ROW(CKR_MECHANISM_PARAM_INVALID, kNone, kUnavailable),
    ROW(CKR_SESSION_EXISTS, kNone, kUnavailable),
    ROW(CKR_SESSION_READ_ONLY, kNone, kUnavailable),
    ROW(CKR_SESSION_READ_ONLY_EXISTS, kNone, kUnavailable),
    ROW(CKR_TEMPLATE_INCOMPLETE, kNone, kUnavailable),
    ROW(CKR_TEMPLATE_INCONSISTENT, kNone, kUnavailable),
    ROW(CKR_TOKEN_WRITE_PROTECTED, kNone, kUnavailable),
    ROW(CKR_USER_ALREADY_LOGGED_IN, kNone, kUnavailable),
    ROW(CKR_USER_ANOTHER_ALREADY_LOGGED_IN, kNone, kUnavailable),
    ROW(CKR_USER_TOO_MANY_TYPES, kNone, kUnavailable),
    ROW(CKR_RANDOM_NO_RNG, kNone, kUnavailable),
    ROW(CKR_DOMAIN_PARAMS_INVALID, kNone, kUnavailable),
    ROW(CKR_CURVE_NOT_SUPPORTED, kNone, kUnavailable),
    ROW(CKR_BUFFER_TOO_SMALL, kNone, kUnavailable),
    ROW(CKR_CRYPTOKI_ALREADY_INITIALIZED, kNone, kUnavailable),
    ROW(CKR_ACTION_PROHIBITED, kNone, kUnavailable),
};
#undef ROW

const Row* find(CK_RV value) {
  const auto* found = std::ranges::find(kRows, value, &Row::value);
  return found == kRows.end() ? nullptr : found;
}

}  // namespace

std::string name_of(CK_RV value) {
  const Row* row = find(value);
  return row != nullptr ? std::string(row->name) : std::format("CKR {:#x}", value);
}

Cure cure_of(CK_RV value) {
  const Row* row = find(value);
  return row != nullptr ? row->cure : Cure::kNone;
}

ErrorCode code_of(CK_RV value) {
  const Row* row = find(value);
  return row != nullptr ? row->code : ErrorCode::kUnavailable;
}

std::unexpected<Failure> fail_call(std::string_view function, CK_RV value) {
  Error error{code_of(value), std::string(function) + ": " + name_of(value)};
  return std::unexpected(Failure(std::move(error), cure_of(value), value));
}

}  // namespace privyseal::pkcs11
