#include "hsm/keyd/checkpoint.h"

#include <gtest/gtest.h>

namespace privyseal::keyd {
namespace {

// Base64 of 32 bytes 0x41 and 0x42.
const std::string kRoot = "QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE=";
const std::string kGood = "gateway.lawfirm.example/gatewayd\n1234\n" + kRoot + "\n";

TEST(CheckpointToSign, PassesInItsExactForm) {
  const auto checkpoint = check_checkpoint(kGood);
  ASSERT_TRUE(checkpoint) << checkpoint.error().message;
  EXPECT_EQ(checkpoint->origin, "gateway.lawfirm.example/gatewayd");
  EXPECT_EQ(checkpoint->size, 1234);
  EXPECT_EQ(checkpoint->root[31], std::byte{'A'});
  for (const std::string log : {"keyd", "gatewayd", "renewd", "admind", "pack"})
    EXPECT_TRUE(check_checkpoint("h/" + log + "\n1\n" + kRoot + "\n")) << log;
}

struct Case {
  const char* name;
  std::string text;
};

class RefusedCheckpoint : public testing::TestWithParam<Case> {};
TEST_P(RefusedCheckpoint, IsInvalid) {
  const auto checkpoint = check_checkpoint(GetParam().text);
  ASSERT_FALSE(checkpoint);
  EXPECT_EQ(checkpoint.error().code, ErrorCode::kInvalid);
}
INSTANTIATE_TEST_SUITE_P(
    , RefusedCheckpoint,
    testing::ValuesIn(std::vector<Case>{
        {"Empty", ""},
        {"NoEnd", kGood.substr(0, kGood.size() - 1)},
        {"OneMoreLine", kGood + "extension\n"},
        {"OneEmptyLineMore", kGood + "\n"},
        {"ASignedNote", kGood + "\n\xe2\x80\x94 gateway.lawfirm.example/gatewayd AAAA\n"},
        {"CarriageReturns", "h/keyd\r\n1\r\n" + kRoot + "\r\n"},
        {"NoSize", "h/keyd\n" + kRoot + "\n"},
        {"SizeZero", "h/keyd\n0\n" + kRoot + "\n"},
        {"SizeWithLeadingZero", "h/keyd\n01\n" + kRoot + "\n"},
        {"SizeNegative", "h/keyd\n-1\n" + kRoot + "\n"},
        {"SizeWithSign", "h/keyd\n+1\n" + kRoot + "\n"},
        {"SizeBeyondADatabase", "h/keyd\n9223372036854775808\n" + kRoot + "\n"},
        {"RootTooShort", "h/keyd\n1\nQUFB\n"},
        {"RootIsNoBase64", "h/keyd\n1\n" + std::string(44, '*') + "\n"},
        {"RootWithStrayBits", "h/keyd\n1\n" + kRoot.substr(0, 42) + "F=\n"},
        {"NoDaemon", "gateway.lawfirm.example\n1\n" + kRoot + "\n"},
        {"EmptyDaemon", "h/\n1\n" + kRoot + "\n"},
        {"ForeignDaemon", "h/postfix\n1\n" + kRoot + "\n"},
        {"UpperCaseDaemon", "h/Keyd\n1\n" + kRoot + "\n"},
        {"TwoSlashes", "h/x/keyd\n1\n" + kRoot + "\n"},
        {"NoHost", "/keyd\n1\n" + kRoot + "\n"},
        {"HostBeginsWithADot", ".h/keyd\n1\n" + kRoot + "\n"},
        {"HostWithUnderscore", "a_b/keyd\n1\n" + kRoot + "\n"},
        {"HostWithABlank", "a b/keyd\n1\n" + kRoot + "\n"},
        {"HostTooLong", std::string(254, 'h') + "/keyd\n1\n" + kRoot + "\n"},
        {"CertificateVerify", std::string(64, ' ') + "TLS 1.3, client CertificateVerify"},
    }),
    [](const auto& c) { return std::string(c.param.name); });

TEST(CheckpointToSign, NeverTakesAnEarlierOneBack) {
  const auto at = [](std::uint64_t size, char root) {
    audit::Checkpoint checkpoint{.origin = "h/keyd", .size = size};
    checkpoint.root.fill(static_cast<std::byte>(root));
    return checkpoint;
  };
  EXPECT_TRUE(check_grows(at(7, 'a'), at(8, 'b')));
  EXPECT_TRUE(check_grows(at(7, 'a'), at(7, 'a')));
  EXPECT_EQ(check_grows(at(7, 'a'), at(6, 'a')).error().code, ErrorCode::kConflict);
  EXPECT_EQ(check_grows(at(7, 'a'), at(7, 'b')).error().code, ErrorCode::kConflict);
}

}  // namespace
}  // namespace privyseal::keyd
