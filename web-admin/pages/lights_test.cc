#include "web-admin/pages/lights.h"

#include <gtest/gtest.h>

namespace privyseal::web {
namespace {

const Result<JsonObject> kAway = fail(ErrorCode::kUnavailable, "door: nobody there");

Result<JsonObject> answer(std::string_view json) { return parse_json_object(json); }

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

TEST(CertificateLight, TheWorstAlarmSpeaks) {
  EXPECT_EQ(certificate_light(kAway).tone, Tone::kAttention);
  EXPECT_EQ(certificate_light(answer(R"({"identities":[]})")).word, "Not there yet");
  EXPECT_EQ(certificate_light(answer(R"({"identities":[{"name":"cjsm","active":null,"alarm":null}]})")).word,
            "Not there yet");
  const auto good = certificate_light(answer(R"({"identities":[
      {"name":"cjsm","active":{"not_after":"2027-02-01T00:00:00.000Z"},"alarm":null},
      {"name":"lan","active":{"not_after":"2027-01-01T00:00:00.000Z"},"alarm":null}]})"));
  EXPECT_EQ(good.tone, Tone::kGood);
  EXPECT_TRUE(good.sentence.contains("1 January 2027")) << good.sentence;
  const auto bad = certificate_light(answer(R"({"identities":[
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
  EXPECT_EQ(evidence_light(is_signed, is_empty, 2).tone, Tone::kGood);
  EXPECT_EQ(evidence_light(is_signed, is_unsigned, 2).tone, Tone::kAttention);
  EXPECT_EQ(evidence_light(kAway, is_signed, 2).tone, Tone::kAttention);
}

TEST(FriendlyTime, NeverInventsOne) {
  EXPECT_EQ(friendly_time("2026-11-02T07:30:05.000Z"), "2 November 2026 at 07:30 UTC");
  EXPECT_EQ(friendly_time(""), "not known");
  EXPECT_EQ(friendly_time("tomorrow"), "tomorrow");
  EXPECT_EQ(friendly_time("2026-13-02T07:30:05.000Z"), "2026-13-02T07:30:05.000Z");
}

}  // namespace
}  // namespace privyseal::web
