// What the gateway says at its door about mail that really went through, and whether its audit log holds.
#include <gmock/gmock.h>
#include <signal.h>

#include "firmware/base/audit/checkpoint.h"
#include "firmware/base/base64.h"
#include "firmware/base/json.h"
#include "firmware/base/sha256.h"
#include "tests/integration/gateway_lab.h"
#include "tests/support/metrics_check.h"

namespace privyseal::test {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

class GatewayDoor : public GatewayTest {
 protected:
  static JsonObject ask(JsonObject request) {
    auto answer = lab_->gateway->ask(request);
    EXPECT_TRUE(answer) << to_text(request) << ": " << answer.error().message;
    return answer.value_or(JsonObject());
  }
  static const JsonArray& list(const JsonObject& answer, const char* key) {
    static const JsonArray kNone;
    const JsonArray* found = json_array(answer, key);
    EXPECT_NE(found, nullptr) << to_text(answer);
    return found == nullptr ? kNone : *found;
  }
};

TEST_F(GatewayDoor, FindsAndTracksAMail) {
  expect_out(250, mail_out());
  const auto row = only_row();
  const JsonObject found = ask({{"op", "mail-find"}, {"text", "bob@police"}, {"limit", 1}});
  ASSERT_EQ(list(found, "mails").size(), 1U);
  EXPECT_EQ(json_number(list(found, "mails").at(0).as_object(), "id").value(), row.id);
  const JsonObject track = ask({{"op", "mail-track"}, {"id", row.id}});
  const JsonObject& mail = *json_object(track, "mail");
  const JsonObject& hop = *json_object(mail, "hop_tls");
  const JsonObject& client = *json_object(mail, "client_tls");
  EXPECT_EQ(json_text(hop, "session_id").value(), row.session_id);
  EXPECT_THAT(json_text(hop, "peer_subject").value(), HasSubstr("relay.cjsm.example"));
  EXPECT_EQ(json_text(client, "version").value(), "TLSv1.3");
  EXPECT_NE(json_text(client, "session_id").value(), row.session_id);
  EXPECT_GE(list(track, "timeline").size(), 5U);
  EXPECT_EQ(lab_->gateway->ask({{"op", "mail-track"}, {"id", 999999}}).error().code, ErrorCode::kNotFound);
}

/// The tests' user is the console here, and asks what its page asks.
TEST_F(GatewayDoor, TheConsoleBringsARegisterInPartsForTheOfficerWhoAsked) {
  const JsonObject officer{{"name", "Alice Archer"}, {"role", "officer"}, {"source", "192.0.2.7"}};
  const std::string text =
      "Firstname,Lastname,Secure Email,Account Status\nAnn,Bee,ann@police.example.cjsm.net,Active\n";
  const auto send = [&](const std::string& content) {
    std::size_t sent = 0;
    for (const std::string& part : {content.substr(0, 48), content.substr(48)}) {
      ask({{"op", "policy-part"}, {"after", sent}, {"content", to_base64(bytes_of(part))}});
      sent += part.size();
    }
    return lab_->gateway->ask({{"op", "policy-set"},
                               {"actor", officer},
                               {"name", "directory.csv"},
                               {"sha256", to_hex(sha256(bytes_of(content)))},
                               {"why", "March's export"}});
  };
  const auto newest = [] {
    const auto size = json_number(*json_object(ask({{"op", "status"}}), "audit"), "size").value();
    const JsonObject entries = ask({{"op", "audit-entries"}, {"after", size - 1}});
    return std::string(list(entries, "entries").at(0).as_string());
  };
  ASSERT_TRUE(send(text));
  for (const char* words :
       {R"("actor":"Alice Archer","role":"officer","source":"192.0.2.7","action":"policy-set")",
        R"("object":"policy/directory.csv")", "March's export (1 rows"})
    EXPECT_THAT(newest(), HasSubstr(words));
  EXPECT_EQ(list(ask({{"op", "directory-search"}, {"text", "Bee"}}), "entries").size(), 1U);
  const auto refused = send(text + "Cee,\"Dee,cee@police.example.cjsm.net,Active\n");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kInvalid);
  EXPECT_THAT(refused.error().message, HasSubstr("directory.csv: line 3"));
  EXPECT_EQ(list(ask({{"op", "directory-search"}, {"text", "Bee"}}), "entries").size(), 1U);
  ask({{"op", "policy-remove"}, {"actor", officer}, {"name", "directory.csv"}, {"why", "back"}});
  EXPECT_THAT(newest(), HasSubstr(R"("actor":"Alice Archer","role":"officer")"));
  EXPECT_TRUE(list(ask({{"op", "policy-show"}}), "files").empty());
}

TEST_F(GatewayDoor, CouncilK3AMailInSaysByWhatItWasTrusted) {
  expect_in(250, mail_in());
  const auto row = only_row();
  const JsonObject track = ask({{"op", "mail-track"}, {"id", row.id}});
  const JsonObject& mail = *json_object(track, "mail");
  const JsonObject& client = *json_object(mail, "client_tls");
  EXPECT_EQ(json_text(client, "session_id").value(), row.session_id);
  EXPECT_EQ(json_text(client, "version").value(), "TLSv1.3");
  EXPECT_EQ(json_text(client, "peer_subject").value(), std::string("CN=") + kRelayName);
  EXPECT_EQ(json_text(client, "peer_issuer").value(), "CN=Stand-in Egress CA");
  EXPECT_EQ(json_text(client, "peer_serial").value(), row.peer_serial);
  EXPECT_FALSE(json_text(mail, "opened_at").value().empty());
  EXPECT_EQ(json_text(*json_object(mail, "hop_tls"), "version").value(), "TLSv1.3");
}

TEST_F(GatewayDoor, CountsWhatHappened) {
  const auto delivered = [] {
    return json_number(*json_object(ask({{"op", "status"}}), "today"), "delivered").value();
  };
  const auto before = delivered();
  expect_out(250, mail_out());
  static_cast<void>(only_row());
  EXPECT_EQ(delivered(), before + 1);
  std::int64_t flowed = 0;
  const JsonObject flow = ask({{"op", "mail-flow"}, {"minutes", 60}});
  ASSERT_EQ(list(flow, "minutes").size(), 60U);
  for (const Json& minute : list(flow, "minutes"))
    flowed += json_number(minute.as_object(), "delivered").value();
  EXPECT_GE(flowed, 1);
}

TEST_F(GatewayDoor, CouncilP3ReportsMailByPartnerDomain) {
  const auto mails_of = [](const std::string& domain) -> std::int64_t {
    const JsonObject answer = ask({{"op", "mail-partners"}});
    for (const Json& entry : list(answer, "partners")) {
      const JsonObject& partner = entry.as_object();
      if (json_text(partner, "domain").value() != domain) continue;
      EXPECT_EQ(json_text(partner, "last_day").value().size(), sizeof("2026-03-01") - 1);
      return json_number(partner, "mails").value();
    }
    return 0;
  };
  expect_out(250, mail_out());
  const std::string recipient = only_row().recipients;
  const std::string domain = recipient.substr(recipient.find('@') + 1);
  const std::int64_t before = mails_of(domain);
  EXPECT_GE(before, 1);
  expect_out(250, mail_out());
  EXPECT_EQ(mails_of(domain), before + 1);
  EXPECT_EQ(mails_of("lawfirm.example"), 0);  // we ourselves
}

TEST_F(GatewayDoor, SaysHowTheGatewayIs) {
  const JsonObject status = ask({{"op", "status"}});
  EXPECT_EQ(json_text(status, "state").value(), "running");
  EXPECT_THAT(json_text(status, "openssl").value(), HasSubstr("OpenSSL 3.5"));
  const JsonArray& identities = list(status, "identities");
  ASSERT_EQ(identities.size(), 2U);
  EXPECT_EQ(json_text(identities.at(0).as_object(), "side").value(), "lan");
  EXPECT_EQ(json_text(identities.at(1).as_object(), "key").value(), "keyd:gateway");
  EXPECT_EQ(json_text(identities.at(1).as_object(), "fingerprint").value().size(), 64U);
  EXPECT_EQ(json_text(*json_object(status, "relay"), "host").value(), "127.0.0.1");
}

TEST_F(GatewayDoor, OffersItsFiguresInPrometheusForm) {
  expect_out(250, mail_out());
  EXPECT_EQ(only_row().outcome, "delivered");
  const std::string text = json_text(ask({{"op", "metrics"}}), "text").value();
  EXPECT_EQ(wrong_in_metrics(text), "") << text;
  for (const char* part : {"privyseal_smtp_messages_total{direction=\"out\",result=\"delivered\"} ",
                           "privyseal_smtp_stage_duration_seconds_count{stage=\"verdict\"} ",
                           "privyseal_tls_handshakes_total{role=\"client\",version=\"TLSv1.3\"",
                           "privyseal_audit_entries_total{log=\"gatewayd\"} "})
    EXPECT_THAT(text, HasSubstr(part));
  for (const char* part : {"lawfirm", "police", "@"}) EXPECT_THAT(text, testing::Not(HasSubstr(part)));
}

TEST_F(GatewayDoor, PlacesAHoldWithAReasonAndRecordsThePerson) {
  for (const JsonObject& bad :
       {JsonObject{{"op", "hold-add"}, {"text", "alice@lawfirm.example"}, {"why", ""}},
        JsonObject{{"op", "hold-add"}, {"text", " "}, {"why", "x"}},
        JsonObject{{"op", "hold-add"}, {"from", "yesterday"}, {"why", "x"}}})
    EXPECT_EQ(lab_->gateway->ask(bad).error().code, ErrorCode::kInvalid) << to_text(bad);
  const JsonObject placed =
      ask({{"op", "hold-add"}, {"text", "Alice@lawfirm.example"}, {"why", "dispute 12"}});
  const auto id = json_number(placed, "id").value();
  const JsonObject listed = ask({{"op", "hold-list"}});
  const JsonObject& hold = list(listed, "holds").at(0).as_object();
  EXPECT_EQ(json_text(hold, "key").value(), "alice@lawfirm.example");
  EXPECT_EQ(json_text(hold, "why").value(), "dispute 12");
  EXPECT_FALSE(json_text(hold, "placed_by").value().empty());
  EXPECT_EQ(lab_->gateway->ask({{"op", "hold-end"}, {"id", 999}, {"why", "x"}}).error().code,
            ErrorCode::kNotFound);
  ask({{"op", "hold-end"}, {"id", id}, {"why", "settled"}});
  EXPECT_EQ(lab_->gateway->ask({{"op", "hold-end"}, {"id", id}, {"why", "x"}}).error().code,
            ErrorCode::kConflict);
  expect_out(250, mail_out());  // a refused change is nobody's mail
}

TEST_F(GatewayDoor, DeniesWhatIsNotItsBusiness) {
  EXPECT_EQ(lab_->gateway->ask({{"op", "shutdown"}}).error().code, ErrorCode::kDenied);
  EXPECT_EQ(lab_->gateway->ask({{"op", "mail-find"}, {"from", "yesterday"}}).error().code,
            ErrorCode::kInvalid);
  EXPECT_EQ(lab_->gateway->ask({{"op", "mail-find"}, {"limit", 101}}).error().code, ErrorCode::kInvalid);
  EXPECT_EQ(lab_->gateway->ask({{"op", "mail-track"}}).error().code, ErrorCode::kInvalid);
}

TEST_F(GatewayDoor, GivesRowsWhoseHashesStandInTheAuditLog) {
  expect_out(250, mail_out());
  const auto row = only_row();
  const JsonObject extract = ask({{"op", "ledger-extract"}, {"after_id", row.id - 1}});
  const JsonObject& mail = list(extract, "mails").at(0).as_object();
  const auto seq = json_number(mail, "closed_seq").value();
  const JsonObject entries = ask({{"op", "audit-entries"}, {"after", seq}, {"limit", 1}});
  const auto entry = parse_json_object(json_texts(entries, "entries").value().at(0)).value();
  EXPECT_EQ(json_text(entry, "action").value(), "mail-closed");
  EXPECT_EQ(json_text(entry, "object").value(), "mail/" + std::to_string(row.id));
  EXPECT_EQ(json_text(entry, "params_hash").value(),
            to_hex(sha256(bytes_of(to_text(*json_object(mail, "row"))))));
}

TEST_F(GatewayDoor, SignsItsAuditLogWithTheKeyInTheToken) {
  expect_out(250, mail_out());
  static_cast<void>(only_row());
  ASSERT_TRUE(lab_->gateway->restart(SIGTERM));  // an orderly end signs what came in
  std::string note;
  ASSERT_TRUE(wait_until([&] {
    note = json_text(ask({{"op", "audit-checkpoint"}}), "note").value();
    return !note.empty();
  })) << lab_->gateway->output();
  const auto parsed = audit::parse_note(note);
  ASSERT_TRUE(parsed) << note;
  EXPECT_EQ(parsed->checkpoint.origin, std::string(kGatewayName) + "/gatewayd");
  EXPECT_GE(parsed->checkpoint.size, 5U);  // start, two identities, a mail opened and closed
  const auto key = hsm::Client(lab_->keyd.socket()).find_key("audit");
  ASSERT_TRUE(key);
  EXPECT_TRUE(audit::check_signature(*parsed, key->public_key));
  JsonObject verified;
  EXPECT_TRUE(wait_until([&] {  // the gateway has just begun and may not have asked keyd for the key yet
    verified = ask({{"op", "audit-verify"}});
    return json_flag(verified, "signatures_checked", false).value();
  })) << to_text(verified);
  EXPECT_GE(json_number(verified, "checkpoint_size").value(), 5);
}

TEST_F(GatewayDoor, SaysThatCheckpointsAreMissingWhileMailFlows) {
  GatewaySettings settings = lab_->settings;
  settings.folder = lab_->keyd.folder() / "unsigned";
  settings.audit_key = "no-such-key";
  auto second = TestGateway::start(settings);
  ASSERT_TRUE(second) << second.error().message;
  ASSERT_TRUE(
      wait_until([&] { return (*second)->output().find("checkpoint-not-signed") != std::string::npos; }));
  JsonObject audit;
  EXPECT_TRUE(wait_until([&] {  // the first entry is written beside the start
    const auto status = (*second)->ask({{"op", "status"}});
    if (status) audit = *json_object(*status, "audit");
    return audit.contains("unsigned_since");
  })) << to_text(audit);
  EXPECT_EQ(json_number(audit, "checkpoint_size").value_or(-1), 0);
  EXPECT_THAT(json_text(audit, "failure").value_or(""), HasSubstr("no-such-key"));
  EXPECT_EQ((*second)->stop(), 0);
}

}  // namespace
}  // namespace privyseal::test
