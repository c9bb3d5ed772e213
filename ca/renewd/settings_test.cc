#include "ca/renewd/settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace privyseal::renewd {
namespace {

using testing::HasSubstr;
using namespace std::chrono_literals;

constexpr std::string_view kTop =
    "state = \"/s\"\nhost = \"gateway.lawfirm.example\"\nkeyd_socket = \"/k\"\nopenssl_config = \"/o\"\n";
constexpr std::string_view kCjsm =
    "[identity.cjsm]\nissuer = \"manual\"\ncommon_name = \"g.example\"\ndns_names = [\"g.example\"]\n"
    "roots = \"/roots.pem\"\n";
constexpr std::string_view kEst = "[est]\nurl = \"https://est.example\"\nca = \"/ca.pem\"\n";
constexpr std::string_view kAuthority = "[authority]\ncommon_name = \"CA\"\ndomains = [\"example\"]\n";

Result<Settings> read(const std::string& text) {
  return Config::parse(text, "renewd.toml").and_then(read_settings);
}

std::string with(std::string_view section, std::string_view from, std::string_view to) {
  std::string text(section);
  const auto at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

TEST(RenewdSettings, AreReadWithTheirDefaults) {
  const auto settings = read(std::string(kTop) + std::string(kCjsm));
  ASSERT_TRUE(settings) << settings.error().message;
  ASSERT_EQ(settings->identities.size(), 1U);
  const IdentitySettings& cjsm = settings->identities[0];
  EXPECT_EQ(cjsm.name, "cjsm");
  EXPECT_EQ(cjsm.role, hsm::KeyRole::kCjsmIdentity);
  EXPECT_EQ(cjsm.key_type, hsm::KeyType::kEcP256);
  EXPECT_EQ(cjsm.rules.issuer, ca::Issuer::kManual);
  EXPECT_EQ(cjsm.rules.overlap, 24h);
  EXPECT_EQ(cjsm.rules.renew_before, 0h);
  EXPECT_EQ(cjsm.rules.retry_first, 60s);
  EXPECT_FALSE(cjsm.probe || cjsm.live || settings->est || settings->authority || settings->door);
}

TEST(RenewdSettings, OfAllThreeIdentities) {
  const auto settings = read(
      std::string(kTop) + with(kCjsm, "manual", "est") +
      "probe = \"relay.example:25\"\nlive = \"[::1]:2525\"\nkey_type = \"p384\"\nrenew_days = 20\n"
      "[identity.lan]\nissuer = \"local\"\ncommon_name = \"g.example\"\ndns_names = [\"g.example\"]\n"
      "[identity.console]\nissuer = \"local\"\ncommon_name = \"c.example\"\ndns_names = [\"c.example\"]\n"
      "profile = \"other\"\n" +
      std::string(kEst) + std::string(kAuthority));
  ASSERT_TRUE(settings) << settings.error().message;
  ASSERT_EQ(settings->identities.size(), 3U);
  const auto& cjsm = settings->identities[0];
  EXPECT_EQ(cjsm.probe->text(), "relay.example:25");
  EXPECT_EQ(cjsm.probe_name, "relay.example");
  EXPECT_EQ(cjsm.probe_roots, "/roots.pem");
  EXPECT_EQ(cjsm.live->text(), "[::1]:2525");
  EXPECT_EQ(cjsm.key_type, hsm::KeyType::kEcP384);
  EXPECT_EQ(cjsm.rules.renew_before, 24h * 20);
  EXPECT_EQ(settings->identities[1].profile, "smtp-listener");
  EXPECT_EQ(settings->identities[2].profile, "other");
  EXPECT_FALSE(settings->identities[2].speaks_smtp());
  EXPECT_EQ(settings->est->server.text(), "est.example:443");
  EXPECT_EQ(settings->est->server_name, "est.example");
  EXPECT_EQ(settings->authority->key, "issuing-ca");
}

struct Bad {
  std::string name;
  std::string text;
  std::string words;
};

class RefusedSettings : public testing::TestWithParam<Bad> {};

TEST_P(RefusedSettings, NameTheKey) {
  const auto settings = read(GetParam().text);
  ASSERT_FALSE(settings);
  EXPECT_EQ(settings.error().code, ErrorCode::kInvalid);
  EXPECT_THAT(settings.error().message, HasSubstr(GetParam().words));
}

std::vector<Bad> bad_settings() {
  const std::string top(kTop);
  const std::string cjsm(kCjsm);
  return {
      {"NoIdentity", top, "identity"},
      {"UnknownIssuer", top + with(kCjsm, "manual", "acme"), "identity.cjsm.issuer"},
      {"NoNames", top + with(kCjsm, "[\"g.example\"]", "[]"), "identity.cjsm.dns_names"},
      {"AWildcard", top + with(kCjsm, "[\"g.", "[\"*."), "identity.cjsm.dns_names"},
      {"NoRoots", top + with(kCjsm, "roots = \"/roots.pem\"", ""), "identity.cjsm.roots"},
      {"RootsWithOurOwnAuthority",
       top + with(kCjsm, "manual", "local") + "profile = \"p\"\n" + std::string(kAuthority),
       "identity.cjsm.roots"},
      {"NoProfileForTheRelaysSide",
       top + with(with(kCjsm, "manual", "local"), "roots = \"/roots.pem\"", "") + std::string(kAuthority),
       "identity.cjsm.profile"},
      {"EstWithoutServer", top + with(kCjsm, "manual", "est"), "est.url"},
      {"EstInClear", top + cjsm + with(kEst, "https", "http"), "est.url"},
      {"EstWithPath", top + cjsm + with(kEst, "est.example", "est.example/a"), "est.url"},
      {"UserWithoutPassword", top + cjsm + std::string(kEst) + "user = \"u\"\n", "est.user"},
      {"PasswordWithoutUser", top + cjsm + std::string(kEst) + "password_file = \"/p\"\n", "est.user"},
      {"UserWithColon", top + cjsm + std::string(kEst) + "user = \"u:v\"\npassword_file = \"/p\"\n",
       "est.user"},
      {"LocalWithoutAuthority",
       top + "[identity.lan]\nissuer = \"local\"\ncommon_name = \"g\"\ndns_names = [\"g\"]\n",
       "authority.common_name"},
      {"ProbeWithoutPort", top + cjsm + "probe = \"relay.example\"\n", "identity.cjsm.probe"},
      {"ProbeOfAnAddressWithoutName", top + cjsm + "probe = \"[::1]:25\"\n", "identity.cjsm.probe_name"},
      {"NoHost", with(kTop, "gateway.lawfirm.example", "not a host") + cjsm, "host"},
      {"OverlapOfYears", top + cjsm + "overlap_hours = 100000\n", "overlap_hours"},
      {"Misspelt", top + cjsm + "overlap_hour = 1\n", "overlap_hour"},
  };
}

INSTANTIATE_TEST_SUITE_P(, RefusedSettings, testing::ValuesIn(bad_settings()),
                         [](const auto& bad) { return bad.param.name; });

TEST(RenewdSettings, GoToAnAddressOrAHostNameAndAPort) {
  const auto live_at = [](const std::string& where) {
    return read(std::string(kTop) + std::string(kCjsm) + "live = \"" + where + "\"\n");
  };
  for (const std::string good : {"192.0.2.1:25", "[2001:db8::1]:25", "a.example:25"})
    EXPECT_EQ(live_at(good)->identities.front().live->text(), good);
  for (const char* bad : {":25", "a.example", "a.example:0", "a b:25", "*.a.example:25", "2001:db8::1:25"})
    EXPECT_FALSE(live_at(bad)) << bad;
}

}  // namespace
}  // namespace privyseal::renewd
