#include "hsm/pkcs11/error.h"

#include <algorithm>
#include <array>
#include <format>

namespace privyseal::pkcs11 {
namespace {

struct Meaning {
  CK_RV value;
  std::string_view name;
  ErrorCode code;
};

#define MEANING(value, code) \
  Meaning { value, #value, ErrorCode::code }
constexpr std::array kMeanings{
    // The PIN was refused, or a further try could lock the token.
    MEANING(CKR_PIN_INCORRECT, kDenied),
    MEANING(CKR_PIN_INVALID, kDenied),
    MEANING(CKR_PIN_LEN_RANGE, kDenied),
    MEANING(CKR_PIN_EXPIRED, kDenied),
    MEANING(CKR_PIN_LOCKED, kDenied),
    MEANING(CKR_USER_PIN_NOT_INITIALIZED, kDenied),

    // The session or a handle is stale.
    MEANING(CKR_SESSION_CLOSED, kClosed),
    MEANING(CKR_SESSION_HANDLE_INVALID, kClosed),
    MEANING(CKR_USER_NOT_LOGGED_IN, kClosed),
    MEANING(CKR_KEY_HANDLE_INVALID, kClosed),
    MEANING(CKR_OBJECT_HANDLE_INVALID, kClosed),
    MEANING(CKR_OPERATION_ACTIVE, kClosed),
    MEANING(CKR_OPERATION_NOT_INITIALIZED, kClosed),
    MEANING(CKR_DEVICE_ERROR, kClosed),

    MEANING(CKR_ATTRIBUTE_TYPE_INVALID, kNotFound),

    MEANING(CKR_CANCEL, kUnavailable),
    MEANING(CKR_HOST_MEMORY, kUnavailable),
    MEANING(CKR_SLOT_ID_INVALID, kUnavailable),
    MEANING(CKR_GENERAL_ERROR, kUnavailable),
    MEANING(CKR_FUNCTION_FAILED, kUnavailable),
    MEANING(CKR_ARGUMENTS_BAD, kUnavailable),
    MEANING(CKR_CANT_LOCK, kUnavailable),
    MEANING(CKR_ATTRIBUTE_READ_ONLY, kUnavailable),
    MEANING(CKR_ATTRIBUTE_SENSITIVE, kUnavailable),
    MEANING(CKR_ATTRIBUTE_VALUE_INVALID, kUnavailable),
    MEANING(CKR_DATA_INVALID, kUnavailable),
    MEANING(CKR_DATA_LEN_RANGE, kUnavailable),
    MEANING(CKR_DEVICE_MEMORY, kUnavailable),
    MEANING(CKR_DEVICE_REMOVED, kUnavailable),
    MEANING(CKR_FUNCTION_CANCELED, kUnavailable),
    MEANING(CKR_FUNCTION_NOT_SUPPORTED, kUnavailable),
    MEANING(CKR_KEY_SIZE_RANGE, kUnavailable),
    MEANING(CKR_KEY_TYPE_INCONSISTENT, kUnavailable),
    MEANING(CKR_KEY_FUNCTION_NOT_PERMITTED, kUnavailable),
    MEANING(CKR_MECHANISM_INVALID, kUnavailable),
    MEANING(CKR_MECHANISM_PARAM_INVALID, kUnavailable),
    MEANING(CKR_SESSION_COUNT, kUnavailable),
    MEANING(CKR_SESSION_EXISTS, kUnavailable),
    MEANING(CKR_SESSION_READ_ONLY, kUnavailable),
    MEANING(CKR_SESSION_READ_ONLY_EXISTS, kUnavailable),
    MEANING(CKR_TEMPLATE_INCOMPLETE, kUnavailable),
    MEANING(CKR_TEMPLATE_INCONSISTENT, kUnavailable),
    MEANING(CKR_TOKEN_NOT_PRESENT, kUnavailable),
    MEANING(CKR_TOKEN_NOT_RECOGNIZED, kUnavailable),
    MEANING(CKR_TOKEN_WRITE_PROTECTED, kUnavailable),
    MEANING(CKR_USER_ALREADY_LOGGED_IN, kUnavailable),
    MEANING(CKR_USER_ANOTHER_ALREADY_LOGGED_IN, kUnavailable),
    MEANING(CKR_USER_TOO_MANY_TYPES, kUnavailable),
    MEANING(CKR_RANDOM_NO_RNG, kUnavailable),
    MEANING(CKR_DOMAIN_PARAMS_INVALID, kUnavailable),
    MEANING(CKR_CURVE_NOT_SUPPORTED, kUnavailable),
    MEANING(CKR_BUFFER_TOO_SMALL, kUnavailable),
    MEANING(CKR_CRYPTOKI_NOT_INITIALIZED, kUnavailable),
    MEANING(CKR_CRYPTOKI_ALREADY_INITIALIZED, kUnavailable),
    MEANING(CKR_ACTION_PROHIBITED, kUnavailable),
};
#undef MEANING

const Meaning* find(CK_RV value) {
  const auto* found = std::ranges::find(kMeanings, value, &Meaning::value);
  return found == kMeanings.end() ? nullptr : found;
}

}  // namespace

std::string name_of(CK_RV value) {
  const Meaning* meaning = find(value);
  return meaning != nullptr ? std::string(meaning->name) : std::format("CKR {:#x}", value);
}

ErrorCode code_of(CK_RV value) {
  const Meaning* meaning = find(value);
  return meaning != nullptr ? meaning->code : ErrorCode::kUnavailable;
}

std::unexpected<Error> fail_call(std::string_view function, CK_RV value) {
  return fail(code_of(value), std::string(function) + ": " + name_of(value));
}

}  // namespace privyseal::pkcs11
