// A certificate is tried with the relay before it goes live, and our own port is looked at after.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <format>

#include "firmware/base/check.h"
#include "firmware/base/file.h"
#include "tests/integration/renewd_lab.h"
#include "tests/peer/smtp_peer.h"

namespace privyseal::test {
namespace {

using testing::HasSubstr;

constexpr const char* kRelayName = "relay.cjsm.example";

class RenewdProbe : public testing::Test {
 protected:
  RenewdProbe() {
    const Credential relay_credential = lab.ca.issue({.dns_names = {kRelayName}});
    right_ = {.ca_pem = lab.ca.pem(),
              .chain_pem = relay_credential.chain_pem,
              .key_pem = relay_credential.key_pem,
              .server_name = {}};
    auto started = peer::SmtpPeer::start(right_);
    CHECK(started.has_value());
    relay = std::move(*started);
  }

  void start(const std::string& more = "") {
    lab.start(manual_toml(lab, std::format("probe = \"127.0.0.1:{}\"\nprobe_name = \"{}\"\n{}", relay->port(),
                                           kRelayName, more)));
  }
  void import() {
    const auto asked = lab.renewd->ask("cert-request", {{"identity", "cjsm"}});
    ASSERT_TRUE(asked) << asked.error().message;
    ASSERT_TRUE(import(issue(json_text(*asked, "csr").value())));
  }
  Result<JsonObject> import(const std::string& chain) {
    return lab.renewd->ask("cert-import", {{"identity", "cjsm"}, {"pem", chain}});
  }
  std::string issue(const std::string& csr) {
    return lab.ca.issue_from_csr(csr, {.dns_names = {kGatewayName}});
  }
  /// Another certificate for the key of the generation under way.
  std::string issue_again() {
    return issue(json_text(lab.renewd->ask("cert-csr", {{"identity", "cjsm"}}).value(), "csr").value());
  }
  std::string candidate(const std::string& field) {
    return text_in(lab.renewd->identity("cjsm"), "candidate", field);
  }
  /// Whoever shows a certificate of another authority is refused.
  [[nodiscard]] peer::TlsOptions strict() const {
    peer::TlsOptions options = right_;
    options.ca_pem = TestCa("Another authority").pem();
    return options;
  }
  [[nodiscard]] std::size_t entries(const std::string& action) const {
    const std::string log = lab.audit();
    const std::string wanted = "\"action\":\"" + action + "\"";
    std::size_t count = 0;
    for (auto at = log.find(wanted); at != std::string::npos; at = log.find(wanted, at + 1)) ++count;
    return count;
  }
  bool wait_for_candidate(const std::string& state) {
    return lab.renewd->wait_for("cjsm", [&](const auto& i) { return is_candidate(i, state); });
  }
  bool wait_for_alarm(const std::string& why) {
    return lab.renewd->wait_for("cjsm", [&](const auto& i) { return alarm_of(i).contains(why); });
  }
  Result<JsonObject> activate() { return lab.renewd->ask("cert-activate", {{"identity", "cjsm"}}); }

  /// For a program that has no sanitizers: the plain build of the provider, where every user may read it.
  std::filesystem::path openssl_conf() const {
    const auto module = lab.keyd.folder() / "privyseal.so";
    std::filesystem::copy_file(PRIVYSEAL_PROVIDER_MODULE, module,
                               std::filesystem::copy_options::skip_existing);
    return lab.file(
        "foreign.cnf",
        std::format("openssl_conf = init\n[init]\nproviders = providers\nalg_section = algorithms\n"
                    "[providers]\ndefault = default_provider\nprivyseal = privyseal_provider\n"
                    "[default_provider]\nactivate = 1\n"
                    "[privyseal_provider]\nmodule = {}\nsocket = {}\nactivate = 1\n"
                    "[algorithms]\ndefault_properties = ?provider=default\n",
                    module.string(), lab.keyd.socket().string()));
  }

  /// A server of another make on the console's port, with the console's key.
  ChildProcess serve(std::uint16_t port, std::int64_t generation) {
    const auto folder = lab.renewd->identity_folder("console") / std::to_string(generation);
    auto server =
        ChildProcess::start({.program = "/usr/bin/openssl",
                             .arguments = {"s_server", "-accept", "127.0.0.1:" + std::to_string(port),
                                           "-cert", folder / "chain.pem", "-key",
                                           "keyd:console-" + std::to_string(generation), "-tls1_3", "-quiet"},
                             .environment = {"OPENSSL_CONF=" + openssl_conf().string()},
                             .run_as = Identity{.uid = kConsoleUid, .gid = kConsoleUid},
                             .output = lab.keyd.folder() / "s_server.log"});
    CHECK(server.has_value());
    return std::move(*server);
  }

  RenewdLab lab;
  std::unique_ptr<peer::SmtpPeer> relay;
  peer::TlsOptions right_;
};

TEST_F(RenewdProbe, TheRelaySeesARealHandshakeWithTheNewCertificateAndNoMail) {
  start();
  import();
  ASSERT_TRUE(wait_for_candidate("proven")) << lab.renewd->output();
  const auto sessions = relay->sessions();
  ASSERT_EQ(sessions.size(), 1U);
  ASSERT_TRUE(sessions[0].tls);
  EXPECT_EQ(sessions[0].tls->version, peer::TlsVersion::kTls13);
  EXPECT_THAT(sessions[0].tls->peer_subject, HasSubstr(kGatewayName));
  EXPECT_EQ(sessions[0].transactions.size(), 0U);
  EXPECT_THAT(sessions[0].encrypted, HasSubstr("QUIT"));
  EXPECT_EQ(sessions[0].plain.find("MAIL"), std::string::npos);
}

TEST_F(RenewdProbe, ARelayWhereTlsComesFirstIsTriedSo) {
  relay->start_with_tls(true);
  start("probe_tls = \"implicit\"\n");
  import();
  ASSERT_TRUE(wait_for_candidate("proven")) << lab.renewd->output();
  const auto sessions = relay->sessions();
  ASSERT_EQ(sessions.size(), 1U);
  EXPECT_EQ(sessions[0].plain, "");
  EXPECT_THAT(sessions[0].encrypted, HasSubstr("QUIT"));
}

TEST_F(RenewdProbe, ACertificateThatTheRelayRefusesDoesNotGoLive) {
  start();
  relay->use(strict());
  import();
  ASSERT_TRUE(wait_for_alarm("the trial handshake with 127.0.0.1:")) << lab.renewd->output();
  const auto activated = activate();
  ASSERT_FALSE(activated);
  EXPECT_EQ(activated.error().code, ErrorCode::kConflict);
  EXPECT_THAT(activated.error().message, HasSubstr("only a proven one can be activated"));
  relay->use(right_);
  ASSERT_TRUE(wait_for_candidate("proven")) << "the trial is repeated";
  EXPECT_TRUE(activate());
}

TEST_F(RenewdProbe, ACorrectedCertificateTakesThePlaceOfOneThatIsNotInServiceYet) {
  start();
  relay->use(strict());
  import();
  ASSERT_TRUE(wait_for_alarm("the trial handshake with 127.0.0.1:")) << lab.renewd->output();
  const std::string first = candidate("serial");
  const std::string corrected = issue_again();
  ASSERT_FALSE(import("Dear customer"));
  EXPECT_EQ(candidate("serial"), first) << "what is refused replaces nothing";
  ASSERT_TRUE(import(corrected));
  EXPECT_NE(candidate("serial"), first);
  EXPECT_THAT(lab.audit(), HasSubstr("in place of generation 1 (issued, serial " + first + ", SHA-256 "));
  const auto again = import(corrected);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, ErrorCode::kConflict);
  EXPECT_THAT(again.error().message, HasSubstr("is there already"));
  relay->use(right_);
  ASSERT_TRUE(wait_for_candidate("proven")) << lab.renewd->output();

  const std::string second = candidate("serial");
  const std::string last = issue_again();
  const auto answer = import(last);
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(json_text(*answer, "state"), "issued") << "its trial begins";
  EXPECT_THAT(lab.audit(), HasSubstr("in place of generation 1 (proven, serial " + second + ", SHA-256 "));
  ASSERT_TRUE(wait_for_candidate("proven"));
  ASSERT_TRUE(activate());
  EXPECT_EQ(lab.served_chain("cjsm"), last);
  EXPECT_FALSE(import(last)) << "it is in service";
  EXPECT_EQ(lab.key_pairs(), 1U);
}

TEST_F(RenewdProbe, ARefusedCertificateCanBeGivenUpForANewRequest) {
  start();
  relay->use(strict());
  import();
  ASSERT_TRUE(wait_for_alarm("the trial handshake with 127.0.0.1:")) << lab.renewd->output();
  const auto asked = lab.renewd->ask("cert-request", {{"identity", "cjsm"}, {"instead_of", 1}});
  ASSERT_TRUE(asked) << asked.error().message;
  EXPECT_EQ(candidate("state"), "requested");
  EXPECT_EQ(candidate("key"), "cjsm-2");
  EXPECT_THAT(lab.audit(), HasSubstr("in place of generation 1 (issued, serial "));
  relay->use(right_);
  ASSERT_TRUE(import(issue(json_text(*asked, "csr").value())));
  ASSERT_TRUE(wait_for_candidate("proven")) << lab.renewd->output();
  EXPECT_TRUE(wait_until([&] { return !lab.answers("cjsm-1"); }));
}

TEST_F(RenewdProbe, AnIssuerThatIsAskedByItselfIsAskedAgainForTheSameKeyOnlyIfTheRelayRefuses) {
  FakeEst est(lab.keyd.folder() / "est");
  est.start();
  const std::uint16_t port = free_port();  // nobody is there yet
  lab.start(est_toml(lab, est,
                     std::format("probe = \"127.0.0.1:{}\"\nprobe_name = \"{}\"\nprobe_roots = \"{}\"\n",
                                 port, kRelayName, (lab.keyd.folder() / "roots.pem").string())));
  ASSERT_TRUE(wait_until([&] { return entries("trial-failed") >= 4; })) << lab.renewd->output();
  EXPECT_EQ(est.requests().size(), 1U) << "a relay that is away says nothing of the certificate";

  auto refusing = peer::SmtpPeer::start(strict(), port);
  ASSERT_TRUE(refusing);
  const std::string first = candidate("serial");
  const auto hurry = [&] { return lab.renewd->ask("cert-renew", {{"identity", "cjsm"}}); };
  ASSERT_TRUE(hurry());
  ASSERT_TRUE(wait_until([&] { return est.requests().size() >= 2; }, std::chrono::seconds(60)))
      << lab.renewd->output();
  EXPECT_GE((*refusing)->sessions().size(), 3U) << "it had its trials";
  EXPECT_THAT(lab.audit(),
              HasSubstr("another one is asked for in place of generation 1 (issued, serial " + first));

  peer::TlsOptions accepting = right_;
  accepting.ca_pem = text_of(read_file(est.root(), 1 << 16).value());
  (*refusing)->use(accepting);
  ASSERT_TRUE(hurry());
  ASSERT_TRUE(lab.renewd->wait_for("cjsm", [](const auto& i) { return active_of(i) == 1; }))
      << lab.renewd->output();
  EXPECT_NE(text_in(lab.renewd->identity("cjsm"), "active", "serial"), first);
  EXPECT_EQ(alarm_of(lab.renewd->identity("cjsm")), "");
  EXPECT_EQ(lab.key_pairs(), 1U);
}

TEST_F(RenewdProbe, ARelayThatIsAnotherIsNotShownOurCertificate) {
  start();
  const Credential impostor = lab.ca.issue({.dns_names = {"impostor.example"}});
  peer::TlsOptions wrong = right_;
  wrong.chain_pem = impostor.chain_pem;
  wrong.key_pem = impostor.key_pem;
  relay->use(wrong);
  import();
  ASSERT_TRUE(wait_for_alarm("wrong-name")) << lab.renewd->output();
  for (const auto& session : relay->sessions()) EXPECT_FALSE(session.tls);
}

TEST_F(RenewdProbe, ARelayWithoutStartTlsIsNoTrial) {
  start();
  relay->play(peer::without_starttls());
  import();
  ASSERT_TRUE(wait_for_alarm("STARTTLS")) << lab.renewd->output();
  EXPECT_TRUE(is_candidate(lab.renewd->identity("cjsm"), "issued"));
}

TEST_F(RenewdProbe, OurOwnPortIsLookedAtUntilItServesTheNewCertificate) {
  const std::uint16_t port = free_port();
  auto provisioning = lab.provisioning();
  ASSERT_TRUE(provisioning.generate("issuing-ca", hsm::KeyRole::kIssuingCa, hsm::KeyType::kEcP256));
  lab.start(
      std::format("[identity.console]\nissuer = \"local\"\ncommon_name = \"console.lawfirm.example\"\n"
                  "dns_names = [\"console.lawfirm.example\"]\nlive = \"127.0.0.1:{}\"\noverlap_hours = 0\n"
                  "[authority]\ncommon_name = \"CA\"\ndomains = [\"lawfirm.example\"]\n",
                  port));
  const auto wait_for = [&](const std::string& alarm) {
    return lab.renewd->wait_for("console", [&](const auto& i) {
      return alarm.empty() ? active_of(i) > 0 && alarm_of(i).empty() : alarm_of(i).contains(alarm);
    });
  };
  ASSERT_TRUE(wait_for("our own port")) << "nobody listens there yet";
  EXPECT_EQ(text_in(lab.renewd->identity("console"), "alarm", "cause"), "not-served");
  auto server = serve(port, 1);
  ASSERT_TRUE(wait_for("")) << to_text(lab.renewd->identity("console"));

  ASSERT_TRUE(lab.renewd->ask("cert-renew", {{"identity", "console"}}));
  ASSERT_TRUE(wait_for("does not serve the certificate of generation 2"));
  EXPECT_TRUE(lab.answers("console-1")) << "the old key must live while it is the one that is served";
  server.kill();
  server = serve(port, 2);
  ASSERT_TRUE(wait_for("")) << to_text(lab.renewd->identity("console"));
  EXPECT_TRUE(wait_until([&] { return !lab.answers("console-1"); })) << "and is retired then";
  EXPECT_TRUE(lab.answers("console-2"));
}

}  // namespace
}  // namespace privyseal::test
