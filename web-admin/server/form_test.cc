#include "web-admin/server/form.h"

#include <gtest/gtest.h>

namespace privyseal::web {
namespace {

TEST(Form, UrlencodedFieldsAreUnescaped) {
  const auto fields = parse_urlencoded("text=a%40b.uk+c&empty=&flag&utf8=%C3%A9");
  ASSERT_TRUE(fields);
  EXPECT_EQ(fields->text("text"), "a@b.uk c");
  EXPECT_EQ(fields->text("empty"), "");
  EXPECT_TRUE(fields->has("flag"));
  EXPECT_EQ(fields->text("utf8"), "\xC3\xA9");
  EXPECT_EQ(fields->text("missing"), "");
  EXPECT_EQ(parse_urlencoded("")->size(), 0U);
}

struct BadForm {
  const char* name;
  std::string_view text;
};
class BadUrlencoded : public testing::TestWithParam<BadForm> {};
TEST_P(BadUrlencoded, IsRefusedAsAWhole) { EXPECT_FALSE(parse_urlencoded(GetParam().text)); }
INSTANTIATE_TEST_SUITE_P(, BadUrlencoded,
                         testing::ValuesIn(std::to_array<BadForm>({
                             {"NameTwice", "a=1&a=2"},
                             {"NoName", "=1"},
                             {"CutEscape", "a=%4"},
                             {"CutEscapeAtEnd", "a=%"},
                             {"NoHexadecimal", "a=%zz"},
                             {"NulByte", "a=%00"},
                             {"ControlByte", "a=%1b"},
                             {"NotUtf8", "a=%ff"},
                             {"OverlongUtf8", "a=%c0%af"},
                             {"Surrogate", "a=%ed%a0%80"},
                             {"CutUtf8", "a=%e2%82"},
                         })),
                         [](const auto& c) { return std::string(c.param.name); });

TEST(Form, HasABoundOnItsFields) {
  std::string text;
  for (std::size_t i = 0; i <= kMaxFields; ++i) text += "f" + std::to_string(i) + "=&";
  EXPECT_FALSE(parse_urlencoded(text));
}

constexpr std::string_view kType = "multipart/form-data; boundary=XX";

TEST(Form, MultipartFieldsAndFilesAreFields) {
  const auto fields =
      parse_multipart(kType,
                      "--XX\r\nContent-Disposition: form-data; name=\"csrf\"\r\n\r\ntoken\r\n"
                      "--XX\r\nContent-Disposition: form-data; name=\"file\"; filename=\"c.pem\"\r\n"
                      "Content-Type: application/x-pem-file\r\n\r\n-----BEGIN\r\nAA--XX\r\n\r\n"
                      "--XX--\r\n");
  ASSERT_TRUE(fields);
  EXPECT_EQ(fields->text("csrf"), "token");
  EXPECT_EQ(fields->text("file"), "-----BEGIN\r\nAA--XX");
}

class BadMultipart : public testing::TestWithParam<BadForm> {};
TEST_P(BadMultipart, IsRefusedAsAWhole) { EXPECT_FALSE(parse_multipart(kType, GetParam().text)); }
INSTANTIATE_TEST_SUITE_P(, BadMultipart,
                         testing::ValuesIn(std::to_array<BadForm>({
                             {"Empty", ""},
                             {"OtherBoundary", "--YY\r\n"},
                             {"NoEnd", "--XX\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nx"},
                             {"NoHeaders", "--XX\r\nx\r\n--XX--"},
                             {"NoName", "--XX\r\nContent-Disposition: form-data\r\n\r\nx\r\n--XX--"},
                             {"NoBlankLine", "--XX\r\nContent-Disposition: form-data; name=\"a\"\r\n--XX--"},
                             {"Binary",
                              "--XX\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n\xff\r\n--XX--"},
                         })),
                         [](const auto& c) { return std::string(c.param.name); });

TEST(Form, MultipartNeedsItsBoundary) {
  EXPECT_FALSE(parse_multipart("multipart/form-data", "--XX--"));
  EXPECT_FALSE(parse_multipart("multipart/form-data; boundary=", "----"));
  EXPECT_FALSE(parse_multipart("multipart/mixed; boundary=XX", "--XX--"));
}

TEST(Form, EscapesWhatAQueryMayNotHold) { EXPECT_EQ(url_escaped("a b&c=\xC3\xA9"), "a%20b%26c%3D%C3%A9"); }

}  // namespace
}  // namespace privyseal::web
