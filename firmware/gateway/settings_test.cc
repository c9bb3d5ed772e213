#include "firmware/gateway/settings.h"

#include <gtest/gtest.h>

#include <array>

namespace privyseal::gateway {
namespace {

constexpr std::string_view kSound = R"(
practice = true
host = "gateway.lawfirm.example"
domains = ["lawfirm.example"]
ledger = "/l"
openssl_config = "/o"
[lan]
listen = "127.0.0.1:2525"
identity = "/i/lan"
ca = "/a"
clients = ["127.0.0.0/8"]
server_host = "127.0.0.1"
server_port = 25
server_name = "mail.lawfirm.example"
[cjsm]
listen = "[::1]:0"
identity = "/i/cjsm"
ca = "/a"
clients = ["127.0.0.0/8"]
client_names = ["relay.cjsm.example"]
relay_host = "127.0.0.1"
relay_port = 4545
relay_name = "relay.cjsm.example"
)";

Result<Settings> settings_with(std::string_view line, std::string_view instead) {
  std::string text(kSound);
  const auto at = text.find(line);
  EXPECT_NE(at, std::string::npos) << line;
  text.replace(at, line.size(), instead);
  return Config::parse(text, "t").and_then(read_settings);
}

TEST(Settings, AreRead) {
  const auto settings = Config::parse(kSound, "t").and_then(read_settings);
  ASSERT_TRUE(settings.has_value()) << settings.error().message;
  EXPECT_EQ(settings->lan.listen.text(), "127.0.0.1:2525");
  EXPECT_EQ(settings->cjsm.listen.text(), "[::1]:0");
  EXPECT_EQ(settings->cjsm.hops.at(0).address.port, 4545);
  EXPECT_EQ(settings->limits.max_message_bytes, 25U << 20);
  EXPECT_EQ(settings->cjsm.identity, "/i/cjsm");
  EXPECT_EQ(settings->audit.origin, "gateway.lawfirm.example/gatewayd");
  EXPECT_EQ(settings->audit.key, "audit");
  EXPECT_FALSE(settings->door.has_value());
  EXPECT_EQ(settings->limits.pace.usual.command, std::chrono::minutes(5));
}

TEST(Settings, NameAFirewallByAnAbsolutePathOrNone) {
  EXPECT_EQ(settings_with("ledger = \"/l\"", "ledger = \"/l\"")->firewall, "");
  EXPECT_EQ(settings_with("ledger = \"/l\"", "ledger = \"/l\"\nfirewall = \"/f\"")->firewall, "/f");
  EXPECT_FALSE(settings_with("ledger = \"/l\"", "ledger = \"/l\"\nfirewall = \"f\""));
}

TEST(Settings, ListFurtherHopsInTheirOrder) {
  const auto settings = settings_with(
      "relay_port = 4545",
      "relay_port = 4545\nfurther_relays = [\"127.0.0.2:25 = relay2.example\", \"[::1]:46=relay3.example\"]");
  ASSERT_TRUE(settings) << settings.error().message;
  ASSERT_EQ(settings->cjsm.hops.size(), 3U);
  EXPECT_EQ(settings->cjsm.hops[1].address.text(), "127.0.0.2:25");
  EXPECT_EQ(settings->cjsm.hops[1].name, "relay2.example");
  EXPECT_EQ(settings->cjsm.hops[2].address.text(), "[::1]:46");
  EXPECT_EQ(settings->lan.hops.size(), 1U);
}

TEST(Settings, SayWhereTlsComesFirst) {
  const auto settings =
      settings_with("relay_port = 4545",
                    "relay_port = 465\nrelay_tls = \"implicit\"\nfurther_relays = "
                    "[\"127.0.0.2:465 = r2.example = implicit\", "
                    "\"127.0.0.3:25 = r3.example = starttls\", \"127.0.0.4:25 = r4.example\"]");
  ASSERT_TRUE(settings) << settings.error().message;
  std::vector<bool> is_implicit;
  for (const smtp::HopPlace& hop : settings->cjsm.hops)
    is_implicit.push_back(hop.tls_start == smtp::TlsStart::kImplicit);
  EXPECT_EQ(is_implicit, (std::vector<bool>{true, true, false, false}));
  EXPECT_EQ(settings->lan.hops.at(0).tls_start, smtp::TlsStart::kStartTls);
}

Result<Settings> settings_with_exception(const std::string& lines, const std::string& side = "lan") {
  return Config::parse(std::string(kSound) + "[" + side + ".tls12_exception]\n" + lines, "t")
      .and_then(read_settings);
}

TEST(Settings, ExceptOldPeersOnTheLanSideUntilADay) {
  EXPECT_FALSE(Config::parse(kSound, "t").and_then(read_settings)->lan.tls12_exception);
  const auto settings = settings_with_exception(
      "reason = \"old\"\nuntil = \"2027-03-31\"\nclients = [\"10.0.0.7\"]\nservers = "
      "[\"mail.lawfirm.example\"]\n");
  ASSERT_TRUE(settings) << settings.error().message;
  EXPECT_EQ(settings->lan.tls12_exception->in_words(),
            "TLS 1.2 is excepted until 2027-03-31 for 10.0.0.7, mail.lawfirm.example: old");
  for (const char* wrong :
       {"until = \"2027-03-31\"\nclients = [\"10.0.0.7\"]\n", "reason = \"old\"\nclients = [\"10.0.0.7\"]\n",
        "reason = \"old\"\nuntil = \"2027-02-30\"\nclients = [\"10.0.0.7\"]\n",
        "reason = \"old\"\nuntil = \"2027-03-31\"\n",
        "reason = \"old\"\nuntil = \"2027-03-31\"\nservers = [\"other.example\"]\n"})
    EXPECT_FALSE(settings_with_exception(wrong)) << wrong;
}

TEST(Settings, SecureEmailGuideG4ExceptNobodyTowardsCjsm) {
  const auto settings = settings_with_exception(
      "reason = \"old\"\nuntil = \"2027-03-31\"\nservers = [\"relay.cjsm.example\"]\n", "cjsm");
  ASSERT_FALSE(settings);
  EXPECT_NE(settings.error().message.find("keyd signs no client's TLS 1.2"), std::string::npos)
      << settings.error().message;
}

constexpr std::string_view kClear =
    "[[lan.clear]]\nhost = \"10.0.0.7\"\nreason = \"old scanner\"\nauthoriser = \"J Smith\"\n"
    "until = \"2027-03-31T12:00:00Z\"\n";

Result<Settings> settings_with_clear(const std::string& tables) {
  return Config::parse(std::string(kSound) + tables, "t").and_then(read_settings);
}

TEST(Settings, ExceptHostsOfTheLanSideFromTlsUntilASecond) {
  EXPECT_TRUE(settings_with_clear("")->lan.clear.empty());
  const auto settings = settings_with_clear(std::string(kClear) + std::string(kClear));
  ASSERT_TRUE(settings) << settings.error().message;
  ASSERT_EQ(settings->lan.clear.size(), 2U);
  EXPECT_EQ(settings->lan.clear[1].in_words(),
            "mail in clear is excepted until 2027-03-31T12:00:00Z for 10.0.0.7, by J Smith: old scanner");
  std::string many;
  for (int i = 0; i < 16; ++i) many += kClear;
  EXPECT_TRUE(settings_with_clear(many));
  EXPECT_FALSE(settings_with_clear(many + std::string(kClear)));
}

/// `value` in the place of what `key` has.
std::string clear_with(const std::string& key, const std::string& value) {
  std::string text(kClear);
  const auto at = text.find(key + " = ");
  return text.replace(at, text.find('\n', at) - at, value.empty() ? "" : key + " = " + value);
}

TEST(Settings, SecureEmailGuideG5TakeNoExceptionFromTlsThatIsNotWhole) {
  for (const char* host : {R"("127.0.0.1")", R"("127.0.0.0/24")", R"("10.0.0.7/32")", R"("2001:db8::7")",
                           R"("2001:db8::/120")", R"("::1")"})
    EXPECT_TRUE(settings_with_clear(clear_with("host", host))) << host;
  const std::string long_text = "\"" + std::string(201, 'x') + "\"";
  for (const auto& [key, value] :
       std::vector<std::pair<std::string, std::string>>{{"host", ""},
                                                        {"host", R"("")"},
                                                        {"host", R"("scanner.example")"},
                                                        {"host", R"("10.0.0.0/23")"},
                                                        {"host", R"("0.0.0.0/0")"},
                                                        {"host", R"("10.0.0.7/33")"},
                                                        {"host", R"("10.0.0.7/")"},
                                                        {"host", R"("10.0.0.7/24x")"},
                                                        {"host", R"("10.0.0.7/-1")"},
                                                        {"host", R"("2001:db8::/119")"},
                                                        {"host", R"("2001:db8::/129")"},
                                                        {"host", R"("10.0.0.7, 10.0.0.8")"},
                                                        {"host", R"(["10.0.0.7"])"},
                                                        {"host", R"("*")"},
                                                        {"reason", ""},
                                                        {"reason", R"("")"},
                                                        {"reason", long_text},
                                                        {"reason", R"("two\nlines")"},
                                                        {"reason", "7"},
                                                        {"authoriser", ""},
                                                        {"authoriser", R"("")"},
                                                        {"authoriser", long_text},
                                                        {"authoriser", R"("a\u007fb")"},
                                                        {"until", ""},
                                                        {"until", R"("2027-03-31")"},
                                                        {"until", "2027-03-31T12:00:00Z"},
                                                        {"until", R"("never")"},
                                                        {"until", R"("2027-03-31T12:00:00+01:00")"},
                                                        {"until", R"("2027-02-29T12:00:00Z")"}}) {
    const auto refused = settings_with_clear(clear_with(key, value));
    ASSERT_FALSE(refused) << key << " " << value;
    EXPECT_TRUE(refused.error().message.starts_with("t: lan.clear[0]." + key + " "))
        << refused.error().message;
  }
  EXPECT_EQ(settings_with_clear(clear_with("until", R"("2027-03-31T12:00")")).error().message,
            "t: lan.clear[0].until must be a time in UTC, as \"2027-03-31T12:00:00Z\"");
  for (const std::string& wrong :
       {std::string(kClear) + "from = \"2027-01-01\"\n", std::string("[lan.clear]\nhost = \"10.0.0.7\"\n"),
        std::string("[[lan.clear]]\n")})
    EXPECT_FALSE(settings_with_clear(wrong)) << wrong;
}

TEST(Settings, Clause17ExceptNobodyFromTlsTowardsCjsm) {
  std::string text(kClear);
  text.replace(text.find("lan"), 3, "cjsm");
  const auto settings = settings_with_clear(text);
  ASSERT_FALSE(settings);
  EXPECT_TRUE(settings.error().message.starts_with("t: cjsm.clear cannot be")) << settings.error().message;
}

TEST(Settings, MayHaveAnotherPace) {
  std::string text(kSound);
  text +=
      "[limits]\nsession_seconds = 8\nmax_mails_per_session = 9\nmax_connections_per_client = "
      "7\ncommand_seconds = 60\nbody_seconds = 61\n";
  text += "min_bytes_per_second = 62\nstress_command_seconds = 5\nstress_body_seconds = 6\n";
  text += "stress_min_bytes_per_second = 63\n";
  const auto settings = Config::parse(text, "t").and_then(read_settings);
  ASSERT_TRUE(settings.has_value()) << settings.error().message;
  const Limits& limits = settings->limits;
  EXPECT_EQ(limits.max_connections_per_client, 7U);
  EXPECT_EQ(limits.session, std::chrono::seconds(8));
  EXPECT_EQ(limits.max_mails_per_session, 9U);
  EXPECT_EQ(limits.pace.usual.command, std::chrono::seconds(60));
  EXPECT_EQ(limits.pace.usual.body_block, std::chrono::seconds(61));
  EXPECT_EQ(limits.pace.usual.min_body_bytes_per_second, 62U);
  EXPECT_EQ(limits.pace.stress.command, std::chrono::seconds(5));
  EXPECT_EQ(limits.pace.stress.body_block, std::chrono::seconds(6));
  EXPECT_EQ(limits.pace.stress.min_body_bytes_per_second, 63U);
}

TEST(Settings, MayHaveALoginAtTheRelay) {
  const auto settings = settings_with("relay_port = 4545",
                                      "relay_port = 4545\nrelay_user = \"u\"\nrelay_password_file = \"/p\"");
  ASSERT_TRUE(settings.has_value()) << settings.error().message;
  EXPECT_EQ(settings->relay_user, "u");
  EXPECT_EQ(settings->relay_password_file, "/p");
  EXPECT_FALSE(settings_with("relay_port = 4545", "relay_port = 4545\nrelay_user = \"u\""));
  EXPECT_FALSE(settings_with("relay_port = 4545", "relay_port = 4545\nrelay_password_file = \"/p\""));
}

TEST(Settings, MayHaveListenersWithTlsFromTheStart) {
  EXPECT_FALSE(Config::parse(kSound, "t").and_then(read_settings)->lan.listen_tls);
  const char* line = "listen = \"[::1]:0\"";
  const auto settings = settings_with(line, "listen = \"[::1]:0\"\nlisten_tls = \"127.0.0.1:465\"");
  ASSERT_TRUE(settings.has_value()) << settings.error().message;
  EXPECT_EQ(settings->cjsm.listen_tls->text(), "127.0.0.1:465");
  EXPECT_FALSE(settings->lan.listen_tls);
  for (const char* wrong : {"192.0.2.1:465", "name:465", "465", ""})
    EXPECT_FALSE(settings_with(line, "listen = \"[::1]:0\"\nlisten_tls = \"" + std::string(wrong) + "\""))
        << wrong;
}

TEST(Settings, MayListProxiesOnTheLanSideOnly) {
  EXPECT_TRUE(Config::parse(kSound, "t").and_then(read_settings)->lan.proxies.empty());
  const char* lan = "listen = \"127.0.0.1:2525\"";
  const auto settings = settings_with(lan, "listen = \"127.0.0.1:2525\"\nproxies = [\"10.0.0.5\"]");
  ASSERT_TRUE(settings.has_value()) << settings.error().message;
  EXPECT_EQ(settings->lan.proxies, std::vector<std::string>{"10.0.0.5"});
  EXPECT_FALSE(settings_with("listen = \"[::1]:0\"", "listen = \"[::1]:0\"\nproxies = [\"10.0.0.5\"]"));
}

TEST(Settings, MayHaveADoorAndAnAuditKey) {
  std::string text(kSound);
  text += "[audit]\norigin = \"box/gatewayd\"\nkeyd_socket = \"/k\"\nkey = \"audit-2\"\n";
  text += "[door]\npath = \"/run/door\"\n[door.callers]\nconsole = [\"root\"]\n";
  const auto settings = Config::parse(text, "t").and_then(read_settings);
  ASSERT_TRUE(settings.has_value()) << settings.error().message;
  EXPECT_EQ(settings->audit.origin, "box/gatewayd");
  EXPECT_EQ(settings->audit.keyd_socket, "/k");
  EXPECT_EQ(settings->audit.key, "audit-2");
  EXPECT_EQ(settings->door->path, "/run/door");
  EXPECT_EQ(settings->door->callers.at(0), "console");
}

TEST(Settings, NameAScannerOnlyIfThereIsOne) {
  const auto with = [](const std::string& lines) {
    return Config::parse(std::string(kSound) + "[scanner]\n" + lines, "t").and_then(read_settings);
  };
  EXPECT_FALSE(Config::parse(kSound, "t").and_then(read_settings)->scanner);
  const auto clamd = with("language = \"clamd\"\nsocket = \"/run/clamd\"\n");
  ASSERT_TRUE(clamd.has_value()) << clamd.error().message;
  EXPECT_EQ(clamd->scanner->socket, "/run/clamd");
  EXPECT_EQ(clamd->scanner->within, std::chrono::seconds(60));
  const auto icap =
      with("language = \"icap\"\naddress = \"[::1]:1344\"\nservice = \"/avscan\"\nseconds = 9\n");
  ASSERT_TRUE(icap.has_value()) << icap.error().message;
  EXPECT_EQ(icap->scanner->kind, ScannerKind::kIcap);
  EXPECT_EQ(icap->scanner->address.text(), "[::1]:1344");
  EXPECT_EQ(icap->scanner->within, std::chrono::seconds(9));
  for (const char* wrong :
       {"language = \"other\"\nsocket = \"/s\"\n", "socket = \"/s\"\n", "language = \"clamd\"\n",
        "language = \"clamd\"\nsocket = \"s\"\n", "language = \"clamd\"\naddress = \"192.0.2.1:3310\"\n",
        "language = \"clamd\"\naddress = \"127.0.0.1:0\"\n", "language = \"icap\"\nsocket = \"/s\"\n",
        "language = \"icap\"\nsocket = \"/s\"\nservice = \"/a b\"\n",
        "language = \"clamd\"\nsocket = \"/s\"\nseconds = 0\n"})
    EXPECT_FALSE(with(wrong)) << wrong;
}

struct Bad {
  const char* name;
  const char* line;
  const char* instead;
  const char* message_part;
};

class BadSettings : public testing::TestWithParam<Bad> {};

TEST_P(BadSettings, AreRefusedByName) {
  const auto settings = settings_with(GetParam().line, GetParam().instead);
  ASSERT_FALSE(settings.has_value());
  EXPECT_EQ(settings.error().code, ErrorCode::kInvalid);
  EXPECT_NE(settings.error().message.find(GetParam().message_part), std::string::npos)
      << settings.error().message;
}

INSTANTIATE_TEST_SUITE_P(
    , BadSettings,
    testing::ValuesIn(std::to_array<Bad>({
        {"NoHost", "host = \"gateway.lawfirm.example\"", "", "t: host is missing"},
        {"HostThatIsNone", "\"gateway.lawfirm.example\"", "\"gate way\"", "t: host must"},
        {"NoDomains", "domains = [\"lawfirm.example\"]", "domains = []", "domains"},
        {"Misspelt", "ledger = ", "leger = ", "ledger is missing"},
        {"Unknown", "practice = true", "practice = true\ncolour = 'red'", "colour is no known setting"},
        {"ListenWithoutPort", "127.0.0.1:2525", "127.0.0.1", "lan.listen"},
        {"ListenPortTooBig", "127.0.0.1:2525", "127.0.0.1:65536", "lan.listen"},
        {"ListenOnAName", "127.0.0.1:2525", "localhost:2525", "lan.listen"},
        {"NoPort", "relay_port = 4545", "", "cjsm.relay_port"},
        {"FurtherRelayWithoutName", "relay_port = 4545",
         "relay_port = 4545\nfurther_relays = [\"127.0.0.2:25\"]", "cjsm.further_relays"},
        {"FurtherRelayWithoutPort", "relay_port = 4545",
         "relay_port = 4545\nfurther_relays = [\"127.0.0.2 = relay2.example\"]", "cjsm.further_relays"},
        {"FurtherRelayWithABadName", "relay_port = 4545",
         "relay_port = 4545\nfurther_relays = [\"127.0.0.2:25 = relay 2\"]", "cjsm.further_relays"},
        {"RelayInClear", "relay_port = 4545", "relay_port = 4545\nrelay_tls = \"none\"", "cjsm.relay_tls"},
        {"FurtherRelayInClear", "relay_port = 4545",
         "relay_port = 4545\nfurther_relays = [\"127.0.0.2:25 = r2.example = none\"]", "cjsm.further_relays"},
        {"PortZero", "relay_port = 4545", "relay_port = 0", "cjsm.relay_port"},
        {"NobodyMayConnect", "clients = [\"127.0.0.0/8\"]\nserver_host", "clients = []\nserver_host",
         "lan.clients"},
        {"NoIdentity", "identity = \"/i/cjsm\"\n", "", "cjsm.identity"},
        {"OriginThatIsNone", "[lan]", "[audit]\norigin = \"two words\"\n[lan]", "audit.origin"},
        {"AnyRelayName", "client_names = [\"relay.cjsm.example\"]", "client_names = []", "cjsm.client_names"},
        {"PracticeWithRealRelay", "relay_host = \"127.0.0.1\"", "relay_host = \"192.0.2.1\"",
         "practice mode"},
        {"PracticeWithNamedRelay", "relay_host = \"127.0.0.1\"", "relay_host = \"localhost\"",
         "practice mode"},
        {"PracticeWithARealFurtherRelay", "relay_port = 4545",
         "relay_port = 4545\nfurther_relays = [\"192.0.2.1:25 = relay2.example\"]", "practice mode"},
        {"PracticeWithRealServer", "server_host = \"127.0.0.1\"", "server_host = \"10.0.0.1\"",
         "practice mode"},
        {"PracticeListeningOutside", "127.0.0.1:2525", "0.0.0.0:2525", "practice mode"},
    })),
    [](const auto& c) { return std::string(c.param.name); });

TEST(Settings, MayNameARealRelayOutsidePracticeMode) {
  std::string text(kSound);
  text.replace(text.find("practice = true"), 15, "practice = false");
  text.replace(text.find("relay_host = \"127.0.0.1\""), 24, "relay_host = \"relay.cjsm.example\"");
  EXPECT_TRUE(Config::parse(text, "t").and_then(read_settings).has_value());
}

}  // namespace
}  // namespace privyseal::gateway
