#include "hsm/keyd/refusal_tally.h"

#include <gtest/gtest.h>

namespace privyseal::keyd {
namespace {

using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;

const RefusalTally::Time kStart{};

Refusal of(const std::string& actor, const std::string& why = "why") {
  return {.actor = actor, .role = "daemon", .source = "uid 1", .object = "key/a", .why = why};
}

/// All that is due is written; the sum of the refusals.
std::uint64_t write_due(RefusalTally& tally, RefusalTally::Time now, std::size_t* entries = nullptr) {
  std::uint64_t count = 0;
  for (const auto& due : tally.due(now)) {
    tally.settle(due, true, now);
    count += due.count;
    if (entries != nullptr) ++*entries;
  }
  return count;
}

TEST(RefusalTally, TheFirstIsDueAtOnceAndSaysWhat) {
  RefusalTally tally;
  EXPECT_FALSE(tally.next_due());
  tally.add(of("gateway", "sign-csr: no"));
  EXPECT_LE(tally.next_due(), kStart);
  const auto due = tally.due(kStart);
  ASSERT_EQ(due.size(), 1);
  EXPECT_EQ(due[0].entry.actor, "gateway");
  EXPECT_EQ(due[0].entry.action, "request-refused");
  EXPECT_EQ(due[0].entry.object, "key/a");
  EXPECT_EQ(due[0].entry.outcome, "denied");
  EXPECT_EQ(due[0].entry.why, "sign-csr: no");
}

TEST(RefusalTally, AFloodIsOneEntryASecondAndNoneIsForgotten) {
  RefusalTally tally;
  constexpr int kEach = 1000;
  std::uint64_t written = 0;
  std::size_t entries = 0;
  for (int i = 0; i < kEach; ++i) {  // one each 10 ms: 10 seconds
    tally.add(of("gateway"));
    written += write_due(tally, kStart + i * 10ms, &entries);
  }
  EXPECT_EQ(entries, 10);
  written += tally.all().at(0).count;
  EXPECT_EQ(written, kEach);
}

TEST(RefusalTally, SaysHowManyMoreThereWere) {
  RefusalTally tally;
  for (const std::string why : {"first", "second", "third"}) tally.add(of("gateway", why));
  EXPECT_EQ(tally.due(kStart).at(0).entry.why, "first; and 2 more refusals");
}

TEST(RefusalTally, CallersDoNotHoldUpEachOther) {
  RefusalTally tally;
  tally.add(of("gateway"));
  EXPECT_EQ(write_due(tally, kStart), 1);
  tally.add(of("gateway"));
  tally.add(of("renewal"));
  const auto due = tally.due(kStart + 1ms);
  ASSERT_EQ(due.size(), 1);
  EXPECT_EQ(due[0].actor, "renewal");
  EXPECT_EQ(tally.due(kStart + 1s).size(), 2);
}

TEST(RefusalTally, WhatCouldNotBeWrittenIsTriedAgainLater) {
  RefusalTally tally;
  tally.add(of("gateway"));
  const auto due = tally.due(kStart).at(0);
  tally.settle(due, false, kStart);
  EXPECT_TRUE(tally.due(kStart + 999ms).empty());
  EXPECT_EQ(tally.next_due(), kStart + 1s);
  EXPECT_EQ(tally.due(kStart + 1s).at(0).count, 1);
}

TEST(RefusalTally, KeepsWhatCameWhileAnEntryWasWritten) {
  RefusalTally tally;
  tally.add(of("gateway"));
  const auto due = tally.due(kStart).at(0);
  tally.add(of("gateway"));
  tally.settle(due, true, kStart);
  EXPECT_EQ(tally.due(kStart + 1s).at(0).count, 1);
}

TEST(RefusalTally, IsBoundedHoweverManyStrangersCome) {
  RefusalTally tally;
  constexpr std::uint64_t kStrangers = 1000;
  for (std::uint64_t i = 0; i < kStrangers; ++i) tally.add(of("uid " + std::to_string(i)));
  EXPECT_LE(tally.all().size(), RefusalTally::kMaxActors + 1);
  EXPECT_EQ(write_due(tally, kStart), kStrangers);
  // The quiet ones have made room again.
  tally.add(of("gateway"));
  EXPECT_EQ(write_due(tally, kStart + 5s), 1);
  tally.add(of("uid 77777"));
  EXPECT_EQ(tally.due(kStart + 10s).at(0).actor, "uid 77777");
}

}  // namespace
}  // namespace privyseal::keyd
