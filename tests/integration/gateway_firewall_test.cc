// No mail without a firewall (clause 21): gatewayd beside a state file that the test writes, and beside the
// real privyseal-firewall with a real nft in a network of its own, whose rules the test takes away.
#include <gmock/gmock.h>
#include <sys/stat.h>

#include <fstream>
#include <iterator>

#include "firmware/base/check.h"
#include "firmware/base/file.h"
#include "firmware/base/json.h"
#include "firmware/firewall/state.h"
#include "tests/integration/gateway_lab.h"
#include "tests/support/metrics_check.h"
#include "tests/support/temp_folder.h"

namespace privyseal::test {
namespace {

using namespace std::chrono_literals;
using namespace std::string_literals;
using peer::SmtpClient;
using testing::HasSubstr;

constexpr uid_t kFirewallUid = 967;  // image/sysusers.d

class FirewallTest : public GatewayTest {
 protected:
  static void SetUpTestSuite() {
    folder_ = std::make_unique<TempFolder>();
    CHECK(::chmod(folder_->path().c_str(), 0755) == 0);
  }
  static void open_lab_beside(const std::filesystem::path& state) {
    open_lab({.settings = "firewall = \"" + state.string() + "\"\n"});
  }
  static void TearDownTestSuite() {
    GatewayTest::TearDownTestSuite();
    folder_.reset();
  }

  static JsonObject firewall() {
    const auto status = lab_->gateway->ask({{"op", "status"}});
    const JsonObject* object = status ? json_object(*status, "firewall") : nullptr;
    return object == nullptr ? JsonObject{} : *object;
  }
  static bool becomes(std::string_view state, std::chrono::seconds most = 60s) {
    return wait_until([&] { return json_text(firewall(), "state").value_or("") == state; }, most);
  }
  static std::string why() { return json_text(firewall(), "why").value_or(""); }

  void expect_carried() {
    expect_out(250, mail_out());
    expect_in(250, mail_in());
    for (const LedgerRow& row : rows(2)) EXPECT_EQ(row.outcome, "delivered");
    GatewayTest::SetUp();
  }
  void expect_refused() {
    SmtpClient out = lab_->lan_client();
    SmtpClient in = lab_->cjsm_client();
    EXPECT_EQ(out.command("MAIL FROM:<alice@lawfirm.example>")->code, 421);
    EXPECT_TRUE(out.is_ended_by_server(10s));
    EXPECT_EQ(in.command("MAIL FROM:<bob@police.example.cjsm.net>")->code, 421);
    for (const LedgerRow& row : rows(2)) {
      EXPECT_THAT(row.reply, HasSubstr("421 4.3.2 The gateway cannot vouch for its firewall now"));
      EXPECT_EQ(row.outcome, "deferred");
      EXPECT_EQ(row.verdict, "refused/firewall-down");
    }
    GatewayTest::SetUp();
  }
  /// What the log knows of it: "failed other rules", ...
  static std::vector<std::string> recorded() {
    std::vector<std::string> found;
    const auto entries = lab_->gateway->ask({{"op", "audit-entries"}, {"after", 0}, {"limit", 100}});
    for (const Json& line : *json_array(entries.value(), "entries")) {
      const auto entry = parse_json_object(std::string_view(line.as_string()));
      if (json_text(*entry, "action").value() == "firewall-switched")
        found.push_back(json_text(*entry, "outcome").value() + " " + json_text(*entry, "why").value());
    }
    return found;
  }

  static std::unique_ptr<TempFolder> folder_;
};
std::unique_ptr<TempFolder> FirewallTest::folder_;

class GatewayFirewall : public FirewallTest {
 protected:
  static void SetUpTestSuite() {
    FirewallTest::SetUpTestSuite();
    say(true);
    open_lab_beside(state());
  }
  void SetUp() override {
    say(true);
    ASSERT_TRUE(becomes("up"));
    GatewayTest::SetUp();
  }

  static std::filesystem::path state() { return *folder_ / "state"; }
  static void say(bool is_up, std::chrono::seconds ago = 0s) {
    const SystemClock clock;
    CHECK(replace_file(state(),
                       bytes_of(to_text(firewall::State{.is_up = is_up,
                                                        .why = is_up ? "" : "other rules",
                                                        .since = clock.now(),
                                                        .looked_at = clock.now() - ago,
                                                        .looked = clock.boot_time().since - ago,
                                                        .rules = std::string(64, 'a'),
                                                        .changes = 3,
                                                        .dropped = 40,
                                                        .dropped_today = 4})),
                       0644));
  }
};

TEST_F(GatewayFirewall, Clause21NoMailPassesWhileItIsDownOrNobodyLooks) {
  expect_carried();
  say(false);
  ASSERT_TRUE(becomes("down"));
  EXPECT_EQ(why(), "other rules");
  expect_refused();
  say(true);
  ASSERT_TRUE(becomes("up"));
  expect_carried();
  say(true, 42s);  // and then the watch dies: its last word grows old
  ASSERT_TRUE(becomes("down", 20s));
  EXPECT_THAT(why(), HasSubstr("nobody has looked at the firewall since"));
  expect_refused();
  say(true);
  ASSERT_TRUE(becomes("up"));
  std::filesystem::remove(state());
  ASSERT_TRUE(becomes("down"));
  EXPECT_THAT(why(), HasSubstr("cannot be read"));
  expect_refused();
  std::ofstream(state()) << "{\"state\":\"up\"}";
  EXPECT_TRUE(wait_until([] { return why().contains("is missing"); })) << why();
  expect_refused();
  say(true);
  ASSERT_TRUE(becomes("up"));
  expect_carried();
  EXPECT_THAT(recorded(), testing::Contains("failed other rules"));
  EXPECT_THAT(recorded(), testing::Contains("ok rules " + std::string(64, 'a') + ", changed 3 times"));
  EXPECT_THAT(lab_->gateway->output(), HasSubstr("firewall-down why=\"other rules\""));
}

TEST_F(GatewayFirewall, Clause21MailUnderWayIsCarriedToItsEndAndTheNextOneWaits) {
  SmtpClient open = lab_->lan_client();
  ASSERT_EQ(open.envelope(mail_out())->code, 354);
  say(false);
  ASSERT_TRUE(becomes("down"));
  ASSERT_TRUE(open.write(peer::dot_stuffed(mail_out().message)));
  EXPECT_EQ(open.read_reply()->code, 250);
  EXPECT_EQ(open.command("MAIL FROM:<alice@lawfirm.example>")->code, 421);
  static_cast<void>(rows(2));
}

TEST_F(GatewayFirewall, Clause21NoMailPassesRightAfterAStartIntoADownFirewall) {
  say(false);
  ASSERT_TRUE(lab_->gateway->restart(SIGTERM));
  expect_refused();
}

TEST_F(GatewayFirewall, Clause21ALineThatWasEndedIsAnsweredSoWhateverTheFirewallSays) {
  ASSERT_TRUE(lab_->gateway->ask({{"op", "line-switch"}, {"line", "terminated"}, {"why", "a test"}}));
  say(false);
  ASSERT_TRUE(becomes("down"));
  EXPECT_EQ(lab_->lan_client().command("MAIL FROM:<alice@lawfirm.example>")->code, 550);
  static_cast<void>(only_row());
  std::filesystem::remove(lab_->gateway->ledger().parent_path() / "line.json");
  ASSERT_TRUE(lab_->gateway->restart(SIGTERM));
}

TEST_F(GatewayFirewall, Clause21StatusAndFiguresTellWhatWasDropped) {
  const JsonObject now = firewall();
  EXPECT_EQ(json_number(now, "dropped").value(), 40);
  EXPECT_EQ(json_number(now, "dropped_today").value(), 4);
  EXPECT_EQ(json_number(now, "changes").value(), 3);
  const auto answer = lab_->gateway->ask({{"op", "metrics"}});
  const std::string text = json_text(answer.value(), "text").value();
  EXPECT_EQ(wrong_in_metrics(text), "") << text;
  for (const char* part : {"privyseal_firewall_up 1\n", "privyseal_firewall_changes_total 3\n",
                           "privyseal_firewall_dropped_packets_total 40\n"})
    EXPECT_THAT(text, HasSubstr(part));
}

/// The box's own rules, in a network that nobody else is in.
class GatewayRealFirewall : public FirewallTest {
 protected:
  static void SetUpTestSuite() {
    FirewallTest::SetUpTestSuite();
    const std::filesystem::path own = *folder_ / "run";
    std::filesystem::create_directory(own);
    CHECK(::chown(own.c_str(), kFirewallUid, kFirewallUid) == 0);
    std::ofstream(*folder_ / "interfaces.nft") << "add element inet privyseal lan { \"enp0s16\" }\n"
                                                  "add element inet privyseal cjsm { \"enp0s17\" }\n";
    std::ofstream(*folder_ / "firewall.nft") << "include \"" PRIVYSEAL_NFTABLES "\"\ninclude \""
                                             << (*folder_ / "interfaces.nft").string() << "\"\n";
    network_ = new_network();
    CHECK(inside({PRIVYSEAL_FIREWALL, "load", *folder_ / "firewall.nft", *folder_ / "expected"}) == 0);
    watch_ =
        start(in_network({"/usr/bin/setpriv", "--reuid=967", "--regid=967", "--clear-groups",
                          "--inh-caps=-all,+net_admin", "--ambient-caps=-all,+net_admin",
                          "--bounding-set=-all,+net_admin", "--no-new-privs", PRIVYSEAL_FIREWALL, "watch",
                          *folder_ / "firewall.nft", *folder_ / "expected", own / "state", "10"}));
    open_lab_beside(own / "state");
  }
  static void TearDownTestSuite() {
    watch_.reset();
    network_.reset();
    FirewallTest::TearDownTestSuite();
  }

  static std::unique_ptr<ChildProcess> start(const ProcessOptions& options) {
    auto started = ChildProcess::start(options);
    CHECK(started);
    return std::make_unique<ChildProcess>(std::move(*started));
  }
  /// It lasts as long as the process.
  static std::unique_ptr<ChildProcess> new_network() {
    auto holder = start(
        {.program = "/usr/bin/unshare", .arguments = {"--net", "/usr/bin/sleep", "600"}, .environment = {}});
    const auto name = [](const std::string& pid) {
      return std::filesystem::read_symlink("/proc/" + pid + "/ns/net");
    };
    CHECK(wait_until([&] { return name(std::to_string(holder->pid())) != name("self"); }));
    return holder;
  }
  static ProcessOptions in_network(const std::vector<std::string>& command,
                                   const ChildProcess& network = *network_) {
    ProcessOptions options{.program = "/usr/bin/nsenter",
                           .arguments = {"--target=" + std::to_string(network.pid()), "--net"},
                           .environment = {"PATH=/usr/sbin:/usr/bin"},
                           .output = *folder_ / "output"};
    options.arguments.insert(options.arguments.end(), command.begin(), command.end());
    return options;
  }
  static int inside(const std::vector<std::string>& command, const ChildProcess& network = *network_) {
    return start(in_network(command, network))->wait(20s).value();
  }
  static std::string output() {
    std::ifstream in(*folder_ / "output");
    return {std::istreambuf_iterator<char>(in), {}};
  }
  static std::string rules() {
    std::filesystem::remove(*folder_ / "output");
    EXPECT_EQ(inside({"/usr/sbin/nft", "--stateless", "list", "ruleset"}), 0);
    return output();
  }

  static std::unique_ptr<ChildProcess> network_;
  static std::unique_ptr<ChildProcess> watch_;
};
std::unique_ptr<ChildProcess> GatewayRealFirewall::network_;
std::unique_ptr<ChildProcess> GatewayRealFirewall::watch_;

TEST_F(GatewayRealFirewall, Clause21FlushedRulesStopMailWithinAMinuteAndComeBackByThemselves) {
  ASSERT_TRUE(becomes("up")) << why() << output();
  const std::string before = rules();
  ASSERT_THAT(before, HasSubstr("policy drop"));
  expect_carried();
  SmtpClient out = lab_->lan_client();
  SmtpClient in = lab_->cjsm_client();
  ASSERT_EQ(inside({"/usr/sbin/nft", "flush", "ruleset"}), 0);
  EXPECT_EQ(rules(), "");
  ASSERT_TRUE(becomes("down", 60s));
  EXPECT_EQ(out.command("MAIL FROM:<alice@lawfirm.example>")->code, 421);
  EXPECT_EQ(in.command("MAIL FROM:<bob@police.example.cjsm.net>")->code, 421);
  static_cast<void>(rows(2));
  GatewayTest::SetUp();
  ASSERT_TRUE(becomes("up", 60s)) << why() << output();
  EXPECT_EQ(rules(), before);
  EXPECT_EQ(json_number(firewall(), "changes").value(), 1);
  expect_carried();
  EXPECT_THAT(recorded(),
              testing::Contains("failed the kernel had other rules than those that were loaded at start"));
}

TEST_F(GatewayRealFirewall, Clause21AFurtherTableIsFoundAndTakenAway) {
  ASSERT_TRUE(becomes("up")) << why() << output();
  const std::string before = rules();
  ASSERT_EQ(inside({"/usr/sbin/nft", "add", "table", "ip", "theirs"}), 0);
  ASSERT_TRUE(becomes("down", 60s));
  ASSERT_TRUE(becomes("up", 60s));
  EXPECT_EQ(rules(), before);
}

TEST_F(GatewayRealFirewall, CountsWhatIsDroppedAndTakesThatForNoChange) {
  ASSERT_TRUE(becomes("up")) << why() << output();
  const auto changes = json_number(firewall(), "changes").value();
  const auto dropped = json_number(firewall(), "dropped").value();
  const auto peer = new_network();
  const auto ip = [](const ChildProcess& network, std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "/usr/sbin/ip");
    EXPECT_EQ(inside(arguments, network), 0) << output();
  };
  ip(*network_, {"link", "add", "dev", "veth0", "type", "veth", "peer", "name", "veth1", "netns",
                 std::to_string(peer->pid())});
  ip(*network_, {"address", "add", "192.0.2.1/24", "dev", "veth0"});
  ip(*network_, {"link", "set", "dev", "veth0", "up"});
  ip(*peer, {"address", "add", "192.0.2.2/24", "dev", "veth1"});
  ip(*peer, {"link", "set", "dev", "veth1", "up"});
  EXPECT_EQ(inside({"/usr/bin/timeout", "3", "/bin/bash", "-c", ": </dev/tcp/192.0.2.1/25"}, *peer), 124);
  EXPECT_TRUE(wait_until([&] { return json_number(firewall(), "dropped").value() > dropped; }, 60s));
  EXPECT_EQ(json_number(firewall(), "changes").value(), changes);
}

}  // namespace
}  // namespace privyseal::test
