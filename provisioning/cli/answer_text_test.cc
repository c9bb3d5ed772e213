/// What the doors answer, as people see it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "provisioning/cli/audit.h"
#include "provisioning/cli/certificates.h"
#include "provisioning/cli/console.h"
#include "provisioning/cli/directory.h"
#include "provisioning/cli/keys.h"
#include "provisioning/cli/ledger.h"
#include "provisioning/cli/line.h"
#include "provisioning/cli/mail.h"
#include "provisioning/cli/status.h"
#include "provisioning/cli/text.h"

namespace privyseal::cli {
namespace {

TEST(HoldList, SaysWhoseMailsSinceWhenAndWhy) {
  const auto answer =
      parse_json_object(
          R"({"holds":[{"id":2,"key":"@york.cjsm.net","from":"2026-03-01T00:00:00.000Z","to":"","placed_at":)"
          R"("2026-03-02T09:00:00.000Z","placed_by":"olivia","why":"breach 4"},)"
          R"({"id":1,"key":"","from":"","to":"2026-02-01","placed_at":"2026-03-01T09:00:00.000Z","placed_by":"olivia",)"
          R"("why":"audit","ended_at":"2026-03-03T09:00:00.000Z","ended_by":"otto","ended_why":"done"}]})")
          .value();
  const std::string text = hold_list_text(answer);
  for (const char* part : {"@york.cjsm.net", "breach 4", "everybody", "by otto: done"})
    EXPECT_NE(text.find(part), std::string::npos) << part << " in " << text;
  EXPECT_NE(hold_list_text({}).find("Nothing is on hold"), std::string::npos);
}

JsonObject json(std::string_view text) { return parse_json_object(text).value(); }

struct Case {
  const char* name;
  std::string (*text)(const JsonObject& answer);
  const char* answer;
  const char* expected;
};
class AnswerText : public testing::TestWithParam<Case> {};
TEST_P(AnswerText, IsExactlyThis) {
  EXPECT_EQ(GetParam().text(json(GetParam().answer)), GetParam().expected);
}

/// What is missing or strange must not end the command.
TEST_P(AnswerText, TakesAnyObject) {
  for (const char* odd :
       {"{}", R"({"mails":1,"minutes":{},"mail":[],"identities":"x","keys":null,"entries":true,"logs":0})",
        R"({"mails":[1],"minutes":[{}],"mail":{},"identities":[{}],"keys":[{}],"entries":[{}],"logs":[{}]})"})
    EXPECT_FALSE(GetParam().text(json(odd)).empty());
}

INSTANTIATE_TEST_SUITE_P(
    , AnswerText,
    testing::ValuesIn(std::to_array<Case>({
        {"MailFlow", mail_flow_text,
         R"({"minutes":[{"at":"2026-03-10T09:00:00Z","delivered":12,"refused":0,"deferred":1},
                        {"at":"2026-03-10T09:01:00Z","delivered":0,"refused":0,"deferred":0}]})",
         "MINUTE                      DELIVERED  REFUSED  DEFERRED\n"
         "2026-03-10 09:00:00 +00:00         12        0         1\n"
         "\n12 delivered, 0 refused, 1 deferred in 2 minutes; minutes without mail are left out. Times are "
         "Europe/London.\n"},
        {"MailPartners", mail_partners_text,
         R"({"partners":[{"domain":"york.cjsm.net","mails":41,"last_day":"2026-11-21"},
                         {"domain":"police.example","mails":7,"last_day":"2026-10-01"}],"more":true})",
         "DOMAIN          MAILS  LAST ON\n"
         "york.cjsm.net      41  2026-11-21\n"
         "police.example      7  2026-10-01\n"
         "\nWhat was refused or deferred counts, too. Days are of UTC.\n"
         "Domains with fewer mails than these are left out.\n"},
        {"MailFlowTls", mail_flow_text,
         R"({"minutes":[],"tls":{"cjsm":{"mails":12,"tls13":12,"hybrid":3},"lan":{"mails":0,"tls13":0,"hybrid":0}}})",
         "No mail was handled.\nTowards CJSM: of 12 mails, 12 over TLS 1.3, 3 with a hybrid key exchange "
         "(X25519MLKEM768).\n\n0 delivered, 0 refused, 0 deferred in 0 minutes; minutes without mail are "
         "left "
         "out. Times are Europe/London.\n"},
        {"MailFlowQuiet", mail_flow_text, R"({"minutes":[]})",
         "No mail was handled.\n\n0 delivered, 0 refused, 0 deferred in 0 minutes; minutes without mail are "
         "left "
         "out. Times are Europe/London.\n"},
        {"LineActive", line_show_text,
         R"({"scanner":"none","policy":{"line":"active","terms":"v10.2","stopped":[]}})",
         "The line is active. Mail passes.\nterms    v10.2\nmalware  scanned at CJSM only\n"},
        {"LineSuspended", line_show_text,
         R"({"scanner":"clamd","policy":{"line":"suspended","terms":"v10.2","folder":"/run/p","failure":"policy.toml: x",
             "next_maintenance":{"from":"2026-07-10T20:00:00Z","until":"2026-07-10T22:00:00Z"},
             "stopped":[{"key":"sender/a@b.example","count":200}]}})",
         "The line is suspended. New mail is told to wait (421), both ways, and is tried again.\n"
         "terms       v10.2\n"
         "rules       /run/p\n"
         "not in use  policy.toml: x\n"
         "next one    2026-07-10 21:00:00 +01:00 until 2026-07-10 23:00:00 +01:00\n"
         "malware     clamd\n"
         "\nSTOPPED BY A CAP    MAILS\nsender/a@b.example    200\n"
         "\nWithin the last hour. One may begin anew: privyseal rate release KEY --reason TEXT\n"},
        {"LineTerminated", line_switch_text, R"({"line":"terminated"})",
         "The line is terminated. Mail is refused for good, both ways. The records stay readable.\n"},
        {"DirectorySearch", directory_search_text,
         R"({"entries":[{"name":"Bea Test","organisation":"Police","address":"bea@police.example.cjsm.net"}]})",
         "NAME      ORGANISATION  ADDRESS\nBea Test  Police        bea@police.example.cjsm.net\n"},
        {"DirectorySearchEmpty", directory_search_text, R"({"entries":[]})",
         "Nobody active in the directory matches.\n"},
        {"MailFind", mail_find_text,
         R"({"mails":[{"id":7,"opened_at":"2026-07-10T09:00:00.5Z","direction":"out","sender":"alice@lawfirm.example",
              "recipients":["bob@police.example.cjsm.net","c@d"],"recipient_count":21,"size":1735,"outcome":"delivered","reply":"250"},
             {"id":6,"opened_at":"2026-07-10T08:00:00Z","direction":"in","sender":"","recipients":["alice@lawfirm.example"],
              "size":null,"outcome":"refused","reply":"550"}],"more":true})",
         "ID  WHEN                        WAY        FROM                   TO                               "
         "          "
         "BYTES  OUTCOME\n"
         " 7  2026-07-10 10:00:00 +01:00  to CJSM    alice@lawfirm.example  bob@police.example.cjsm.net and "
         "20 others  "
         " 1735  delivered\n"
         " 6  2026-07-10 09:00:00 +01:00  from CJSM  <>                     alice@lawfirm.example            "
         "          "
         "    -  refused\n"
         "\nNewest first. Times are Europe/London.\nThe whole way of one: privyseal mail track ID\n"
         "There are more: --before 6\n"},
        {"MailFindNone", mail_find_text, R"({"mails":[],"more":false})", "No mail matches.\n"},
        {"MailTrack", mail_track_text,
         R"({"mail":{"id":7,"opened_at":"2026-03-10T09:00:00Z","closed_at":"2026-03-10T09:00:01Z","direction":"out",
              "client_address":"192.0.2.25:40000","sender":"alice@lawfirm.example\u001b[2J","recipients":["bob@x.cjsm.net","c@x.cjsm.net"],
              "recipient_count":3,"size":10,"hop":"relay:4545","outcome":"delivered","reply":"250 \r\n ok",
              "hop_tls":{"version":"TLSv1.3","group":"x25519","suite":"S","resumed":false,"peer_subject":"CN=r","peer_issuer":"CN=i",
              "peer_serial":"65","session_id":"ab"},"client_tls":null},
             "timeline":[{"at":"2026-03-10T09:00:00Z","text":"began"}]})",
         "mail         7, to CJSM\n"
         "from         alice@lawfirm.example\\x1b[2J\n"
         "to           bob@x.cjsm.net\n"
         "             c@x.cjsm.net\n"
         "             and 1 other not listed here\n"
         "bytes        10\n"
         "came from    192.0.2.25:40000\n"
         "went to      relay:4545\n"
         "opened       2026-03-10 09:00:00 +00:00\n"
         "closed       2026-03-10 09:00:01 +00:00\n"
         "outcome      delivered\n"
         "reply        250 \\x0d\\x0a ok\n"
         "TLS onwards  TLSv1.3, x25519, S, a new handshake\n"
         "             peer CN=r, serial 65, from CN=i\n"
         "             session ab\n"
         "\n2026-03-10 09:00:00 +00:00  began\n"
         "\nTimes are Europe/London.\n"},
        {"Clause17MailTrackInClear", mail_track_text,
         R"({"mail":{"id":7,"direction":"out","sender":"a@b","recipients":["c@d"],"hop_tls":{"version":"TLSv1.2"},"client_tls":{"version":"none"}},"timeline":[]})",
         "mail         7, to CJSM\n"
         "from         a@b\n"
         "to           c@d\n"
         "TLS to us    none: it came in clear, as an exception allows\n"
         "TLS onwards  TLSv1.2\n"
         "\nNothing more is recorded.\n"
         "\nTimes are Europe/London.\n"},
        {"CertList", certificate_list_text,
         R"({"identities":[{"name":"cjsm","issuer":"est","active":{"generation":2,"state":"active","key":"cjsm-2","subject":"CN=g",
              "not_after":"2026-09-01T00:00:00Z"},"previous":null,"candidate":{"generation":3,"state":"failed","key":"cjsm-3","why":"wrong issuer"},
              "alarm":{"since":"2026-03-10T09:00:00Z","why":"the EST server answered 500","level":"warning"},"next":"The next attempt is soon."}]})",
         "IDENTITY  PLACE      GENERATION  STATE   KEY     SUBJECT  VALID UNTIL\n"
         "cjsm      active              2  active  cjsm-2  CN=g     2026-09-01 01:00:00 +01:00\n"
         "cjsm      candidate           3  failed  cjsm-3  -        -\n"
         "\ncjsm: warning since 2026-03-10 09:00:00 +00:00: the EST server answered 500\n"
         "cjsm: the candidate one: wrong issuer\n"
         "cjsm: next: The next attempt is soon.\n"
         "Times are Europe/London.\n"},
        {"Claim", claim_text,
         R"({"url":"https://c.example/claim","code":"AB12-CD34","expires_at":"2026-03-10T09:10:00Z"})",
         "open   https://c.example/claim\ncode   AB12-CD34\nuntil  2026-03-10 09:10:00 +00:00\n"
         "\nWhoever gives this code first becomes the first officer of the console. An older code no longer "
         "works.\n"
         "The time is Europe/London.\n"},
        {"Keys", key_list_text,
         R"({"keys":[{"name":"audit","role":"audit","type":"p256","fingerprint":"00ff","uses":{"tls_client":0,"tls_server":0,"csr":0,"checkpoint":7,"refused":1}}]})",
         "NAME   ROLE   TYPE  TLS  CSR  CA  CHECKPOINT  REFUSED  PUBLIC KEY (SHA-256)\n"
         "audit  audit  p256    0    0   0           7        1  00ff\n"
         "\nUses are counted since the key was made, refusals since keyd started. No private key can leave "
         "the token.\n"},
        {"AuditTail", audit_tail_text,
         R"({"entries":[{"log":"keyd","entry":{"seq":0,"ts":"2026-03-10T09:00:00Z","actor":"root","action":"generate","object":"key/a","outcome":"ok","why":""}}]})",
         "WHEN                        LOG   NUMBER  WHO   DID       TO     OUTCOME  WHY\n"
         "2026-03-10 09:00:00 +00:00  keyd       0  root  generate  key/a  ok       -\n"
         "\nOldest first. Times are Europe/London.\n"},
        {"AuditVerify", audit_verify_text,
         R"({"logs":[{"log":"keyd","verdict":"sound","size":4,"signed":3},{"log":"renewd","verdict":"not-sound","size":4,"signed":3,"why":"an entry differs"},{"log":"admind","verdict":"no-answer","why":"down"}]})",
         "LOG     ENTRIES  SIGNED  VERDICT    WHY\n"
         "keyd          4       3  sound      -\n"
         "renewd        4       3  NOT SOUND  an entry differs\n"
         "admind        -       -  no-answer  down\n"
         "\nSound: every signed entry is as it was signed, by the audit key in the token. Entries behind the "
         "last\n"
         "checkpoint are signed within a minute.\n"},
    })),
    [](const auto& c) { return std::string(c.param.name); });

// --- lights

const WallTime kNow = parse_time("2026-03-10T09:00:00Z").value();

struct LightCase {
  const char* name;
  const char* answer;
  Colour colour;
  const char* part;
};

class MailLight : public testing::TestWithParam<LightCase> {};
TEST_P(MailLight, FollowsTheGateway) {
  const Light light = mail_light(json(GetParam().answer), kNow);
  EXPECT_EQ(to_string(light.colour), to_string(GetParam().colour));
  EXPECT_THAT(light.sentence, testing::HasSubstr(GetParam().part));
  EXPECT_EQ(light.action.empty(), light.colour == Colour::kGreen);
}
INSTANTIATE_TEST_SUITE_P(
    , MailLight,
    testing::ValuesIn(std::to_array<LightCase>({
        {"Quiet", R"({"state":"running"})", Colour::kGreen, "has not taken one yet"},
        {"Flows",
         R"({"state":"running","today":{"delivered":3},"relay":{"last_delivered_at":"2026-03-10T08:00:00Z"}})",
         Colour::kGreen,
         "today 3 delivered, 0 refused, 0 deferred, 0 failed; the relay last took one at 2026-03-10 08:00:00 "
         "+00:00"},
        {"FailedThenDelivered",
         R"({"state":"running","relay":{"last_failure_at":"2026-03-10T07:59:59Z","last_delivered_at":"2026-03-10T08:00:00Z"}})",
         Colour::kGreen, "Mail flows"},
        // F9: no false alert while CJSM is down as it said it would be.
        {"FaqF9FailedInPlannedMaintenance",
         R"({"state":"running","relay":{"last_failure_at":"2026-03-10T08:00:01Z"},"policy":{"maintenance":{"from":"2026-03-10T07:00:00Z","until":"2026-03-10T10:00:00Z"}}})",
         Colour::kGreen, "planned maintenance until 2026-03-10 10:00:00 +00:00. What is not taken waits"},
        {"FaqF9RelayLeftAloneInPlannedMaintenance",
         R"({"state":"running","relays":[{"host":"r","port":25,"state":"paused","failures":5}],"policy":{"maintenance":{"from":"2026-03-10T07:00:00Z","until":"2026-03-10T10:00:00Z"}}})",
         Colour::kGreen, "planned maintenance"},
        {"FaqF9MailServerLeftAloneInPlannedMaintenance",
         R"({"state":"running","hop_waits":"r:25 is left alone","policy":{"maintenance":{"from":"2026-03-10T07:00:00Z","until":"2026-03-10T10:00:00Z"}}})",
         Colour::kAmber, "is left alone"},
        {"LineIsSuspended", R"({"state":"running","policy":{"line":"suspended\u001b"}})", Colour::kRed,
         "The line is suspended\\x1b: no mail passes"},
        {"Clause21FirewallIsDown",
         R"({"state":"running","firewall":{"state":"down","why":"nobody has looked\u001b"}})", Colour::kRed,
         "No mail passes, because the firewall is not in order: nobody has looked\\x1b."},
        {"Clause21FirewallSaysNothing", R"({"state":"running","firewall":{"changes":0}})", Colour::kRed,
         "the firewall is not in order"},
        {"Clause21FirewallWasChanged", R"({"state":"running","firewall":{"state":"up","changes":1}})",
         Colour::kAmber, "other firewall rules than ours were found 1 time and replaced"},
        {"Clause21FirewallIsUp", R"({"state":"running","firewall":{"state":"up","changes":0}})",
         Colour::kGreen, "Mail flows"},
        {"LineIsActive", R"({"state":"running","policy":{"line":"active"}})", Colour::kGreen, "Mail flows"},
        {"RulesAreNotInUse", R"({"state":"running","policy":{"failure":"assured.csv: line 3"}})",
         Colour::kAmber, "Newer rules are not in use: assured.csv: line 3."},
        {"CouncilK4AssuredListIsOld",
         R"({"state":"running","policy":{"registers":{"assured_days":31,"assured_is_old":true}}})",
         Colour::kAmber, "the list of assured domains is 31 days old"},
        {"CouncilK4AssuredListIsNew",
         R"({"state":"running","policy":{"registers":{"assured_days":30,"assured_is_old":false}}})",
         Colour::kGreen, "Mail flows"},
        {"ListOfRevokedIsOverdue",
         R"({"state":"running","revocations":[{"issuer":"CN=Egress CA","next_update":"2026-03-10T07:00:00Z"}]})",
         Colour::kAmber, "revoked certificates of CN=Egress CA"},
        {"Clause17MailMayComeInClear",
         R"({"state":"running","clear":[{"host":"10.0.0.8","reason":"gone","until":"2026-03-01T00:00:00Z","state":"expired"},{"host":"10.0.0.7\u001b","reason":"old scanner","until":"2026-04-10T08:00:00Z","state":"in-force"}]})",
         Colour::kAmber,
         "may come without TLS from 10.0.0.7\\x1b until 2026-04-10 09:00:00 +01:00 (old scanner)."},
        {"Clause17MailMayNoLongerComeInClear",
         R"({"state":"running","clear":[{"host":"10.0.0.8","reason":"gone","until":"2026-03-01T00:00:00Z","state":"expired"}]})",
         Colour::kGreen, "Mail flows"},
        {"DeliveredThenFailed",
         R"({"state":"running","relay":{"host":"relay\u001b","last_failure_at":"2026-03-10T08:00:01Z","last_failure":"451","last_delivered_at":"2026-03-10T08:00:00Z"}})",
         Colour::kAmber, "relay\\x1b failed at 2026-03-10 08:00:01 +00:00: 451"},
        {"NeverDelivered", R"({"state":"running","relay":{"last_failure_at":"2026-03-10T08:00:01Z"}})",
         Colour::kAmber, "failed"},
        {"HopWaits", R"({"state":"running","hop_waits":"r:25 failed\u001b, and is left alone"})",
         Colour::kAmber, "r:25 failed\\x1b, and is left alone."},
        {"PurgingWaits",
         R"({"state":"running","ledger":{"purge_waits":"by the clock\u001b, mails are due"}})",
         Colour::kAmber, "nothing is purged: by the clock\\x1b, mails are due."},
        {"Draining", R"({"state":"draining"})", Colour::kAmber, "takes no new mail"},
        {"NoState", "{}", Colour::kAmber, "takes no new mail"},
        {"JustUnsigned", R"({"state":"running","audit":{"unsigned_since":"2026-03-10T08:59:00Z"}})",
         Colour::kGreen, "Mail flows"},
        {"LongUnsigned",
         R"({"state":"running","audit":{"unsigned_since":"2026-03-10T08:00:00Z","failure":"keyd is away"}})",
         Colour::kAmber, "not been signed since 2026-03-10 08:00:00 +00:00: keyd is away"},
    })),
    [](const auto& c) { return std::string(c.param.name); });

class CertificateLight : public testing::TestWithParam<LightCase> {};
TEST_P(CertificateLight, FollowsTheWorstCertificate) {
  const Light light = certificate_light(json(GetParam().answer), kNow);
  EXPECT_EQ(to_string(light.colour), to_string(GetParam().colour));
  EXPECT_THAT(light.sentence, testing::HasSubstr(GetParam().part));
}
INSTANTIATE_TEST_SUITE_P(
    , CertificateLight,
    testing::ValuesIn(std::to_array<LightCase>({
        {"None", R"({"identities":[]})", Colour::kRed, "no certificate yet"},
        {"Good",
         R"({"identities":[{"name":"cjsm","active":{"not_after":"2026-09-01T00:00:00Z"}},{"name":"lan","active":{"not_after":"2026-08-01T00:00:00Z"}}]})",
         Colour::kGreen, "2 certificates in use; the first to end is 'lan', on 2026-08-01"},
        {"OneWithout",
         R"({"identities":[{"name":"cjsm","active":{"not_after":"2026-09-01T00:00:00Z"}},{"name":"lan","active":null,"next":"Ask."}]})",
         Colour::kRed, "'lan' has no certificate in use. Ask."},
        {"Ended", R"({"identities":[{"name":"cjsm","active":{"not_after":"2026-03-10T09:00:00Z"}}]})",
         Colour::kRed, "ended on 2026-03-10"},
        {"EndsSoon", R"({"identities":[{"name":"cjsm","active":{"not_after":"2026-03-23T09:00:00Z"}}]})",
         Colour::kAmber, "ends on 2026-03-23"},
        {"Warning",
         R"({"identities":[{"name":"cjsm","active":{"not_after":"2026-09-01T00:00:00Z"},"alarm":{"level":"warning","why":"500"}}]})",
         Colour::kAmber, "500"},
        {"Critical",
         R"({"identities":[{"name":"cjsm","active":{"not_after":"2026-09-01T00:00:00Z"},"alarm":{"level":"critical","why":"500"}}]})",
         Colour::kRed, "500"},
        {"NoEnd", R"({"identities":[{"name":"cjsm","active":{}}]})", Colour::kAmber, "not known how long"},
    })),
    [](const auto& c) { return std::string(c.param.name); });

TEST(KeyLight, IsRedWhenTheTokenCannotSign) {
  EXPECT_EQ(key_light(hsm::Health{.ready = false}, {}, {}).colour, Colour::kRed);
  EXPECT_EQ(
      key_light(hsm::Health{.ready = true}, std::vector<hsm::KeyInfo>{}, std::vector<hsm::KeyUses>{}).colour,
      Colour::kRed);
  EXPECT_EQ(key_light(fail(ErrorCode::kUnavailable, "keyd: gone"), {}, {}).sentence, "keyd: gone.");
}

TEST(KeyLight, IsAmberWhenKeydRefusedSomething) {
  const std::vector<hsm::KeyInfo> keys{{"cjsm-1", hsm::KeyRole::kCjsmIdentity, hsm::KeyType::kEcP256, {}}};
  EXPECT_EQ(key_light(hsm::Health{.ready = true}, keys,
                      std::vector{hsm::KeyUses{.name = "cjsm-1", .tls_client = 5}})
                .colour,
            Colour::kGreen);
  const Light light = key_light(hsm::Health{.ready = true}, keys,
                                std::vector{hsm::KeyUses{.name = "cjsm-1", .tls_client = 5, .refused = 2}});
  EXPECT_EQ(light.colour, Colour::kAmber);
  EXPECT_THAT(light.sentence, testing::HasSubstr("refused 2 requests: 1 key, 5 signatures"));
}

TEST(Crypto, SaysWhereKeysSignAndWhatTheProcessorDoes) {
  const Crypto crypto = crypto_of(hsm::Health{.ready = true, .token = "Maker, Model", .cpu = "RDRAND"},
                                  json(R"({"cpu":"AES-NI, VAES"})"), json("{}"));
  EXPECT_THAT(
      status_text({}, crypto, {}),
      testing::AllOf(
          testing::HasSubstr(
              "every private key signs in the token: Maker, Model (test token, not validated)\n"),
          testing::HasSubstr("gatewayd: uses AES-NI, VAES\n"),
          testing::HasSubstr("keyd: no AES instructions in use (only RDRAND): mail is carried, but slowly")));
  EXPECT_EQ(status_json({}, crypto, {}).at("crypto").as_object().at("token").as_string(), "Maker, Model");
}

TEST(Crypto, SaysWhatIsClaimedOfTheTokenWhereThatCounts) {
  const auto standing = [](const char* token, const char* console) {
    const Crypto crypto =
        crypto_of(hsm::Health{.ready = true, .token = token, .cpu = ""}, json("{}"), json(console));
    EXPECT_THAT(status_text({}, crypto, {}),
                testing::HasSubstr(std::format("{} ({})", token, crypto.standing)));
    return std::string(status_json({}, crypto, {}).at("crypto").as_object().at("token_standing").as_string());
  };
  const char* const claim = R"({"claims_validated_token":true})";
  EXPECT_EQ(standing("Maker, Model", claim), "claimed to be validated");
  EXPECT_EQ(standing("Maker, Model", R"({"claims_validated_token":false})"), "test token, not validated");
  EXPECT_EQ(standing("SoftHSM project, SoftHSM v2", claim), "test token, not validated");
}

TEST(Crypto, OfADaemonThatDoesNotAnswerIsLeftOut) {
  const Crypto crypto =
      crypto_of(fail(ErrorCode::kUnavailable, "keyd: gone"), fail(ErrorCode::kUnavailable, "gone"),
                fail(ErrorCode::kUnavailable, "gone"));
  EXPECT_EQ(crypto.standing, "test token, not validated");
  EXPECT_THAT(status_text({}, crypto, {}), testing::Not(testing::HasSubstr("processor")));
}

TEST(ConsoleLight, IsAmberUntilSomebodyTookItOver) {
  EXPECT_EQ(console_light(json(R"({"officer":false})")).colour, Colour::kAmber);
  EXPECT_EQ(console_light(json(R"({"officer":true,"users":1,"url":"https://c"})")).sentence,
            "The console runs at https://c; 1 account.");
}

TEST(Lights, TheWorstDecides) {
  const Light green{.name = "a", .colour = Colour::kGreen, .sentence = "", .action = ""};
  const Light red{.name = "b", .colour = Colour::kRed, .sentence = "", .action = ""};
  EXPECT_EQ(worst_of({green, red, green}), Colour::kRed);
  EXPECT_EQ(worst_of({green, green}), Colour::kGreen);
}

}  // namespace
}  // namespace privyseal::cli
