#include "web-admin/pages/lights.h"

#include <gtest/gtest.h>

namespace privyseal::web {
namespace {

const Result<JsonObject> kAway = fail(ErrorCode::kUnavailable, "door: nobody there");

Result<JsonObject> answer(std::string_view json) { return parse_json_object(json); }

constexpr WallTime kNow{std::chrono::sys_days{std::chrono::November / 22 / 2026}};

Light certificates(const Result<JsonObject>& answer) { return certificate_light(answer, kAway, kNow); }

TEST(RelayLight, SaysWhatTheMailDoes) {
  EXPECT_EQ(relay_light(kAway).tone, Tone::kBad);
  EXPECT_EQ(relay_light(answer(R"({"relay":{"host":"h"}})")).tone, Tone::kNeutral);
  EXPECT_EQ(relay_light(answer(R"({})")).tone, Tone::kNeutral);
  const auto works = relay_light(answer(R"({"relay":{"last_delivered_at":"2026-11-22T07:30:00.000Z",
      "last_failure_at":"2026-11-21T07:30:00.000Z","last_failure":"timeout"}})"));
  EXPECT_EQ(works.tone, Tone::kGood);
  EXPECT_TRUE(works.sentence.contains("22 November 2026 at 07:30 UTC")) << works.sentence;
  const auto fails = relay_light(answer(R"({"relay":{"last_delivered_at":"2026-11-20T07:30:00.000Z",
      "last_failure_at":"2026-11-21T07:30:00.000Z","last_failure":"timeout"}})"));
  EXPECT_EQ(fails.tone, Tone::kBad);
  EXPECT_TRUE(fails.sentence.contains("timeout"));
  EXPECT_EQ(relay_light(answer(R"({"state":"draining","relay":{}})")).tone, Tone::kAttention);
}

TEST(RelayLight, SaysWhyMailGoesByAnotherWay) {
  const auto light = relay_light(answer(R"({"relay":{"last_delivered_at":"2026-11-22T07:30:00.000Z"},
        "hop_waits":"192.0.2.7:25 failed 6 times in a row (connection refused) now"})"));
  EXPECT_EQ(light.tone, Tone::kAttention);
  EXPECT_EQ(light.word, "By another way");
  EXPECT_EQ(light.sentence, "192.0.2.7:25 failed 6 times in a row (connection refused) now.");
}

TEST(RelayLight, SaysThatTheLineIsSuspended) {
  const auto line = [](const std::string& state) {
    return relay_light(answer(
        R"({"relay":{"last_delivered_at":"2026-11-22T07:30:00.000Z"},"policy":{"line":")" + state + "\"}}"));
  };
  EXPECT_EQ(line("active").tone, Tone::kGood);
  EXPECT_EQ(line("suspended").word, "Suspended");
  EXPECT_EQ(line("suspended").path, "/line");
  EXPECT_EQ(line("terminated").word, "Ended");
}

TEST(RelayLight, Clause21IsRedWhileTheFirewallIsDownAndSaysWhatToDo) {
  const auto with = [](const std::string& more) {
    return relay_light(answer(R"({"relay":{"last_delivered_at":"2026-11-22T07:30:00.000Z"})" + more + "}"));
  };
  EXPECT_EQ(with(R"(,"firewall":{"state":"up","changes":0})").word, "Working");
  const auto down = with(R"(,"firewall":{"state":"down","why":"other rules"})");
  EXPECT_EQ(down.tone, Tone::kBad);
  EXPECT_EQ(down.word, "Firewall");
  EXPECT_TRUE(down.sentence.contains("no mail passes: other rules. ")) << down.sentence;
  EXPECT_TRUE(down.sentence.contains("switch it off and on")) << down.sentence;
  EXPECT_EQ(with(R"(,"firewall":{})").tone, Tone::kBad) << "what says nothing is not up";
  const auto changed = with(R"(,"firewall":{"state":"up","changes":2})");
  EXPECT_EQ(changed.tone, Tone::kAttention);
  EXPECT_TRUE(changed.sentence.contains("found 2 times and replaced")) << changed.sentence;
  EXPECT_EQ(with(R"(,"policy":{"line":"suspended"},"firewall":{"state":"up","changes":2})").word,
            "Suspended");
}

TEST(RelayLight, FaqF9APlannedOutageIsNoAlarm) {
  const std::string window = R"("policy":{"line":"active","maintenance":{"until":"2026-11-22T09:00:00Z"}})";
  const std::string fails =
      R"({"relay":{"last_failure_at":"2026-11-22T07:30:00.000Z","last_failure":"refused"},)";
  const auto planned = relay_light(answer(fails + window + "}"));
  EXPECT_EQ(planned.tone, Tone::kNeutral);
  EXPECT_EQ(planned.word, "Planned outage");
  EXPECT_TRUE(planned.sentence.contains("until 22 November 2026 at 09:00 UTC")) << planned.sentence;
  const std::string works = R"({"relay":{"last_delivered_at":"2026-11-22T07:30:00.000Z"},)";
  EXPECT_EQ(
      relay_light(answer(works + R"("relays":[{"state":"paused"}],"hop_waits":"x",)" + window + "}")).word,
      "Planned outage");
  const std::string own_server_waits = R"("relays":[{"state":"in-use"}],"hop_waits":"x",)";
  EXPECT_EQ(relay_light(answer(works + own_server_waits + window + "}")).word, "By another way");
  EXPECT_EQ(relay_light(answer(works + window + "}")).word, "Working");
  EXPECT_EQ(relay_light(answer(fails + R"("policy":{"line":"active"}})")).tone, Tone::kBad);
}

TEST(RelayLight, CouncilK4AnOldListOfAssuredDomainsIsAmber) {
  const auto with = [](const std::string& old, const char* line) {
    return relay_light(
        answer(R"({"relay":{"last_delivered_at":"2026-11-22T07:30:00.000Z"},"policy":{"line":")" +
               std::string(line) + R"(","registers":{"assured_days":31,"assured_is_old":)" + old + "}}}"));
  };
  EXPECT_EQ(with("false", "active").word, "Working");
  const auto old = with("true", "active");
  EXPECT_EQ(old.tone, Tone::kAttention);
  EXPECT_EQ(old.sentence, "Mail may pass. But the list of assured domains is 31 days old.");
  EXPECT_EQ(old.path, "/rules");
  EXPECT_EQ(with("true", "suspended").word, "Suspended");
}

TEST(RelayLight, Clause17MailInClearIsAmberWhileItIsExcepted) {
  const auto with = [](const std::string& state, const char* line) {
    return relay_light(answer(
        R"({"relay":{"last_delivered_at":"2026-11-22T07:30:00.000Z"},"policy":{"line":")" +
        std::string(line) +
        R"("},"clear":[{"host":"10.0.0.8","reason":"gone","until":"2026-11-01T00:00:00Z","state":"expired"},)" +
        R"({"host":"10.0.0.7","reason":"old scanner","until":"2027-03-31T12:00:00Z","state":")" + state +
        R"("}]})"));
  };
  const auto clear = with("in-force", "active");
  EXPECT_EQ(clear.tone, Tone::kAttention);
  EXPECT_EQ(clear.word, "In clear");
  EXPECT_EQ(
      clear.sentence,
      "Mail may pass. But inside your network it may come without TLS from 10.0.0.7 until 31 March 2027 "
      "at 12:00 UTC (old scanner).");
  EXPECT_EQ(with("expired", "active").word, "Working");
  EXPECT_EQ(with("in-force", "suspended").word, "Suspended");
}

TEST(RelayLight, SaysThatNewerRulesAreNotInUse) {
  const auto with = [](const std::string& policy) {
    return relay_light(
        answer(R"({"relay":{"last_delivered_at":"2026-11-22T07:30:00.000Z"},"policy":{)" + policy + "}}"));
  };
  const auto old = with(R"("line":"active","failure":"assured.csv: line 3: no domain")");
  EXPECT_EQ(old.tone, Tone::kAttention);
  EXPECT_EQ(old.sentence, "Newer rules are not in use: assured.csv: line 3: no domain.");
  EXPECT_EQ(old.path, "/rules");
  const auto held = with(R"("line":"suspended","held":true,"failure":"assured.csv: gone; all mail waits")");
  EXPECT_EQ(held.tone, Tone::kBad);
  EXPECT_EQ(held.word, "Mail waits") << "nobody has suspended it";
  EXPECT_EQ(held.path, "/rules");
  EXPECT_EQ(with(R"("line":"suspended","failure":"assured.csv: gone")").word, "Suspended");
}

TEST(CertificateLight, AListOfRevokedOnesThatIsOutOfDateWantsAPerson) {
  const auto good =
      answer(R"({"identities":[{"name":"cjsm","active":{"not_after":"2027-01-01T00:00:00Z"}}]})");
  const auto due = [&](const std::string& next) {
    return certificate_light(good, answer(R"({"revocations":[{"next_update":")" + next + R"("}]})"), kNow);
  };
  EXPECT_EQ(due("2026-11-22T00:00:01Z").word, "Valid");
  EXPECT_EQ(due("").word, "Valid");
  EXPECT_EQ(due("2026-11-22T00:00:00Z").word, "Old list");
  EXPECT_EQ(due("2026-11-22T00:00:00Z").tone, Tone::kAttention);
  EXPECT_EQ(due("2026-11-22T00:00:00Z").path, "/revocations");
  EXPECT_EQ(certificates(answer(R"({"identities":[]})")).word, "Not there yet");
}

TEST(CertificateLight, TheWorstAlarmSpeaks) {
  EXPECT_EQ(certificates(kAway).tone, Tone::kAttention);
  EXPECT_EQ(certificates(answer(R"({"identities":[]})")).word, "Not there yet");
  EXPECT_EQ(certificates(answer(R"({"identities":[{"name":"cjsm","active":null,"alarm":null}]})")).word,
            "Not there yet");
  const auto good = certificates(answer(R"({"identities":[
      {"name":"cjsm","active":{"not_after":"2027-02-01T00:00:00.000Z"},"alarm":null},
      {"name":"lan","active":{"not_after":"2027-01-01T00:00:00.000Z"},"alarm":null}]})"));
  EXPECT_EQ(good.tone, Tone::kGood);
  EXPECT_TRUE(good.sentence.contains("1 January 2027")) << good.sentence;
  const auto bad = certificates(answer(R"({"identities":[
      {"name":"lan","active":{},"alarm":{"level":"warning","why":"w"}},
      {"name":"cjsm","active":{},"alarm":{"level":"critical","why":"ends tomorrow"}}]})"));
  EXPECT_EQ(bad.tone, Tone::kBad);
  EXPECT_EQ(bad.sentence, "ends tomorrow.");
}

TEST(KeysLight, IsGreenOnlyWhenTheHsmAnswers) {
  EXPECT_EQ(keys_light(true, 1).tone, Tone::kGood);
  EXPECT_TRUE(keys_light(true, 1).sentence.contains("1 key."));
  EXPECT_EQ(keys_light(false, 3).tone, Tone::kBad);
  EXPECT_EQ(keys_light(fail(ErrorCode::kUnavailable, ""), 0).tone, Tone::kBad);
}

TEST(EvidenceLight, IsGreenOnlyWhenEveryLogIsSigned) {
  const auto is_signed = answer(R"({"note":"n","size":3})");
  const auto is_empty = answer(R"({"note":"","size":0})");
  const auto is_unsigned = answer(R"({"note":"","size":3})");
  EXPECT_EQ(evidence_light(is_signed, is_empty, 2, 0).tone, Tone::kGood);
  EXPECT_EQ(evidence_light(is_signed, is_unsigned, 2, 1).tone, Tone::kAttention);
  EXPECT_EQ(evidence_light(kAway, is_signed, 2, 1).tone, Tone::kAttention);
}

TEST(EvidenceLight, ADeclarationThatIsOverdueWantsAPerson) {
  const auto is_signed = answer(R"({"note":"n","size":3})");
  const auto light = [&](const Result<std::int64_t>& overdue) {
    return evidence_light(is_signed, is_signed, 2, overdue);
  };
  EXPECT_EQ(light(0).word, "Complete");
  EXPECT_EQ(light(2).tone, Tone::kAttention);
  EXPECT_EQ(light(2).word, "Review due");
  EXPECT_TRUE(light(2).sentence.contains("2 declarations of your organisation")) << light(2).sentence;
  EXPECT_TRUE(light(1).sentence.contains("1 declaration of your organisation")) << light(1).sentence;
  EXPECT_EQ(light(1).path, "/declarations");
  const auto unread = light(fail(ErrorCode::kInvalid, "declarations.toml: line 1"));
  EXPECT_EQ(unread.tone, Tone::kAttention);
  EXPECT_EQ(unread.word, "Not known");
}

TEST(FriendlyTime, NeverInventsOne) {
  EXPECT_EQ(friendly_time("2026-11-02T07:30:05.000Z"), "2 November 2026 at 07:30 UTC");
  EXPECT_EQ(friendly_time(""), "not known");
  EXPECT_EQ(friendly_time("tomorrow"), "tomorrow");
  EXPECT_EQ(friendly_time("2026-13-02T07:30:05.000Z"), "2026-13-02T07:30:05.000Z");
}

}  // namespace
}  // namespace privyseal::web
