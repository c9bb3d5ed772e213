#include "ca/authority/profile.h"

#include <gtest/gtest.h>

namespace privyseal::authority {
namespace {

TEST(FindProfile, KnowsThoseOfTheTableAndNoOther) {
  for (const char* name :
       {"smtp-listener", "mail-server", "web-admin", "admin-client", "egress-gateway", "egress-relay"})
    ASSERT_NE(find_profile(name), nullptr) << name;
  for (const char* name : {"", "smtp", "SMTP-LISTENER", "smtp-listener ", "ca"})
    EXPECT_EQ(find_profile(name), nullptr) << name;
}

TEST(Profiles, GiveEachOneTheUsesThatItNeeds) {
  EXPECT_TRUE(find_profile("smtp-listener")->server);
  EXPECT_FALSE(find_profile("smtp-listener")->client);
  EXPECT_FALSE(find_profile("admin-client")->server);
  EXPECT_TRUE(find_profile("egress-gateway")->server && find_profile("egress-gateway")->client);
  for (const Profile& profile : profiles()) EXPECT_LE(profile.life, std::chrono::days{398}) << profile.name;
}

TEST(IsAtOrBelow, TakesWholeLabels) {
  EXPECT_TRUE(is_at_or_below("lawfirm.example", "lawfirm.example"));
  EXPECT_TRUE(is_at_or_below("Mail.LawFirm.example", "lawfirm.EXAMPLE"));
  EXPECT_TRUE(is_at_or_below("a.b.lawfirm.example", "lawfirm.example"));
  for (const char* name :
       {"evillawfirm.example", "lawfirm.example.evil", "example", "", ".lawfirm.example", "*.lawfirm.example",
        "lawfirm.example.", "a..lawfirm.example", "a b.lawfirm.example"})
    EXPECT_FALSE(is_at_or_below(name, "lawfirm.example")) << name;
  EXPECT_FALSE(is_at_or_below("lawfirm.example", ""));
  EXPECT_FALSE(is_at_or_below("lawfirm.example", ".example"));
}

}  // namespace
}  // namespace privyseal::authority
