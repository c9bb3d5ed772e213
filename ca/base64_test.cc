#include "ca/base64.h"

#include <gtest/gtest.h>

namespace privyseal::ca {
namespace {

struct Vector {
  const char* name;
  const char* plain;
  const char* encoded;
};
class Rfc4648Vector : public testing::TestWithParam<Vector> {};
TEST_P(Rfc4648Vector, GoesBothWays) {  // RFC 4648 section 10
  const std::string lines = base64_lines(bytes_of(GetParam().plain));
  const std::string line = GetParam().encoded;
  EXPECT_EQ(lines, line.empty() ? "" : line + "\r\n");
  EXPECT_EQ(text_of(parse_base64(lines).value()), GetParam().plain);
}
INSTANTIATE_TEST_SUITE_P(, Rfc4648Vector,
                         testing::ValuesIn(std::to_array<Vector>({
                             {"Nothing", "", ""},
                             {"One", "f", "Zg=="},
                             {"Two", "fo", "Zm8="},
                             {"Three", "foo", "Zm9v"},
                             {"Four", "foob", "Zm9vYg=="},
                             {"Five", "fooba", "Zm9vYmE="},
                             {"Six", "foobar", "Zm9vYmFy"},
                         })),
                         [](const auto& c) { return std::string(c.param.name); });

TEST(Base64Lines, AreNeverLongerThan76) {
  const std::string lines = base64_lines(Bytes(58));  // one octet more than a line holds
  EXPECT_EQ(lines.find("\r\n"), 76U);
  EXPECT_TRUE(lines.ends_with("AA==\r\n"));
  EXPECT_EQ(parse_base64(lines).value(), Bytes(58));
  EXPECT_EQ(base64_lines(Bytes(57)), std::string(76, 'A') + "\r\n");
}

TEST(ParseBase64, RefusesWhatIsNotExactlyThat) {
  for (const std::string_view text : {"Z", "Zg", "Zg=", "Zg===", "=", "====", "Zm9v=", "Zg==Zg==", "Zh==",
                                      "Zm9=", "Zm9v!", "Zm-v", "Zm_v", "Zm9vY", "=Zg=", "Z=g="})
    EXPECT_FALSE(parse_base64(text)) << text;
  EXPECT_FALSE(parse_base64(std::string_view("Zm9v\0", 5)));
  EXPECT_TRUE(parse_base64(" Zm9v\r\n\tYmFy "));
}

}  // namespace
}  // namespace privyseal::ca
