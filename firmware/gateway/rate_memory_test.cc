#include "firmware/gateway/rate_memory.h"

#include <gtest/gtest.h>

#include "firmware/gateway/ledger_store.h"
#include "tests/support/temp_folder.h"

namespace privyseal::gateway {
namespace {

using std::chrono::minutes;

const WallTime kNine{std::chrono::milliseconds{1772355600000}};  // 2026-03-01T09:00:00Z

class RateMemory : public testing::Test {
 protected:
  struct Mail {
    WallTime at;
    std::string sender = "Alice@law.example";
    Direction direction = Direction::kOut;
    bool had_text = true;
    std::string verdict = "passed";
  };
  void add(const Mail& mail) {
    ASSERT_TRUE(store_.together([&]() -> Result<void> {
      MailRecord record;
      record.opened_at = mail.at;
      record.direction = mail.direction;
      record.sender = mail.sender;
      const auto row = store_.add(record);
      if (!row) return std::unexpected(row.error());
      MailEnd end{.closed_at = mail.at, .outcome = Outcome::kDelivered, .reply = ""};
      end.policy.verdict = mail.verdict;
      if (mail.had_text) end.took.record = std::chrono::milliseconds(0);
      return store_.close(*row, end);
    }));
  }

  /// As the desk records it.
  void release(const std::string& key) {
    ASSERT_TRUE(store_.together([&] {
      return store_.note({.actor = "olivia",
                          .role = "security",
                          .action = "rate-release",
                          .object = "rate/" + key,
                          .outcome = "ok"});
    }));
  }

  std::vector<std::string> keys() {
    std::vector<std::string> keys;
    const auto counted = counted_before(folder_ / "ledger.db", options_, kNine + minutes(60)).value();
    for (const RateCount& count : counted) keys.push_back(count.key);
    return keys;
  }

  using Keys = std::vector<std::string>;
  test::TempFolder folder_;
  SystemClock clock_;
  LedgerStore store_ = LedgerStore::open(folder_ / "ledger.db", "box/gatewayd", clock_).value();
  policy::Options options_ = [] {
    policy::Options options;
    options.sender_per_hour = 10;
    options.organisation_per_hour = 100;
    return options;
  }();
};

TEST_F(RateMemory, CountsTheMailsOutOfTheLastHourThatCameToTheirText) {
  add({.at = kNine});  // an hour ago
  add({.at = kNine + minutes(1)});
  add({.at = kNine + minutes(2), .direction = Direction::kIn});
  add({.at = kNine + minutes(3), .had_text = false});
  add({.at = kNine + minutes(4), .sender = ""});
  add({.at = kNine + minutes(61)});  // a clock that was set back
  EXPECT_EQ(keys(), (Keys{"sender/alice@law.example", "organisation", "organisation"}));
  EXPECT_EQ(counted_before(folder_ / "ledger.db", options_, kNine + minutes(60)).value().front().at,
            kNine + minutes(1));
}

TEST_F(RateMemory, CountsWhatACrashLeftOpen) {
  ASSERT_TRUE(store_.together([&] {
    MailRecord record;
    record.opened_at = kNine + minutes(1);
    record.sender = "bob@law.example";
    return store_.add(record).transform([](RowId) {});
  }));
  ASSERT_TRUE(store_.close_left_overs(kNine + minutes(2)));
  EXPECT_EQ(keys(), (Keys{"sender/bob@law.example", "organisation"}));
}

TEST_F(RateMemory, CountsOnlyWhatIsCapped) {
  options_.organisation_per_hour = 0;
  add({.at = kNine + minutes(1)});
  EXPECT_EQ(keys(), Keys{"sender/alice@law.example"});
  options_.sender_per_hour = 0;
  EXPECT_EQ(keys(), Keys{});
}

TEST_F(RateMemory, ForgetsWhatAPersonReleased) {
  add({.at = kNine + minutes(1)});
  release("sender/alice@law.example");
  add({.at = kNine + minutes(2), .sender = "bob@law.example"});
  EXPECT_EQ(keys(), (Keys{"organisation", "sender/bob@law.example", "organisation"}));
  add({.at = kNine + minutes(3)});
  release("organisation");
  EXPECT_EQ(keys(), (Keys{"sender/bob@law.example", "sender/alice@law.example"}));
}

TEST_F(RateMemory, CountsPermissions) {
  options_.sender_per_hour = 0;
  options_.organisation_per_hour = 0;
  add({.at = kNine + minutes(1), .verdict = "passed warned/unmarked permit/MOJ 7/2026"});
  EXPECT_EQ(keys(), Keys{permit_key("MOJ 7/2026")});
  add({.at = kNine + minutes(2),
       .verdict = "passed disclaimer permit/MOJ 8/2026 permit/permit/9 permit/ten"});
  EXPECT_EQ(keys(), (Keys{permit_key("MOJ 7/2026"), permit_key("MOJ 8/2026"), permit_key("permit/9"),
                          permit_key("ten")}));
  release(permit_key("MOJ 8/2026"));
  EXPECT_EQ(keys(), (Keys{permit_key("MOJ 7/2026"), permit_key("permit/9"), permit_key("ten")}));
}

}  // namespace
}  // namespace privyseal::gateway
