#include "firmware/policy/profile.h"

#include <gtest/gtest.h>

#include "firmware/policy/embedded_profiles.h"

namespace privyseal::policy {
namespace {

TEST(Profile, OfEachVersionIsSound) {
  for (const char* version : {"v10.2", "v9.4"}) {
    const auto profile = known_profile(version);
    ASSERT_TRUE(profile) << profile.error().message;
    EXPECT_EQ(profile->version, version);
    EXPECT_EQ(profile->marking.labels.front().text, "NOT PROTECTIVELY MARKED");  // the longest first
    EXPECT_GT(profile->marking.ceiling, 0U);
    EXPECT_TRUE(profile->bulk.front().is_prefix);
  }
  EXPECT_EQ(known_profile("v11").error().code, ErrorCode::kNotFound);
}

/// B2: letters carry the contact of their own version.
TEST(Profile, HasTheHelpdeskOfItsVersion) {
  EXPECT_TRUE(known_profile("v10.2")->helpdesk.contains("cjsm.helpdesk@egress.com"));
  EXPECT_TRUE(known_profile("v9.4")->helpdesk.contains("Hammersmith"));
}

struct Bad {
  const char* line;
  const char* instead;
  const char* message_part;
};

TEST(Profile, IsRefusedByTheNameOfWhatIsWrong) {
  for (const auto& [line, instead, message_part] : std::vector<Bad>{
           {"ceiling = \"OFFICIAL-SENSITIVE\"", "ceiling = \"SECRT\"", "marking.ceiling"},
           {"sensitive = ", "sensitve = ", "marking.sensitive"},
           {"\"SIO-Label\", ", "\"SIO Label\", ", "marking.headers"},
           {"\"List-*\"", "\": x\"", "automated.bulk"},
           {"default_header = \"SIO-Label\"", "default_header = \"a: b\"", "marking.default_header"},
           {"version = ", "colour = \"red\"\nversion = ", "colour"},
       }) {
    std::string text(kProfileV102);
    const auto at = text.find(line);
    ASSERT_NE(at, std::string::npos) << line;
    const auto profile = parse_profile(text.replace(at, std::string_view(line).size(), instead), "p");
    ASSERT_FALSE(profile) << line;
    EXPECT_EQ(profile.error().code, ErrorCode::kInvalid);
    EXPECT_TRUE(profile.error().message.contains(message_part)) << profile.error().message;
  }
}

}  // namespace
}  // namespace privyseal::policy
