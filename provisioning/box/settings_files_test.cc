#include "provisioning/box/settings_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "provisioning/box/test_site.h"

namespace privyseal::provisioning {
namespace {

using testing::HasSubstr;

std::string file(const std::string& path, const std::string& further = "") {
  const auto site = Config::parse(test::site_text() + further, "provisioning file").and_then(read_site);
  const auto files = settings_files(site.value());
  const auto found = std::ranges::find(files, path, &SettingsFile::path);
  return found == files.end() ? "" : found->text;
}

TEST(SettingsFiles, LeaveTheRequestToAPersonWithoutAnEnrolmentServer) {
  EXPECT_THAT(file("run/privyseal/renewd.toml"), HasSubstr("issuer = \"manual\""));
  EXPECT_EQ(file("run/privyseal/est-password"), "");
}

TEST(SettingsFiles, KeepTheEnrolmentPasswordOutOfTheSettings) {
  EXPECT_EQ(file("run/privyseal/est-password", test::est_text()), "once\n");
  EXPECT_THAT(file("run/privyseal/renewd.toml", test::est_text()), testing::Not(HasSubstr("once")));
}

TEST(SettingsFiles, LeadTheDoorsInRenewdsNetworkToOnePlaceEach) {
  EXPECT_EQ(file("run/privyseal/out-relay.env"), "TO=10.0.3.2:4646\n");
  EXPECT_EQ(file("run/privyseal/out-est.env", test::est_text()), "TO=10.0.3.2:8085\n");
}

TEST(SettingsFiles, NameFurtherHopsAndTlsFromTheStartWhereTheSiteDoes) {
  for (const char* path : {"run/privyseal/gatewayd.toml", "run/privyseal/renewd.toml"})
    EXPECT_THAT(file(path), testing::Not(testing::AnyOf(HasSubstr("implicit"), HasSubstr("further_"),
                                                        HasSubstr("hybrid"))));
  std::string text = test::site_text();
  text.insert(text.find("relay_port"),
              "hybrid = false\nrelay_tls = \"implicit\"\nfurther_relays = [\"10.0.3.3:25 = r2.example\"]\n");
  const auto files = settings_files(Config::parse(text, "provisioning file").and_then(read_site).value());
  const auto text_of = [&](const std::string& path) {
    return std::ranges::find(files, path, &SettingsFile::path)->text;
  };
  EXPECT_THAT(
      text_of("run/privyseal/gatewayd.toml"),
      HasSubstr(
          "relay_tls = \"implicit\"\nhybrid = false\nfurther_relays = [\"10.0.3.3:25 = r2.example\"]\n"));
  EXPECT_THAT(text_of("run/privyseal/renewd.toml"),
              HasSubstr("probe_tls = \"implicit\"\nprobe_hybrid = false\n"));
}

TEST(SettingsFiles, ExceptOldMailServersOnlyWhereTheSiteDoes) {
  for (const char* path : {"run/privyseal/gatewayd.toml", "run/privyseal/keyd.toml"})
    EXPECT_THAT(file(path), testing::Not(HasSubstr("tls12_exception")));
  const std::string start = "[lan.tls12_exception]\nreason = \"Old server\"\nuntil = \"2027-03-31\"\n";
  const std::string clients = start + "clients = [\"10.0.2.7/32\"]\n";
  EXPECT_THAT(file("run/privyseal/gatewayd.toml", clients), HasSubstr(clients + "servers = []\n"));
  EXPECT_THAT(file("run/privyseal/keyd.toml", clients),
              HasSubstr("[tls12_exception]\nreason = \"Old server\"\nroles = [\"lan-identity\"]\nuntil = "
                        "\"2027-03-31\"\n"));
  EXPECT_THAT(file("run/privyseal/keyd.toml", start + "servers = [\"mail.lawfirm.example\"]\n"),
              testing::Not(HasSubstr("tls12_exception")));
}

TEST(SettingsFiles, LetHostsSendInClearOnlyWhereTheSiteDoes) {
  EXPECT_THAT(file("run/privyseal/gatewayd.toml"), testing::Not(HasSubstr("lan.clear")));
  const std::string one =
      "[[lan.clear]]\nhost = \"10.0.2.9\"\nreason = \"Old scanner\"\nauthoriser = \"J Smith, IT\"\n"
      "until = \"2027-03-31T12:00:00Z\"\n";
  const std::string two =
      "[[lan.clear]]\nhost = \"10.0.2.16/28\"\nreason = \"Case system\"\nauthoriser = \"J Smith\"\n"
      "until = \"2027-04-30T00:00:00Z\"\n";
  EXPECT_THAT(file("run/privyseal/gatewayd.toml", one + two), HasSubstr("\n" + one + "\n" + two));
}

TEST(SettingsFiles, TellKeydAndTheConsoleWhoMayApproveAndKeydFromWhichConsole) {
  EXPECT_THAT(
      file("run/privyseal/keyd.toml"),
      HasSubstr("site = \"console.lawfirm.example\"\norigins = [\"https://console.lawfirm.example:8443\", "
                "\"https://console.lawfirm.example\"]\napprovers = \"/run/privyseal/approvers\"\n"));
  EXPECT_THAT(file("run/privyseal/admind.toml"), HasSubstr("\napprovers = \"/run/privyseal/approvers\"\n"));
}

TEST(SettingsFiles, NameAsApproversWhomTheSiteListsAndOtherwiseNobody) {
  const auto written = [](const std::string& text) {
    const auto files = settings_files(Config::parse(text, "provisioning file").and_then(read_site).value());
    return *std::ranges::find(files, "run/privyseal/approvers", &SettingsFile::path);
  };
  EXPECT_EQ(written(test::site_text()).text, "") << "an earlier list does not stay";
  const SettingsFile two = written(test::approvers_text() + test::site_text());
  EXPECT_EQ(two.text, test::kAlice + "\n" + test::kBob + "\n");
  EXPECT_EQ(two.mode, 0644U) << "keyd and the console read it, and root alone writes it";
  EXPECT_EQ(two.owner, "");
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
