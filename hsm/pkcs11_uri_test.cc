#include "hsm/pkcs11_uri.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace privyseal::pkcs11 {
namespace {

struct GoodToken {
  std::string name;
  std::string text;
  TokenUri uri;
};

TokenName token(std::string label, std::string serial = "") {
  TokenName name;
  name.label = std::move(label);
  name.serial = std::move(serial);
  return name;
}

class TokenUriGood : public testing::TestWithParam<GoodToken> {};

TEST_P(TokenUriGood, NamesTheToken) {
  const auto uri = parse_token_uri(GetParam().text);
  ASSERT_TRUE(uri) << uri.error().message;
  EXPECT_EQ(*uri, GetParam().uri);
}

INSTANTIATE_TEST_SUITE_P(
    , TokenUriGood,
    testing::Values(
        GoodToken{"Label", "pkcs11:token=privyseal", {.token = token("privyseal"), .module_path = ""}},
        GoodToken{"All",
                  "pkcs11:token=t;manufacturer=m;model=o;serial=0a1b?module-path=/usr/lib/x.so",
                  {.token = {.label = "t", .manufacturer = "m", .model = "o", .serial = "0a1b"},
                   .module_path = "/usr/lib/x.so"}},
        GoodToken{"SchemeInCapitals", "PKCS11:token=t", {.token = token("t"), .module_path = ""}},
        GoodToken{"AnyOrder", "pkcs11:serial=1;token=t", {.token = token("t", "1"), .module_path = ""}},
        GoodToken{
            "Encoded", "pkcs11:token=My%20token%3b%25", {.token = token("My token;%"), .module_path = ""}},
        GoodToken{"Utf8", "pkcs11:token=%c3%a9", {.token = token("\xc3\xa9"), .module_path = ""}},
        GoodToken{"EqualsInAValue", "pkcs11:token=a=b&c", {.token = token("a=b&c"), .module_path = ""}},
        GoodToken{"WholeLabel",
                  "pkcs11:token=" + std::string(32, 'x'),
                  {.token = token(std::string(32, 'x')), .module_path = ""}},
        GoodToken{"EncodedPath",
                  "pkcs11:token=t?module-path=%2Fa%20b",
                  {.token = token("t"), .module_path = "/a b"}}),
    [](const auto& tried) { return tried.param.name; });

struct BadToken {
  std::string name;
  std::string text;
  std::string why;
};

class TokenUriBad : public testing::TestWithParam<BadToken> {};

TEST_P(TokenUriBad, IsRefused) {
  const auto uri = parse_token_uri(GetParam().text);
  ASSERT_FALSE(uri);
  EXPECT_EQ(uri.error().code, ErrorCode::kInvalid);
  EXPECT_THAT(uri.error().message, testing::HasSubstr(GetParam().why));
  EXPECT_THAT(uri.error().message, testing::Not(testing::HasSubstr("1234"))) << "a PIN is in no error";
}

INSTANTIATE_TEST_SUITE_P(
    , TokenUriBad,
    testing::Values(BadToken{"Empty", "", "does not begin"},
                    BadToken{"OtherScheme", "file:token=t", "does not begin"},
                    BadToken{"NoAttribute", "pkcs11:", "no '='"},
                    BadToken{"NoValue", "pkcs11:token=", "no usable value"},
                    BadToken{"NoEquals", "pkcs11:token", "no '='"},
                    BadToken{"TrailingSeparator", "pkcs11:token=t;", "no '='"},
                    BadToken{"DoubleSeparator", "pkcs11:token=t;;serial=1", "no '='"},
                    BadToken{"EmptyQuery", "pkcs11:token=t?", "no '='"},
                    BadToken{"Twice", "pkcs11:token=t;token=u", "twice"},
                    BadToken{"PathTwice", "pkcs11:token=t?module-path=/a&module-path=/b", "twice"},
                    BadToken{"LabelTooLong", "pkcs11:token=" + std::string(33, 'x'), "no usable value"},
                    BadToken{"SerialTooLong", "pkcs11:serial=" + std::string(17, '1'), "no usable value"},
                    BadToken{"PinValue", "pkcs11:token=t?pin-value=1234", "must not say a PIN"},
                    BadToken{"PinValueInThePath", "pkcs11:token=t;pin-value=1234", "only token"},
                    BadToken{"PinSource", "pkcs11:token=t?pin-source=file:/pin", "must not say a PIN"},
                    BadToken{"EncodedNulInThePath", "pkcs11:token=t?module-path=/a%00", "absolute"},
                    BadToken{"PinBesideThePath", "pkcs11:token=t?module-path=/m.so&pin-value=1234", "a PIN"},
                    BadToken{"Object", "pkcs11:token=t;object=key", "only token"},
                    BadToken{"SlotNumber", "pkcs11:slot-id=0", "only token"},
                    BadToken{"Vendor", "pkcs11:token=t;x-vendor=1", "only token"},
                    BadToken{"ModuleName", "pkcs11:token=t?module-name=softhsm2", "only module-path"},
                    BadToken{"RelativePath", "pkcs11:token=t?module-path=m.so", "absolute"},
                    BadToken{"Blank", "pkcs11:token=my token", "no usable value"},
                    BadToken{"LineEnd", "pkcs11:token=t\n", "no usable value"},
                    BadToken{"Slash", "pkcs11:token=a/b", "no usable value"},
                    BadToken{"HalfEncoding", "pkcs11:token=a%2", "no usable value"},
                    BadToken{"NoHexadecimal", "pkcs11:token=a%zz", "no usable value"},
                    BadToken{"EncodedNul", "pkcs11:token=a%00", "no usable value"},
                    BadToken{"EncodedLineEnd", "pkcs11:token=a%0a", "no usable value"},
                    BadToken{"RawUtf8", "pkcs11:token=\xc3\xa9", "no usable value"},
                    BadToken{"Fragment", "pkcs11:token=t#x", "no usable value"},
                    BadToken{"TooLong", "pkcs11:token=t?module-path=/" + std::string(1024, 'x'), "too long"}),
    [](const auto& tried) { return tried.param.name; });

struct GoodKey {
  const char* name;
  std::string_view uri;
  KeyUri means;
};

class KeyUriGood : public testing::TestWithParam<GoodKey> {};
TEST_P(KeyUriGood, NamesAKey) { EXPECT_EQ(parse_key_uri(GetParam().uri), GetParam().means); }
INSTANTIATE_TEST_SUITE_P(
    , KeyUriGood,
    testing::Values(GoodKey{"Object", "pkcs11:object=gateway", {"gateway", {}}},
                    GoodKey{"Id", "pkcs11:id=%01%ff%2F", {{}, "\x01\xff/"}},
                    GoodKey{"PlainId", "pkcs11:id=ab", {{}, "ab"}},
                    GoodKey{"Both", "pkcs11:id=%00;object=a", {"a", std::string(1, '\0')}},
                    GoodKey{"Type", "pkcs11:object=a;type=private", {"a", {}}},
                    GoodKey{"TypeOfThePublicHalf", "pkcs11:type=public;object=a", {"a", {}}},
                    GoodKey{"SchemeInCapitals", "PKCS11:object=a", {"a", {}}},
                    GoodKey{"WholeLabel",
                            "pkcs11:object=privyseal:cjsm-identity:gateway",
                            {"privyseal:cjsm-identity:gateway", {}}},
                    GoodKey{"EncodedLabel",
                            "pkcs11:object=privyseal%3Acjsm-identity%3agateway",
                            {"privyseal:cjsm-identity:gateway", {}}},
                    GoodKey{"Ampersand", "pkcs11:object=a&b", {"a&b", {}}}),
    [](const auto& c) { return std::string(c.param.name); });

struct BadKey {
  const char* name;
  std::string_view uri;
  ErrorCode code = ErrorCode::kInvalid;
};

class KeyUriBad : public testing::TestWithParam<BadKey> {};
TEST_P(KeyUriBad, IsRefused) {
  const auto parsed = parse_key_uri(GetParam().uri);
  ASSERT_FALSE(parsed);
  EXPECT_EQ(parsed.error().code, GetParam().code);
  EXPECT_THAT(parsed.error().message, testing::Not(testing::HasSubstr("1234")));
}
INSTANTIATE_TEST_SUITE_P(
    , KeyUriBad,
    testing::Values(
        BadKey{"Empty", ""}, BadKey{"SchemeAlone", "pkcs11:"}, BadKey{"OtherScheme", "keyd:object=a"},
        BadKey{"NoValue", "pkcs11:object"}, BadKey{"EmptyObject", "pkcs11:object="},
        BadKey{"EmptyId", "pkcs11:id="}, BadKey{"ObjectTwice", "pkcs11:object=a;object=a"},
        BadKey{"IdTwice", "pkcs11:id=a;id=b"},
        BadKey{"TypeTwice", "pkcs11:object=a;type=private;type=private"},
        BadKey{"OtherType", "pkcs11:object=a;type=cert"}, BadKey{"TypeAlone", "pkcs11:type=private"},
        BadKey{"OtherToken", "pkcs11:token=mine;object=a"}, BadKey{"Slot", "pkcs11:slot-id=1;object=a"},
        BadKey{"Unknown", "pkcs11:object=a;x-vendor=b"}, BadKey{"NameInCapitals", "pkcs11:Object=a"},
        BadKey{"TrailingSemicolon", "pkcs11:object=a;"}, BadKey{"EncodingCutShort", "pkcs11:object=a%4"},
        BadKey{"PercentAlone", "pkcs11:object=%"}, BadKey{"BadHex", "pkcs11:object=%zz"},
        BadKey{"EncodedNul", "pkcs11:object=a%00"}, BadKey{"EncodedLineEnd", "pkcs11:object=a%0a"},
        BadKey{"Blank", "pkcs11:object=a b"}, BadKey{"Slash", "pkcs11:object=a/b"},
        BadKey{"HighByte", "pkcs11:object=\xc3\xa4"},
        BadKey{"PinValue", "pkcs11:object=a?pin-value=1234", ErrorCode::kDenied},
        BadKey{"PinSource", "pkcs11:object=a?pin-source=file:/1234", ErrorCode::kDenied},
        BadKey{"PinInThePath", "pkcs11:object=a;pin-value=1234", ErrorCode::kDenied},
        BadKey{"PinInCapitals", "pkcs11:object=a;PIN-VALUE=1234", ErrorCode::kDenied},
        BadKey{"ModulePath", "pkcs11:object=a?module-path=/tmp/1234.so", ErrorCode::kDenied},
        BadKey{"PinInABadUri", "pkcs11:???pin-value=1234", ErrorCode::kDenied}),
    [](const auto& c) { return std::string(c.param.name); });

TEST(KeyUri, IsRefusedWhenItIsTooLong) {
  const std::string head = "pkcs11:object=a;id=";
  const auto encoded = [](std::size_t bytes) {
    std::string text;
    while (text.size() < 3 * bytes) text += "%41";
    return text;
  };
  EXPECT_TRUE(parse_key_uri(head + encoded(255)));
  EXPECT_FALSE(parse_key_uri(head + encoded(256)));
  EXPECT_FALSE(parse_key_uri("pkcs11:id=" + encoded(400)));
}

TEST(TokenName, IsReadable) { EXPECT_EQ(to_text(token("t", "1")), "labelled t, with serial number 1"); }

}  // namespace
}  // namespace privyseal::pkcs11
