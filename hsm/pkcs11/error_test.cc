#include "hsm/pkcs11/error.h"

#include <gtest/gtest.h>

namespace privyseal::pkcs11 {
namespace {

struct Case {
  CK_RV value;
  std::string name;
  ErrorCode code;
};

class Pkcs11Error : public testing::TestWithParam<Case> {};

TEST_P(Pkcs11Error, HasItsNameAndItsMeaning) {
  const auto error = fail_call("C_Sign", GetParam().value).error();
  EXPECT_EQ(error.message, "C_Sign: " + GetParam().name);
  EXPECT_EQ(error.code, GetParam().code);
}

INSTANTIATE_TEST_SUITE_P(, Pkcs11Error,
                         testing::Values(Case{0xa0, "CKR_PIN_INCORRECT", ErrorCode::kDenied},
                                         Case{0xa1, "CKR_PIN_INVALID", ErrorCode::kDenied},
                                         Case{0xa2, "CKR_PIN_LEN_RANGE", ErrorCode::kDenied},
                                         Case{0xa3, "CKR_PIN_EXPIRED", ErrorCode::kDenied},
                                         Case{0xa4, "CKR_PIN_LOCKED", ErrorCode::kDenied},
                                         Case{0xb3, "CKR_SESSION_HANDLE_INVALID", ErrorCode::kClosed},
                                         Case{0xb0, "CKR_SESSION_CLOSED", ErrorCode::kClosed},
                                         Case{0x101, "CKR_USER_NOT_LOGGED_IN", ErrorCode::kClosed},
                                         Case{0x60, "CKR_KEY_HANDLE_INVALID", ErrorCode::kClosed},
                                         Case{0x90, "CKR_OPERATION_ACTIVE", ErrorCode::kClosed},
                                         Case{0x30, "CKR_DEVICE_ERROR", ErrorCode::kClosed},
                                         Case{0x12, "CKR_ATTRIBUTE_TYPE_INVALID", ErrorCode::kNotFound},
                                         Case{0x32, "CKR_DEVICE_REMOVED", ErrorCode::kUnavailable},
                                         Case{0x190, "CKR_CRYPTOKI_NOT_INITIALIZED", ErrorCode::kUnavailable},
                                         Case{0x05, "CKR_GENERAL_ERROR", ErrorCode::kUnavailable},
                                         Case{0x80000001, "CKR 0x80000001", ErrorCode::kUnavailable},
                                         Case{~0UL, "CKR 0xffffffffffffffff", ErrorCode::kUnavailable}));

}  // namespace
}  // namespace privyseal::pkcs11
