#include "hsm/pkcs11/uri.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace privyseal::pkcs11 {
namespace {

struct Good {
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

class TokenUriGood : public testing::TestWithParam<Good> {};

TEST_P(TokenUriGood, NamesTheToken) {
  const auto uri = parse_token_uri(GetParam().text);
  ASSERT_TRUE(uri) << uri.error().message;
  EXPECT_EQ(*uri, GetParam().uri);
}

INSTANTIATE_TEST_SUITE_P(
    , TokenUriGood,
    testing::Values(
        Good{"Label", "pkcs11:token=privyseal", {.token = token("privyseal"), .module_path = ""}},
        Good{"All",
             "pkcs11:token=t;manufacturer=m;model=o;serial=0a1b?module-path=/usr/lib/x.so",
             {.token = {.label = "t", .manufacturer = "m", .model = "o", .serial = "0a1b"},
              .module_path = "/usr/lib/x.so"}},
        Good{"AnyOrder", "pkcs11:serial=1;token=t", {.token = token("t", "1"), .module_path = ""}},
        Good{"Encoded", "pkcs11:token=My%20token%3b%25", {.token = token("My token;%"), .module_path = ""}},
        Good{"Utf8", "pkcs11:token=%c3%a9", {.token = token("\xc3\xa9"), .module_path = ""}},
        Good{"EqualsInAValue", "pkcs11:token=a=b&c", {.token = token("a=b&c"), .module_path = ""}},
        Good{"WholeLabel",
             "pkcs11:token=" + std::string(32, 'x'),
             {.token = token(std::string(32, 'x')), .module_path = ""}},
        Good{"EncodedPath",
             "pkcs11:token=t?module-path=%2Fa%20b",
             {.token = token("t"), .module_path = "/a b"}}),
    [](const auto& tried) { return tried.param.name; });

struct Bad {
  std::string name;
  std::string text;
  std::string why;
};

class TokenUriBad : public testing::TestWithParam<Bad> {};

TEST_P(TokenUriBad, IsRefused) {
  const auto uri = parse_token_uri(GetParam().text);
  ASSERT_FALSE(uri);
  EXPECT_EQ(uri.error().code, ErrorCode::kInvalid);
  EXPECT_THAT(uri.error().message, testing::HasSubstr(GetParam().why));
  EXPECT_THAT(uri.error().message, testing::Not(testing::HasSubstr("1234"))) << "a PIN is in no error";
}

INSTANTIATE_TEST_SUITE_P(
    , TokenUriBad,
    testing::Values(
        Bad{"Empty", "", "does not begin"}, Bad{"OtherScheme", "file:token=t", "does not begin"},
        Bad{"UpperCaseScheme", "PKCS11:token=t", "does not begin"}, Bad{"NoAttribute", "pkcs11:", "no '='"},
        Bad{"NoValue", "pkcs11:token=", "no usable value"}, Bad{"NoEquals", "pkcs11:token", "no '='"},
        Bad{"TrailingSeparator", "pkcs11:token=t;", "no '='"},
        Bad{"DoubleSeparator", "pkcs11:token=t;;serial=1", "no '='"},
        Bad{"EmptyQuery", "pkcs11:token=t?", "no '='"}, Bad{"Twice", "pkcs11:token=t;token=u", "twice"},
        Bad{"PathTwice", "pkcs11:token=t?module-path=/a&module-path=/b", "twice"},
        Bad{"LabelTooLong", "pkcs11:token=" + std::string(33, 'x'), "no usable value"},
        Bad{"SerialTooLong", "pkcs11:serial=" + std::string(17, '1'), "no usable value"},
        Bad{"PinValue", "pkcs11:token=t?pin-value=1234", "must not say a PIN"},
        Bad{"PinValueInThePath", "pkcs11:token=t;pin-value=1234", "only token"},
        Bad{"PinSource", "pkcs11:token=t?pin-source=file:/pin", "must not say a PIN"},
        Bad{"PinBesideThePath", "pkcs11:token=t?module-path=/m.so&pin-value=1234", "a PIN"},
        Bad{"Object", "pkcs11:token=t;object=key", "only token"},
        Bad{"SlotNumber", "pkcs11:slot-id=0", "only token"},
        Bad{"Vendor", "pkcs11:token=t;x-vendor=1", "only token"},
        Bad{"ModuleName", "pkcs11:token=t?module-name=softhsm2", "only module-path"},
        Bad{"RelativePath", "pkcs11:token=t?module-path=m.so", "absolute"},
        Bad{"Blank", "pkcs11:token=my token", "no usable value"},
        Bad{"LineEnd", "pkcs11:token=t\n", "no usable value"},
        Bad{"Slash", "pkcs11:token=a/b", "no usable value"},
        Bad{"HalfEncoding", "pkcs11:token=a%2", "no usable value"},
        Bad{"NoHexadecimal", "pkcs11:token=a%zz", "no usable value"},
        Bad{"EncodedNul", "pkcs11:token=a%00", "no usable value"},
        Bad{"EncodedLineEnd", "pkcs11:token=a%0a", "no usable value"},
        Bad{"RawUtf8", "pkcs11:token=\xc3\xa9", "no usable value"},
        Bad{"Fragment", "pkcs11:token=t#x", "no usable value"},
        Bad{"TooLong", "pkcs11:token=t?module-path=/" + std::string(1024, 'x'), "too long"}),
    [](const auto& tried) { return tried.param.name; });

TEST(TokenName, IsReadable) { EXPECT_EQ(to_text(token("t", "1")), "labelled t, with serial number 1"); }

}  // namespace
}  // namespace privyseal::pkcs11
