#include "hsm/provider/key_uri.h"

#include <gtest/gtest.h>

namespace privyseal::hsm::provider {
namespace {

TEST(KeyUri, NamesAKey) {
  const auto named = [](const char* name) { return KeyAddress{.name = name, .id = {}, .label = {}}; };
  EXPECT_EQ(parse_key_uri("keyd://gateway"), named("gateway"));
  EXPECT_EQ(parse_key_uri("keyd:gateway"), named("gateway"));
  EXPECT_EQ(parse_key_uri("KEYD:gateway"), named("gateway"));
  EXPECT_EQ(parse_key_uri("pkcs11:object=gateway"), named("gateway"));
  EXPECT_EQ(parse_key_uri("pkcs11:object=privyseal:cjsm-identity:gateway"),
            (KeyAddress{.name = "gateway", .id = {}, .label = "privyseal:cjsm-identity:gateway"}));
  EXPECT_EQ(parse_key_uri("pkcs11:id=%01"), (KeyAddress{.name = {}, .id = Bytes{std::byte{1}}, .label = {}}));
}

TEST(KeyUri, IsRefusedOtherwise) {
  for (const char* uri : {"", "gateway", "keyd", "keyd:", "keyd://", "keyd:///gateway", "keyd:Gateway",
                          "keyd://a/b", "file:gateway", "pkcs11:", "pkcs11:object=A", "pkcs11:object=a;id=b",
                          "pkcs11:type=private", "pkcs11:object=privyseal:", "pkcs11:object=a?pin-value=1"})
    EXPECT_FALSE(parse_key_uri(uri)) << uri;
}

struct Case {
  const char* name;
  std::string_view text;
  std::optional<std::string> uri;
};

class UriInPem : public testing::TestWithParam<Case> {};
TEST_P(UriInPem, IsReadFromOneSpellingOnly) { EXPECT_EQ(uri_in_pem(GetParam().text), GetParam().uri); }

#define BEGIN "-----BEGIN PRIVYSEAL KEY URI-----\n"
#define END "-----END PRIVYSEAL KEY URI-----\n"
INSTANTIATE_TEST_SUITE_P(
    , UriInPem,
    testing::Values(
        Case{"NoPadding", BEGIN "a2V5ZDphYmNk\n" END, "keyd:abcd"},
        Case{"OnePad", BEGIN "a2V5ZDphYmM=\n" END, "keyd:abc"},
        Case{"TwoPads", BEGIN "a2V5ZDphYg==\n" END, "keyd:ab"},
        Case{"TwoLines", BEGIN "a2V5\nZDph\r\nYg==\n" END, "keyd:ab"},
        Case{"WordsInFront", "the gateway's key\n" BEGIN "a2V5ZDphYg==\n" END, "keyd:ab"},
        Case{"Empty", "", {}}, Case{"NoEnd", BEGIN "a2V5ZDphYg==\n", {}}, Case{"BeginAlone", BEGIN, {}},
        Case{"AnotherLabel", "-----BEGIN PRIVATE KEY-----\na2V5ZDphYg==\n-----END PRIVATE KEY-----\n", {}},
        Case{"BehindACertificate",
             "-----BEGIN CERTIFICATE-----\nMAAA\n-----END CERTIFICATE-----\n" BEGIN "a2V5ZDphYg==\n" END,
             {}},
        Case{"BadDigit", BEGIN "a2V5ZDphY?==\n" END, {}}, Case{"CutShort", BEGIN "a2V5ZDphYg=\n" END, {}},
        Case{"PadInside", BEGIN "a2V5ZD==phYg\n" END, {}}, Case{"PadsOnly", BEGIN "====\n" END, {}},
        Case{"BitsBehind", BEGIN "a2V5ZDphYh==\n" END, {}}, Case{"Nothing", BEGIN END, ""}),
    [](const auto& c) { return std::string(c.param.name); });

}  // namespace
}  // namespace privyseal::hsm::provider
