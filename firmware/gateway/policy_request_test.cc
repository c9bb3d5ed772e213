#include "firmware/gateway/policy_request.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace privyseal::gateway {
namespace {

using testing::HasSubstr;

JsonObject json(std::string_view text) { return parse_json_object(text).value(); }

const std::string kHash(64, 'a');

TEST(PolicyRequest, IsReadWhole) {
  const auto part = read_policy_part(json(R"({"op":"policy-part","after":3,"content":"AP9h"})"));
  ASSERT_TRUE(part) << part.error().message;
  EXPECT_EQ(part->after, 3U);
  EXPECT_EQ(part->content, (Bytes{std::byte{0}, std::byte{255}, std::byte{'a'}}));
  EXPECT_TRUE(read_policy_part(json(R"({"after":0,"content":""})")));  // of an empty file
  const auto setting =
      read_policy_setting(json(R"({"name":"directory.csv","why":"March","sha256":")" + kHash + R"("})"));
  ASSERT_TRUE(setting) << setting.error().message;
  EXPECT_EQ(setting->name, "directory.csv");
  EXPECT_EQ(setting->why, "March");
  EXPECT_EQ(setting->sha256, kHash);
  EXPECT_EQ(read_policy_removal(json(R"({"name":"policy.toml","why":"x"})"))->name, "policy.toml");
}

struct Bad {
  const char* request;
  const char* why;
};

TEST(PolicyRequest, PartsThatMakeNoSenseAreRefused) {
  for (const auto& [request, why] : std::vector<Bad>{
           {"{}", "after"},
           {R"({"after":"0","content":""})", "after"},
           {R"({"after":0})", "content"},
           {R"({"after":0,"content":"A"})", "content"},
           {R"({"after":0,"content":"AA=="} )", ""},
           {R"({"after":0,"content":"AB=="})", "content"},
           {R"({"after":0,"content":"YQ==\n"})", "content"},
           {R"({"after":1,"content":""})", "content: must not be empty"},
           {R"({"after":-1,"content":"YQ=="})", "after: longer than"},
           {R"({"after":16777217,"content":"YQ=="})", "after: longer than"},
           {R"({"after":9223372036854775807,"content":"YQ=="})", "after: longer than"},
       }) {
    const auto part = read_policy_part(json(request));
    if (*why == '\0')
      EXPECT_TRUE(part) << request;
    else
      EXPECT_THAT(part.error_or(Error{}).message, HasSubstr(why)) << request;
  }
}

TEST(PolicyRequest, OnlyTheSixNamesComeThrough) {
  for (const std::string name :
       {"", "directory", "directory.csv ", "Directory.csv", "../line.json", "/etc/passwd", "spool",
        "policy.toml.new", "line.json", "directory.csv\\u0000"})
    EXPECT_THAT(
        read_policy_removal(json(R"({"why":"x","name":")" + name + R"("})")).error_or(Error{}).message,
        HasSubstr("must be one of policy.toml, commitments.csv"))
        << name;
  EXPECT_FALSE(read_policy_removal(json(R"({"why":"x","name":1})")));
  EXPECT_FALSE(read_policy_removal(json(R"({"why":"x"})")));
}

TEST(PolicyRequest, NeedsAReasonAndAHash) {
  for (const std::string& why : {std::string(), std::string(1001, 'x')})
    EXPECT_THAT(read_policy_removal(json(R"({"name":"policy.toml","why":")" + why + R"("})"))
                    .error_or(Error{})
                    .message,
                HasSubstr("why: must be given"));
  EXPECT_FALSE(read_policy_removal(json(R"({"name":"policy.toml"})")));
  for (const std::string& hash : {std::string(), std::string(63, 'a'), std::string(65, 'a'),
                                  std::string(64, 'A'), std::string(64, 'g')})
    EXPECT_THAT(read_policy_setting(json(R"({"name":"policy.toml","why":"x","sha256":")" + hash + R"("})"))
                    .error_or(Error{})
                    .message,
                HasSubstr("64 hexadecimal digits"))
        << hash;
  EXPECT_FALSE(read_policy_setting(json(R"({"name":"policy.toml","why":"x"})")));
  EXPECT_FALSE(read_policy_setting(json(R"({"why":"x","sha256":")" + kHash + R"("})")));
}

}  // namespace
}  // namespace privyseal::gateway
