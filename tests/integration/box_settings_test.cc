/// What provisioning writes is what the daemons read: their own readers say so.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <pwd.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "ca/renewd/settings.h"
#include "firmware/gateway/settings.h"
#include "firmware/policy/rules.h"
#include "hsm/keyd/settings.h"
#include "provisioning/box/settings_files.h"
#include "provisioning/box/test_site.h"
#include "tests/support/temp_folder.h"

namespace privyseal::provisioning {
namespace {

std::string file(const std::string& name, const std::string& text = test::site_text() + test::est_text()) {
  const auto site = Config::parse(text, "provisioning file").and_then(read_site);
  const auto files = settings_files(site.value());
  const auto found = std::ranges::find(files, "run/privyseal/" + name, &SettingsFile::path);
  return found == files.end() ? "" : found->text;
}

TEST(BoxSettings, AreWhatTheGatewayReads) {
  const auto settings =
      Config::parse(file("gatewayd.toml"), "gatewayd.toml").and_then(gateway::read_settings);
  ASSERT_TRUE(settings) << settings.error().message;
  EXPECT_EQ(settings->lan.listen.text(), "10.0.2.15:25");
  EXPECT_EQ(settings->cjsm.identity, "/var/lib/privyseal-renewd/identities/cjsm");
  EXPECT_EQ(settings->cjsm.hops.at(0).address.port, 4646);
  EXPECT_THAT(settings->lan.clients, testing::Contains("10.0.2.15/32"));
  EXPECT_TRUE(settings->door);
}

/// What the box takes when it is provisioned must not keep a daemon from starting.
TEST(BoxSettings, HaveAllThatTheLanSideMayHave) {
  std::string text = test::site_text();
  text.insert(text.find("server_port"),
              "server_tls = \"implicit\"\nfurther_servers = [\"10.0.2.3:25 = mail2.lawfirm.example\","
              " \"[2001:db8::1]:465 = mail3.lawfirm.example = implicit\"]\n");
  text +=
      "[lan.tls12_exception]\nreason = \"old\"\nuntil = \"2028-02-29\"\nclients = [\"10.0.2.7/32\"]\n"
      "servers = [\"mail.lawfirm.example\", \"mail3.lawfirm.example\"]\n"
      "[[lan.clear]]\nhost = \"10.0.2.9\"\nreason = \"old scanner\"\nauthoriser = \"J Smith\"\n"
      "until = \"2028-02-29T12:00:00Z\"\n";
  const auto settings =
      Config::parse(file("gatewayd.toml", text), "gatewayd.toml").and_then(gateway::read_settings);
  ASSERT_TRUE(settings) << settings.error().message;
  ASSERT_EQ(settings->lan.hops.size(), 3U);
  EXPECT_EQ(settings->lan.hops[2].line(), "[2001:db8::1]:465 = mail3.lawfirm.example = implicit");
  EXPECT_EQ(settings->lan.tls12_exception->in_words(),
            "TLS 1.2 is excepted until 2028-02-29 for 10.0.2.7/32, mail.lawfirm.example, "
            "mail3.lawfirm.example: old");
  ASSERT_EQ(settings->lan.clear.size(), 1U);
  EXPECT_EQ(settings->lan.clear[0].in_words(),
            "mail in clear is excepted until 2028-02-29T12:00:00Z for 10.0.2.9, by J Smith: old scanner");
  const privyseal::test::TempFolder folder;
  std::ofstream(folder.path() / "keyd.toml") << file("keyd.toml", text);
  const auto keyd = keyd::load_settings(folder.path() / "keyd.toml");
  ASSERT_TRUE(keyd) << keyd.error().message;
  EXPECT_EQ(keyd->tls12_exception->until, settings->lan.tls12_exception->until);
}

TEST(BoxSettings, Clause21LetNoMailPassWithoutTheFirewall) {
  const auto settings =
      Config::parse(file("gatewayd.toml"), "gatewayd.toml").and_then(gateway::read_settings);
  ASSERT_TRUE(settings) << settings.error().message;
  EXPECT_EQ(settings->firewall, "/run/privyseal-firewall/state");
}

TEST(BoxSettings, NameTheFolderOfThePolicy) {
  const auto settings =
      Config::parse(file("gatewayd.toml"), "gatewayd.toml").and_then(gateway::read_settings);
  ASSERT_TRUE(settings) << settings.error().message;
  EXPECT_EQ(settings->policy, "/run/privyseal/policy");
}

TEST(BoxSettings, CapMailAndKeepTheRulesThatNeedNoRegister) {
  const auto options = policy::parse_options(file("policy/policy.toml"), "policy.toml");
  ASSERT_TRUE(options) << options.error().message;
  EXPECT_EQ(options->sender_per_hour, 200u);
  EXPECT_EQ(options->organisation_per_hour, 2000u);
  EXPECT_EQ(options->registered_sender, policy::Mode::kOff);
  EXPECT_EQ(options->automated, policy::Mode::kEnforce);
  EXPECT_THAT(options->contacts.administrator, testing::HasSubstr("lawfirm.example"));
}

TEST(BoxSettings, AreWhatRenewdReads) {
  const auto settings = Config::parse(file("renewd.toml"), "renewd.toml").and_then(renewd::read_settings);
  ASSERT_TRUE(settings) << settings.error().message;
  ASSERT_TRUE(settings->est);
  EXPECT_EQ(settings->est->server_name, "est.example");
  EXPECT_EQ(settings->est->server.host, "127.0.0.1");
  EXPECT_EQ(settings->identities.size(), 3u);
  EXPECT_TRUE(settings->door);
}

TEST(BoxSettings, AreWhatKeydReads) {
  const privyseal::test::TempFolder folder;
  std::ofstream(folder.path() / "keyd.toml") << file("keyd.toml");
  const auto settings = keyd::load_settings(folder.path() / "keyd.toml");
  ASSERT_TRUE(settings) << settings.error().message;
  EXPECT_EQ(settings->callers.size(), 5u);
  EXPECT_EQ(settings->approvals.site, "console.lawfirm.example");
}

TEST(BoxSettings, NameTheCallersOfKeydThatItsReadmeNames) {
  const privyseal::test::TempFolder folder;
  std::ofstream(folder.path() / "keyd.toml") << file("keyd.toml");
  const auto settings = keyd::load_settings(folder.path() / "keyd.toml");
  ASSERT_TRUE(settings) << settings.error().message;
  std::map<keyd::Caller, std::set<std::string>> users;
  for (const auto& [uid, caller] : settings->callers) {
    const passwd* user = ::getpwuid(uid);
    ASSERT_NE(user, nullptr) << uid;
    users[caller].insert(user->pw_name);
  }
  std::string line = "As provisioning sets keyd up, the callers are these users:";
  for (const keyd::Caller caller : keyd::kCallers) {
    line += caller == keyd::kCallers[0] ? " " : "; ";
    line += std::string(keyd::to_string(caller)) + " is ";
    for (const std::string& user : users[caller])
      line += (user == *users[caller].begin() ? "`" : " and `") + user + "`";
  }
  std::ostringstream readme;
  readme << std::ifstream(PRIVYSEAL_HSM_README).rdbuf();
  EXPECT_TRUE(readme.str().contains(line + ".\n")) << line;
}

}  // namespace
}  // namespace privyseal::provisioning
