#include "provisioning/box/settings_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "provisioning/box/test_site.h"

namespace privyseal::provisioning {
namespace {

using testing::HasSubstr;

std::string file(const std::string& path) {
  const auto site = Config::parse(test::site_text(), "provisioning file").and_then(read_site);
  const auto files = settings_files(site.value());
  const auto found = std::ranges::find(files, path, &SettingsFile::path);
  return found == files.end() ? "" : found->text;
}

TEST(SettingsFiles, GiveTheGatewayBothSides) {
  const std::string text = file("run/privyseal/gatewayd.toml");
  EXPECT_THAT(text, HasSubstr("listen = \"10.0.2.15:25\""));
  EXPECT_THAT(text, HasSubstr("identity = \"/var/lib/privyseal-renewd/identities/cjsm\""));
  EXPECT_THAT(text, HasSubstr("relay_port = 4646"));
  EXPECT_THAT(text, HasSubstr("client_names = [\"relay.cjsm.example\"]"));
  EXPECT_TRUE(Config::parse(text, "gatewayd.toml"));
}

TEST(SettingsFiles, RouteOnlyThroughTheCjsmSide) {
  EXPECT_THAT(file("run/systemd/network/20-cjsm.network"), HasSubstr("Gateway=10.0.3.2"));
  EXPECT_THAT(file("run/systemd/network/10-lan.network"), testing::Not(HasSubstr("Gateway")));
}

TEST(SettingsFiles, OpenTheFirewallForTheTwoInterfaces) {
  EXPECT_EQ(
      file("run/privyseal/interfaces.nft"),
      "add element inet privyseal lan { \"enp0s16\" }\nadd element inet privyseal cjsm { \"enp0s17\" }\n");
}

}  // namespace
}  // namespace privyseal::provisioning
