#include "provisioning/box/site.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

#include "provisioning/box/test_site.h"
#include "provisioning/verify/bundle.h"

namespace privyseal::provisioning {
namespace {

Result<Site> read(const std::string& text) {
  return Config::parse(text, "provisioning file").and_then(read_site);
}

TEST(ReadSite, TakesAWholeFile) {
  const auto site = read(test::site_text());
  ASSERT_TRUE(site) << site.error().message;
  EXPECT_EQ(site->hostname, "gateway.lawfirm.example");
  EXPECT_EQ(site->lan.own_address(), "10.0.2.15");
  EXPECT_EQ(site->cjsm.hop.port, 4646);
  EXPECT_FALSE(site->est);
}

TEST(ReadSite, TakesAnEnrolmentServer) {
  const auto site = read(test::site_text() + test::est_text());
  ASSERT_TRUE(site) << site.error().message;
  ASSERT_TRUE(site->est);
  EXPECT_EQ(site->est->user, "estuser");
}

TEST(ReadSite, TakesFurtherHopsAndTlsFromTheStart) {
  std::string text = test::site_text();
  const std::string port = "relay_port = 4646\n";
  text.insert(text.find(port),
              "relay_tls = \"implicit\"\nfurther_relays = [\"10.0.3.3:25 = r2.example\", "
              "\"[2001:db8::1]:465 = r3.example = implicit\"]\n");
  const auto site = read(text);
  ASSERT_TRUE(site) << site.error().message;
  EXPECT_EQ(site->cjsm.hop_tls_start, smtp::TlsStart::kImplicit);
  EXPECT_EQ(site->lan.hop_tls_start, smtp::TlsStart::kStartTls);
  EXPECT_EQ(site->cjsm.further_hops.size(), 2U);
}

/// The organisation's mail server, and a second one.
std::string with_old_peers(const std::string& until, const std::string& servers) {
  std::string text = test::site_text();
  text.insert(text.find("server_port"), "further_servers = [\"10.0.2.3:25 = mail2.lawfirm.example\"]\n");
  return text + "[lan.tls12_exception]\nreason = \"old\"\nuntil = \"" + until + "\"\nservers = [" + servers +
         "]\n";
}

TEST(ReadSite, ExceptsMailServersOfTheLanSideUntilADay) {
  const auto site = read(with_old_peers("2028-02-29", R"("mail.lawfirm.example", "mail2.lawfirm.example")"));
  ASSERT_TRUE(site) << site.error().message;
  ASSERT_TRUE(site->old_peers);
  EXPECT_EQ(site->old_peers->servers.size(), 2U);
  for (const char* day : {"2027-13-45", "2027-02-29", "2027-3-31", "2027-03-31 ", "for ever", ""}) {
    const auto refused = read(with_old_peers(day, R"("mail.lawfirm.example")"));
    ASSERT_FALSE(refused) << day;
    EXPECT_THAT(refused.error().message, testing::HasSubstr("lan.tls12_exception.until must be a day"))
        << day;
  }
  for (const char* server : {"relay.cjsm.example", "other.example", "mail.LAWFIRM.example", "10.0.2.2"}) {
    const auto refused = read(with_old_peers("2027-03-31", std::string("\"") + server + "\""));
    ASSERT_FALSE(refused) << server;
    EXPECT_THAT(refused.error().message, testing::HasSubstr("lan.tls12_exception.servers names none"))
        << server;
  }
}

TEST(ReadSite, TakesSevenFurtherHopsAndNoEighth) {
  const auto with = [](int count) {
    std::string lines;
    for (int i = 1; i <= count; ++i)
      lines += (i == 1 ? "\"10.0.3." : ", \"10.0.3.") + std::to_string(i) + ":25 = r.example\"";
    std::string text = test::site_text();
    return text.insert(text.find("relay_port"), "further_relays = [" + lines + "]\n");
  };
  EXPECT_TRUE(read(with(7)));
  const auto eight = read(with(8));
  ASSERT_FALSE(eight);
  EXPECT_THAT(eight.error().message, testing::HasSubstr("cjsm.further_relays must not be more than 7"));
}

TEST(ReadSite, TakesASerial) {
  EXPECT_EQ(read(test::site_text())->serial, 0);
  EXPECT_EQ(read("serial = 202611231630\n" + test::site_text())->serial, 202611231630);
  for (const char* wrong : {"-1", "1000000000000", "\"1\"", "1.5"}) {
    const std::string text = std::string("serial = ") + wrong + "\n";
    const auto refused = read(text + test::site_text());
    ASSERT_FALSE(refused) << wrong;
    EXPECT_THAT(refused.error().message, testing::HasSubstr("serial")) << wrong;
    EXPECT_FALSE(Config::parse(text, "provisioning file").and_then(read_serial)) << wrong;
  }
  EXPECT_EQ(Config::parse("serial = 7\nunknown = 1\n", "provisioning file").and_then(read_serial).value(), 7);
}

TEST(ReadSite, TakesTheApproversOfAKeysEnd) {
  EXPECT_TRUE(read(test::site_text())->approvers.empty());
  EXPECT_TRUE(read("approvers = []\n" + test::site_text())->approvers.empty());
  const auto site = read(test::approvers_text() + test::site_text());
  ASSERT_TRUE(site) << site.error().message;
  ASSERT_EQ(site->approvers.size(), 2U);
  EXPECT_EQ(site->approvers[0].person, "alice");
  EXPECT_EQ(to_text(site->approvers[1]), test::kBob);
}

TEST(ReadSite, RefusesAListOfApproversThatIsNone) {
  const std::string bob_with_alices = "bob" + test::kAlice.substr(5);
  const std::string alice_again = "alice" + test::kBob.substr(3);
  for (const auto& [text, why] :
       {std::pair<std::string, std::string>{test::approvers_text(test::kAlice, "bob"), "line 2 must be as"},
        {test::approvers_text(test::kAlice, test::kBob.substr(0, 30)),
         "line 2 has a passkey that is cut off"},
        {test::approvers_text(test::kAlice, bob_with_alices), "line 2 has the same passkey as alice"},
        {test::approvers_text(test::kAlice, alice_again), "there must be two different persons"},
        {"approvers = [\"" + test::kAlice + "\"]\n", "there must be two different persons"},
        {"approvers = \"" + test::kAlice + "\"\n", "must be a list of strings"}}) {
    const auto refused = read(text + test::site_text());
    ASSERT_FALSE(refused) << text;
    EXPECT_EQ(refused.error().code, ErrorCode::kInvalid);
    EXPECT_THAT(refused.error().message, testing::HasSubstr("approvers " + why)) << text;
  }
}

TEST(ReadSite, AHundredApproversAreNotTooManyForAProvisioningFile) {
  std::string list = "approvers = [";
  for (int i = 0; i < 100; ++i) {
    const hsm::ApproverLine line{.person = std::string(29, 'a') + std::to_string(100 + i),
                                 .kind = hsm::PasskeyKind::kEs256,
                                 .public_key = Bytes(64, static_cast<std::byte>(i))};
    list += "\"" + to_text(line) + "\",\n";
  }
  const std::string file = list + "]\n" + test::site_text();
  EXPECT_LT(file.size(), kMostSettingsBytes / 3);
  EXPECT_EQ(read(file)->approvers.size(), 100U);
}

struct BadSite {
  std::string name;
  std::string good;  ///< what stands in the whole file
  std::string bad;   ///< what takes its place
  std::string key;   ///< that the error must name
};

class ReadSiteRefuses : public testing::TestWithParam<BadSite> {};

TEST_P(ReadSiteRefuses, It) {
  const auto& [name, good, bad, key] = GetParam();
  std::string text = test::site_text();
  ASSERT_NE(text.find(good), std::string::npos);
  text.replace(text.find(good), good.size(), bad);
  const auto site = read(text);
  ASSERT_FALSE(site);
  EXPECT_EQ(site.error().code, ErrorCode::kInvalid);
  EXPECT_THAT(site.error().message, testing::HasSubstr(key));
}

INSTANTIATE_TEST_SUITE_P(
    , ReadSiteRefuses,
    testing::Values(
        BadSite{"AHostNameThatEndsItsString", R"("gateway.lawfirm.example")", R"('a" evil = "1')",
                "hostname"},
        BadSite{"AHostNameWithALineEnd", R"("gateway.lawfirm.example")", R"("a\nb")", "hostname"},
        BadSite{"NoHostName", R"(hostname = "gateway.lawfirm.example")", "", "hostname"},
        BadSite{"AnOrganisationWithAQuote", "Smith & Sons", "Smith \\\" Sons", "organisation"},
        BadSite{"NoDomains", R"(["lawfirm.example"])", "[]", "domains"},
        BadSite{"AnInterfaceWithRules", R"("enp0s16")", R"('x" } ; flush ruleset')", "lan.interface"},
        BadSite{"AnInterfaceTooLong", R"("enp0s16")", R"("abcdefghijklmnop")", "lan.interface"},
        BadSite{"OneInterfaceForBothSides", R"("enp0s17")", R"("enp0s16")", "cjsm.interface"},
        BadSite{"AnAddressWithoutPrefix", R"("10.0.2.15/24")", R"("10.0.2.15")", "lan.address"},
        BadSite{"APrefixTooLong", R"("10.0.2.15/24")", R"("10.0.2.15/33")", "lan.address"},
        BadSite{"APrefixThatIsNoNumber", R"("10.0.2.15/24")", R"("10.0.2.15/2x")", "lan.address"},
        BadSite{"AClientThatIsNoNetwork", R"(["10.0.2.0/24"])", R"(["everyone"])", "lan.clients"},
        BadSite{"APortOutOfRange", "4646", "65536", "cjsm.relay_port"},
        BadSite{"PortNought", "4646", "0", "cjsm.relay_port"},
        BadSite{"ARelayInClear", "relay_port = 4646", "relay_port = 4646\nrelay_tls = \"none\"",
                "cjsm.relay_tls"},
        BadSite{"AFurtherRelayWithoutName", "relay_port = 4646",
                "relay_port = 4646\nfurther_relays = [\"10.0.3.3:25\"]", "cjsm.further_relays"},
        BadSite{"AFurtherRelayThatEndsItsString", "relay_port = 4646",
                "relay_port = 4646\nfurther_relays = ['10.0.3.3:25 = a\" = implicit']",
                "cjsm.further_relays"},
        BadSite{"AnExceptionForNobody", "[console]",
                "[lan.tls12_exception]\nreason = \"old\"\nuntil = \"2027-03-31\"\n[console]",
                "lan.tls12_exception"},
        BadSite{"AnExceptionForEver", "[console]",
                "[lan.tls12_exception]\nreason = \"old\"\nuntil = \"for ever\"\n"
                "servers = [\"mail.lawfirm.example\"]\n[console]",
                "lan.tls12_exception.until"},
        BadSite{"RootsThatAreNoPem", "-----BEGIN CERTIFICATE-----\nAAAA", "AAAA", "lan.roots"},
        BadSite{"ARouteThatIsNoAddress", R"("10.0.3.2")", R"("router")", "network.default_route"},
        BadSite{"ANameOfTwoDots", R"("gateway.lawfirm.example")", R"("gateway..example")", "hostname"},
        BadSite{"ANameThatBeginsWithADash", R"("gateway.lawfirm.example")", R"("-x.example")", "hostname"},
        BadSite{"ANameThatEndsWithADot", R"("gateway.lawfirm.example")", R"("x.example.")", "hostname"},
        BadSite{"ANameTooLong", R"("gateway.lawfirm.example")", '"' + std::string(254, 'a') + '"',
                "hostname"},
        BadSite{"AnOrganisationTooLong", "Smith & Sons", std::string(65, 'S'), "organisation"},
        BadSite{"ADomainThatIsNone", R"(["lawfirm.example"])", R"(["lawfirm.example", "a_b"])", "domains"},
        BadSite{"ANameServerByName", "name_servers = []", R"(name_servers = ["dns.example"])",
                "network.name_servers"},
        BadSite{"AnIpv6PrefixTooLong", R"("10.0.2.15/24")", R"("2001:db8::1/129")", "lan.address"},
        BadSite{"AnEmptyPrefix", R"("10.0.2.15/24")", R"("10.0.2.15/")", "lan.address"},
        BadSite{"ARelayThatIsNoHost", R"(relay_host = "10.0.3.2")", R"(relay_host = "a b")",
                "cjsm.relay_host"},
        BadSite{"ARelayWithoutItsName", "relay_name = \"relay.cjsm.example\"", "relay_name = \"\"",
                "cjsm.relay_name"},
        BadSite{"AClientNameThatIsNone", R"(client_names = ["relay.cjsm.example"])",
                R"(client_names = ["*"])", "cjsm.client_names"},
        BadSite{"AConsoleWithoutName", R"("console.lawfirm.example")", R"("")", "console.hostname"},
        BadSite{"RootsThatDoNotEnd", "AAAA\n-----END CERTIFICATE-----", "AAAA", "lan.roots"},
        BadSite{"RootsWithMoreBehindThem", "AAAA\n-----END CERTIFICATE-----",
                "AAAA\n-----END CERTIFICATE-----\n# more", "lan.roots"},
        BadSite{"AnOldClientThatIsNoNetwork", "[console]",
                "[lan.tls12_exception]\nreason = \"old\"\nuntil = \"2027-03-31\"\n"
                "clients = [\"scanner\"]\n[console]",
                "lan.tls12_exception.clients"},
        BadSite{"AnExceptionWithoutReason", "[console]",
                "[lan.tls12_exception]\nreason = \"\"\nuntil = \"2027-03-31\"\n"
                "clients = [\"10.0.2.9/32\"]\n[console]",
                "lan.tls12_exception.reason"},
        BadSite{"ASettingNobodyKnows", "[console]", "[console]\ndebug = true", "console.debug"}),
    [](const auto& c) { return c.param.name; });

struct WrongLine {
  const char* instead;  ///< of what follows
  const char* line;
  const char* key;
};

TEST(ReadSite, Clause17TakesNoExceptionFromTlsThatIsNotWhole) {
  const std::string sound =
      "[[lan.clear]]\nhost = \"10.0.2.9\"\nreason = \"old\"\nauthoriser = \"J Smith\"\n"
      "until = \"2027-03-31T12:00:00Z\"\n";
  const auto site = read(test::site_text() + sound);
  ASSERT_TRUE(site) << site.error().message;
  EXPECT_EQ(site->clear.at(0).authoriser, "J Smith");
  for (const WrongLine& bad :
       std::to_array<WrongLine>({{"lan", "cjsm", "cjsm.clear"},
                                 {"10.0.2.9", "10.0.0.0/8", "lan.clear[0].host"},
                                 {"10.0.2.9", "scanner.example", "lan.clear[0].host"},
                                 {"\"old\"", "'a\" = 1'", "lan.clear[0].reason"},
                                 {"\"old\"", "\"\"", "lan.clear[0].reason"},
                                 {"J Smith", "", "lan.clear[0].authoriser"},
                                 {"authoriser = \"J Smith\"\n", "", "lan.clear[0].authoriser"},
                                 {"2027-03-31T12:00:00Z", "for ever", "lan.clear[0].until"},
                                 {"2027-03-31T12:00:00Z", "2027-03-31", "lan.clear[0].until"},
                                 {"until", "forever = true\nuntil", "lan.clear[0].forever"}})) {
    std::string text = sound;
    text.replace(text.find(bad.instead), std::string_view(bad.instead).size(), bad.line);
    const auto refused = read(test::site_text() + text);
    ASSERT_FALSE(refused) << text;
    EXPECT_THAT(refused.error().message, testing::HasSubstr(bad.key)) << text;
  }
}

TEST(ReadSite, TakesNamesAndNetworksThatAreJustAsLongAsTheyMayBe) {
  for (const auto& [good, longest] : {std::pair<std::string, std::string>{"10.0.2.15/24", "2001:db8::1/128"},
                                      {"10.0.2.15/24", "10.0.2.15/32"},
                                      {"gateway.lawfirm.example", std::string(253, 'a')},
                                      {"enp0s16", std::string(15, 'e')},
                                      {"Smith & Sons, Law", std::string(64, 'S')}}) {
    std::string text = test::site_text();
    const auto site = read(text.replace(text.find(good), good.size(), longest));
    EXPECT_TRUE(site) << site.error().message;
  }
}

TEST(ReadSite, RefusesAnEnrolmentServerThatIsNone) {
  for (const auto& [good, bad, key] :
       std::to_array<WrongLine>({{"\"est.example\"", "\"est example\"", "est.host"},
                                 {"\"10.0.3.2\"", "\"\"", "est.address"},
                                 {"8085", "0", "est.port"},
                                 {"\"estuser\"", "'est\" = 1'", "est.user"},
                                 {"\"once\"", "\"two words\"", "est.password"},
                                 {"-----BEGIN CERTIFICATE-----\n", "", "est.roots"}})) {
    std::string est = test::est_text();
    est.replace(est.find(good), std::string_view(good).size(), bad);
    const auto site = read(test::site_text() + est);
    ASSERT_FALSE(site) << bad;
    EXPECT_THAT(site.error().message, testing::HasSubstr(key)) << bad;
  }
}

TEST(ReadSite, RefusesAnEnrolmentServerWithoutPassword) {
  std::string est = test::est_text();
  est.erase(est.find("password"), est.find("roots") - est.find("password"));
  const auto site = read(test::site_text() + est);
  ASSERT_FALSE(site);
  EXPECT_THAT(site.error().message, testing::HasSubstr("est.password"));
}

}  // namespace
}  // namespace privyseal::provisioning
