#include "firmware/gateway/ledger_answers.h"

#include <gtest/gtest.h>

#include "firmware/base/door.h"

namespace privyseal::gateway {
namespace {

const WallTime kNine{std::chrono::milliseconds{1772355600000}};  // 2026-03-01T09:00:00Z

tls::SessionFacts session(const std::string& id) {
  return {.version = "TLSv1.3",
          .group = "X25519",
          .suite = "TLS_AES_256_GCM_SHA384",
          .resumed = false,
          .peer_subject = "CN=" + id,
          .peer_issuer = "CN=ca",
          .peer_serial = "2A",
          .session_id = id};
}

MailRow some_mail() {
  return {.id = 7,
          .opened_at = "2026-03-01T09:00:00.000Z",
          .closed_at = "2026-03-01T09:00:01.000Z",
          .direction = "out",
          .client_address = "192.0.2.1:4000",
          .sender = "alice@lawfirm.example",
          .recipients = {"bob@police.example.cjsm.net"},
          .size_bytes = 42,
          .cjsm_session = session("cjsm"),
          .lan_session = session("lan"),
          .hop = "relay.example:25",
          .outcome = "delivered",
          .reply = "250 ok",
          .opened_seq = 3,
          .closed_seq = 4,
          .policy = {.message_id = "1@lawfirm.example", .marking = "OFFICIAL", .verdict = "passed"},
          .took = {.connect = std::chrono::milliseconds(7), .record = {}, .body = {}, .verdict = {}}};
}

TEST(MailSummary, SaysWhatAListNeeds) {
  EXPECT_EQ(
      to_text(summary_of(some_mail())),
      R"({"id":7,"opened_at":"2026-03-01T09:00:00.000Z","direction":"out","sender":"alice@lawfirm.example",)"
      R"("recipients":["bob@police.example.cjsm.net"],"recipient_count":1,"size":42,"marking":"OFFICIAL",)"
      R"("verdict":"passed","outcome":"delivered",)"
      R"("reply":"250 ok"})");
}

TEST(Partners, AreAllDomainsButOurOwn) {
  std::vector<DomainCount> domains{
      {.domain = "york.cjsm.net", .mails = 2, .last_day = "2026-03-04"},
      {.domain = "lawfirm.example", .mails = 2, .last_day = "2026-03-04"},
      {.domain = "lawfirm.example.cjsm.net", .mails = 1, .last_day = "2026-03-01"},
      {.domain = "notlawfirm.example", .mails = 1, .last_day = "2026-03-01"}};
  EXPECT_EQ(to_text(partners_of(domains, {"LawFirm.example"})),
            R"({"partners":[{"domain":"york.cjsm.net","mails":2,"last_day":"2026-03-04"},)"
            R"({"domain":"notlawfirm.example","mails":1,"last_day":"2026-03-01"}],"more":false})");
  for (int i = 0; i < 199; ++i)
    domains.push_back({.domain = "p" + std::to_string(i), .mails = 1, .last_day = "2026-03-01"});
  const JsonObject cut = partners_of(domains, {"lawfirm.example"});
  EXPECT_EQ(json_array(cut, "partners")->size(), 200U);
  EXPECT_TRUE(json_flag(cut, "more", false).value());
}

TEST(MailList, IsCutToOneAnswerAndSaysSo) {
  MailRow long_one = some_mail();
  long_one.recipients.assign(1000, std::string(254, 'x'));
  const std::vector<MailRow> mails(100, long_one);
  const JsonObject list = list_of(mails, 100);
  EXPECT_LT(to_text(list).size(), kMaxDoorAnswerBytes);
  EXPECT_GT(json_array(list, "mails")->size(), 5U);
  EXPECT_TRUE(json_flag(list, "more", false).value());
  EXPECT_FALSE(json_flag(list_of({some_mail()}, 100), "more", true).value());
  EXPECT_TRUE(json_flag(list_of({some_mail()}, 1), "more", false).value());
}

TEST(MailTrack, TellsTheTwoSessionsApart) {
  JsonObject out = track_of(some_mail());
  EXPECT_EQ(json_text(*json_object(*json_object(out, "mail"), "hop_tls"), "session_id").value(), "cjsm");
  EXPECT_EQ(json_text(*json_object(*json_object(out, "mail"), "client_tls"), "session_id").value(), "lan");
  MailRow incoming = some_mail();
  incoming.direction = "in";
  JsonObject in = track_of(incoming);
  EXPECT_EQ(json_text(*json_object(*json_object(in, "mail"), "hop_tls"), "session_id").value(), "lan");
}

TEST(MailTrack, TellsTheStoryInOrder) {
  const std::string text = to_text(track_of(some_mail()));
  std::size_t at = 0;
  for (const char* part :
       {"began a mail for 1 recipient\"", "Its connection: TLSv1.3, X25519", "The connection to relay",
        "audit entry 3", "the marking OFFICIAL and said: passed",
        "Delivered: relay.example:25 took it (250 ok)", "audit entry 4"}) {
    const auto next = text.find(part, at);
    ASSERT_NE(next, std::string::npos) << part << " in " << text;
    at = next;
  }
}

TEST(MailTrack, OfAnOpenMailHasNoEnd) {
  MailRow open = some_mail();
  open.closed_at.clear();
  open.closed_seq.reset();
  open.size_bytes.reset();
  open.reply.clear();
  open.outcome = "open";
  const JsonObject track = track_of(open);
  EXPECT_EQ(json_array(track, "timeline")->size(), 4U);
  EXPECT_TRUE(json_object(track, "mail")->at("closed_at").is_null());
  EXPECT_TRUE(json_object(track, "mail")->at("size").is_null());
}

TEST(MailTrack, OfAMailWithVeryManyRecipientsFitsIntoOneAnswer) {
  MailRow long_one = some_mail();
  long_one.recipients.assign(1000, std::string(320, 'x'));
  EXPECT_LT(to_text(track_of(long_one)).size(), kMaxDoorAnswerBytes);
}

TEST(MailFlow, HasEveryMinute) {
  const auto flow = flow_of({{"2026-03-01T09:01", "delivered", 5},
                             {"2026-03-01T09:01", "refused", 2},
                             {"2026-03-01T09:02", "open", 1},
                             {"2026-03-01T10:00", "delivered", 9}},
                            kNine, 3);
  EXPECT_EQ(to_text(JsonObject{{"minutes", flow}}),
            R"({"minutes":[{"at":"2026-03-01T09:00:00.000Z","delivered":0,"refused":0,"deferred":0},)"
            R"({"at":"2026-03-01T09:01:00.000Z","delivered":5,"refused":2,"deferred":0},)"
            R"({"at":"2026-03-01T09:02:00.000Z","delivered":0,"refused":0,"deferred":0}]})");
}

TEST(MailFlow, OfADayFitsIntoOneAnswer) {
  std::vector<MinuteCount> counts;
  for (int i = 0; i < 1440; ++i)
    for (const char* outcome : {"delivered", "refused", "deferred"})
      counts.push_back({to_rfc3339(kNine + std::chrono::minutes(i)).substr(0, 16), outcome, 12345});
  EXPECT_LT(to_text(JsonObject{{"minutes", flow_of(counts, kNine, 1440)}}).size(), kMaxDoorAnswerBytes - 128);
}

TEST(LedgerExtract, IsCutToOneAnswerAndSaysSo) {
  const ExtractedRow row{.id = 1,
                         .salt = "00",
                         .canonical_row = R"({"id":1,"sender":")" + std::string(50000, 'x') + "\"}",
                         .opened_seq = 0,
                         .closed_seq = std::nullopt};
  const auto extract = extract_of({row, row, row}, 100).value();
  EXPECT_EQ(json_array(extract, "mails")->size(), 2U);
  EXPECT_TRUE(json_flag(extract, "more", false).value());
  ExtractedRow too_long = row;
  too_long.canonical_row = R"({"sender":")" + std::string(130000, 'x') + "\"}";
  EXPECT_EQ(extract_of({too_long}, 100).error().code, ErrorCode::kInvalid);
}

TEST(Totals, AreShownByTheirNames) {
  const LedgerTotals totals{.mails = 3,
                            .oldest_at = "a",
                            .last_at = "b",
                            .today = {{"delivered", 4}, {"aborted", 1}, {"unknown", 2}},
                            .last_failure_at = "c",
                            .last_failure = "451 no"};
  EXPECT_EQ(to_text(today_of(totals)), R"({"delivered":4,"refused":0,"deferred":0,"failed":3})");
  EXPECT_EQ(to_text(ledger_of(totals)), R"({"mails":3,"oldest_at":"a","last_at":"b"})");
  EXPECT_EQ(to_text(relay_of({"relay", 25}, totals)),
            R"({"host":"relay","port":25,"last_failure_at":"c","last_failure":"451 no"})");
}

}  // namespace
}  // namespace privyseal::gateway
