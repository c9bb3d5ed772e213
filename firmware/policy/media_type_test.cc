#include "firmware/policy/media_type.h"

#include <gmock/gmock.h>

namespace privyseal::policy {
namespace {

/// As the table tells it: "name|parameter=value|...", or "none".
std::string shown(std::string_view value) {
  const auto type = parse_media_type(value);
  if (!type) return "none";
  std::string text = type->name;
  for (const auto& parameter : type->parameters) text += "|" + parameter.name + "=" + parameter.value;
  return text;
}

TEST(MediaType, IsTakenApart) {
  const std::vector<std::pair<std::string, std::string>> rows{
      {"text/plain", "text/plain"},
      {" TEXT/Plain ", "text/plain"},
      {"text/plain; charset=UTF-8", "text/plain|charset=UTF-8"},
      {"text/plain;charset=\"us-ascii\" ; Format=flowed;", "text/plain|charset=us-ascii|format=flowed"},
      {"text/plain; charset = utf-8", "text/plain|charset=utf-8"},
      {"multipart/mixed;\tboundary=\"a b\\\"c\"", "multipart/mixed|boundary=a b\"c"},
      {"multipart/mixed; boundary=\"=?utf-8?Q?x?=\"", "multipart/mixed|boundary==?utf-8?Q?x?="},
      {"attachment; filename*=utf-8''a", "attachment|filename*=utf-8''a"},
      {"inline", "inline"},
      {"", "none"},
      {";", "none"},
      {"text/", "none"},
      {"/plain", "none"},
      {"text/plain/x", "none"},
      {"text plain", "none"},
      {"text/plain charset=utf-8", "none"},
      {"text/plain; charset", "none"},
      {"text/plain; charset=", "none"},
      {"text/plain; =utf-8", "none"},
      {"text/plain;; charset=utf-8", "none"},
      {"text/plain (a comment)", "none"},
      {"text/plain; charset=utf-8 (a comment)", "none"},
      {"multipart/mixed; boundary=a=b", "none"},
      {"multipart/mixed; boundary=\"open", "none"},
      {"multipart/mixed; boundary=\"open\\\"", "none"},
      {"multipart/mixed; boundary=a; Boundary=b", "none"},
      {"text/plain; charset=\xC3\xA9", "none"},
  };
  for (const auto& [value, expected] : rows) EXPECT_EQ(shown(value), expected) << value;
}

/// Each name is compared with all before it.
TEST(MediaType, HasNoMoreParametersThanAnybodyNeeds) {
  std::string value = "text/plain";
  for (int i = 0; i < 64; ++i) value += "; a" + std::to_string(i) + "=b";
  EXPECT_EQ(parse_media_type(value).value_or(MediaType{}).parameters.size(), 64U);
  EXPECT_FALSE(parse_media_type(value + "; c=d"));
}

TEST(MediaType, TellsOfAParameterInPieces) {
  const auto parsed = parse_media_type("multipart/mixed; boundary*0=a; boundary*1=b; name=c");
  const MediaType type = parsed.value_or(MediaType{});
  EXPECT_TRUE(type.has("boundary"));
  EXPECT_EQ(type.find("boundary"), nullptr);
  EXPECT_TRUE(type.has("name"));
  EXPECT_FALSE(type.has("nam"));
  EXPECT_FALSE(type.has("filename"));
}

}  // namespace
}  // namespace privyseal::policy
