#include "hsm/pkcs11/error.h"

#include <gtest/gtest.h>

#include <format>

namespace privyseal::pkcs11 {
namespace {

struct Case {
  CK_RV value;
  std::string name;
  Cure cure;
  ErrorCode code;
};

class Pkcs11Error : public testing::TestWithParam<Case> {};

TEST_P(Pkcs11Error, HasItsNameItsMeaningAndItsCure) {
  const auto failure = fail_call("C_Sign", GetParam().value).error();
  EXPECT_EQ(failure.message, "C_Sign: " + GetParam().name);
  EXPECT_EQ(failure.code, GetParam().code);
  EXPECT_EQ(failure.cure, GetParam().cure);
}

constexpr auto kDenied = ErrorCode::kDenied;
constexpr auto kClosed = ErrorCode::kClosed;
constexpr auto kUnavailable = ErrorCode::kUnavailable;

INSTANTIATE_TEST_SUITE_P(
    , Pkcs11Error,
    testing::Values(Case{0xa0, "CKR_PIN_INCORRECT", Cure::kNone, kDenied},
                    Case{0xa1, "CKR_PIN_INVALID", Cure::kNone, kDenied},
                    Case{0xa2, "CKR_PIN_LEN_RANGE", Cure::kNone, kDenied},
                    Case{0xa3, "CKR_PIN_EXPIRED", Cure::kNone, kDenied},
                    Case{0xa4, "CKR_PIN_LOCKED", Cure::kNone, kDenied},
                    Case{0x102, "CKR_USER_PIN_NOT_INITIALIZED", Cure::kNone, kDenied},
                    Case{0x02, "CKR_HOST_MEMORY", Cure::kAgain, kClosed},
                    Case{0x31, "CKR_DEVICE_MEMORY", Cure::kAgain, kClosed},
                    Case{0xb1, "CKR_SESSION_COUNT", Cure::kAgain, kClosed},
                    Case{0xb3, "CKR_SESSION_HANDLE_INVALID", Cure::kNewSession, kClosed},
                    Case{0xb0, "CKR_SESSION_CLOSED", Cure::kNewSession, kClosed},
                    Case{0x60, "CKR_KEY_HANDLE_INVALID", Cure::kNewSession, kClosed},
                    Case{0x82, "CKR_OBJECT_HANDLE_INVALID", Cure::kNewSession, kClosed},
                    Case{0x90, "CKR_OPERATION_ACTIVE", Cure::kNewSession, kClosed},
                    Case{0x91, "CKR_OPERATION_NOT_INITIALIZED", Cure::kNewSession, kClosed},
                    Case{0x30, "CKR_DEVICE_ERROR", Cure::kNewSession, kClosed},
                    Case{0x101, "CKR_USER_NOT_LOGGED_IN", Cure::kLogIn, kClosed},
                    Case{0x32, "CKR_DEVICE_REMOVED", Cure::kReinitialise, kClosed},
                    Case{0xe0, "CKR_TOKEN_NOT_PRESENT", Cure::kReinitialise, kClosed},
                    Case{0x03, "CKR_SLOT_ID_INVALID", Cure::kReinitialise, kClosed},
                    Case{0x190, "CKR_CRYPTOKI_NOT_INITIALIZED", Cure::kReinitialise, kClosed},
                    Case{0x12, "CKR_ATTRIBUTE_TYPE_INVALID", Cure::kNone, ErrorCode::kNotFound},
                    Case{0x05, "CKR_GENERAL_ERROR", Cure::kOnceMore, kUnavailable},
                    Case{0x06, "CKR_FUNCTION_FAILED", Cure::kNone, kUnavailable},
                    Case{0x70, "CKR_MECHANISM_INVALID", Cure::kNone, kUnavailable},
                    Case{0x80000001, "CKR 0x80000001", Cure::kNone, kUnavailable},
                    Case{~0UL, "CKR 0xffffffffffffffff", Cure::kNone, kUnavailable}),
    [](const auto& tried) { return std::format("{:#x}", tried.param.value); });

TEST(Pkcs11Failure, OfOurOwnIsFinal) {
  const Outcome<int> outcome = fail(ErrorCode::kClosed, "attribute: no usable length");
  EXPECT_EQ(outcome.error().cure, Cure::kNone);
  const Result<int> handed_on = outcome;
  EXPECT_EQ(handed_on.error().message, "attribute: no usable length");
}

}  // namespace
}  // namespace privyseal::pkcs11
