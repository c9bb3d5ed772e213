#include "firmware/gateway/ledger_retention.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "firmware/base/json.h"
#include "firmware/gateway/ledger_reader.h"
#include "firmware/gateway/ledger_schema.h"
#include "firmware/gateway/ledger_store.h"
#include "tests/support/temp_folder.h"

namespace privyseal::gateway {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::seconds;
using Ids = std::vector<std::int64_t>;

const WallTime kNine{std::chrono::milliseconds{1772355600000}};  // 2026-03-01T09:00:00Z
const HoldActor kOfficer{.name = "olivia", .role = "security", .source = "console"};

/// A clock that somebody may set, in a box that is on.
class BoxClock final : public Clock {
 public:
  [[nodiscard]] WallTime now() const override { return now_; }
  [[nodiscard]] BootTime boot_time() const override { return {.boot = std::to_string(boots_), .since = on_}; }

  void pass(seconds time) {
    now_ += time;
    on_ += time;
  }
  void set(WallTime now) { now_ = now; }
  /// Off for that long.
  void reboot(seconds off) {
    now_ += off;
    on_ = seconds(60);
    ++boots_;
  }

 private:
  WallTime now_ = kNine;
  seconds on_{1000};
  int boots_ = 1;
};

class LedgerRetention : public testing::Test {
 protected:
  RowId add(const std::string& sender, const std::string& recipient, bool closed = true) {
    RowId row = 0;
    const WallTime at = clock_.now();
    EXPECT_TRUE(store_.together([&]() -> Result<void> {
      row = store_
                .add({.opened_at = at,
                      .client_address = "127.0.0.1:1",
                      .sender = sender,
                      .recipients = {recipient},
                      .hop = "relay:25"})
                .value();
      if (!closed) return {};
      return store_.close(row, {.closed_at = at,
                                .outcome = Outcome::kDelivered,
                                .reply = "250 ok",
                                .policy = {.message_id = "m" + std::to_string(row) + "@law.example"}});
    }));
    return row;
  }

  /// As the ledger's thread does it. Gives what delays purging.
  std::string purge(std::int64_t most = 100) {
    std::string delay = store_.live(clock_).value();
    Retention::Progress progress;
    while (!progress.is_done) progress = store_.purge(progress, clock_.now(), most).value();
    return delay;
  }

  /// The box is on for that long.
  void pass(seconds time) {
    for (; time > seconds(0); time -= hours(6)) {
      EXPECT_TRUE(store_.live(clock_));
      clock_.pass(std::min(time, seconds(hours(6))));
    }
  }

  std::int64_t hold(const Hold& what) {
    std::int64_t id = 0;
    EXPECT_TRUE(store_.together([&]() -> Result<void> {
      return store_.retention().place(what, kOfficer).transform([&](std::int64_t placed) { id = placed; });
    }));
    return id;
  }

  Result<void> end_hold(std::int64_t id) {
    return store_.together([&] { return store_.retention().end(id, "settled", kOfficer, clock_.now()); });
  }

  Ids left() {
    Ids ids;
    const auto rows = reader_.extract("", "", 0, 100).value();
    for (const auto& row : rows) ids.push_back(row.id);
    return ids;
  }

  std::int64_t keys() {
    auto count = reader_.database().prepare("SELECT count(*) FROM mail_key").value();
    EXPECT_TRUE(count.step().value());
    return count.number(0);
  }

  /// "action object" of the entries that are about no single mail; the log must be sound.
  std::vector<std::string> entries() {
    auto log = audit::Log::open_to_read(reader_.database(), "box/gatewayd", clock_).value();
    EXPECT_TRUE(log.verify().value().ok);
    std::vector<std::string> found;
    const auto lines = log.entries(0, 1000).value();
    for (const std::string& line : lines) {
      const auto entry = parse_json_object(line).value();
      if (json_text(entry, "object").value().starts_with("mail/")) continue;
      found.push_back(json_text(entry, "action").value() + " " + json_text(entry, "object").value());
    }
    return found;
  }

  test::TempFolder folder_;
  BoxClock clock_;
  LedgerStore store_ = LedgerStore::open(folder_ / "ledger.db", "box/gatewayd", clock_).value();
  LedgerReader reader_ = LedgerReader::open(folder_ / "ledger.db").value();
};

TEST_F(LedgerRetention, Clause4KeepsEachRowFor184DaysAndNotADayLonger) {
  add("alice@law.example", "bob@york.cjsm.net");
  pass(days(1));
  add("alice@law.example", "bob@york.cjsm.net");
  pass(days(183));
  EXPECT_EQ(purge(), "");
  EXPECT_EQ(left(), (Ids{1, 2}));
  pass(hours(6));
  EXPECT_EQ(purge(), "");
  EXPECT_EQ(left(), Ids{2});
  EXPECT_EQ(entries(), std::vector<std::string>{"mail-purged mails/1-1"});
  pass(days(1));
  purge();
  EXPECT_EQ(left(), Ids{});
  EXPECT_EQ(keys(), 0);
}

TEST_F(LedgerRetention, AClockInTheFuturePurgesNothingAndIsSaid) {
  add("alice@law.example", "bob@york.cjsm.net");
  pass(days(7));
  const WallTime right = clock_.now();
  clock_.set(right + days(3650));
  EXPECT_NE(purge().find("mails since 2026-03-01 are due to be purged"), std::string::npos);
  pass(days(7));
  EXPECT_NE(purge().find("Check the clock"), std::string::npos);
  EXPECT_EQ(left(), Ids{1});
  clock_.set(right + days(7));
  EXPECT_EQ(purge(), "");
  pass(days(169));
  purge();
  EXPECT_EQ(left(), Ids{1});
  EXPECT_EQ(entries(), std::vector<std::string>{});
}

TEST_F(LedgerRetention, ARowThatAClockWithAnEmptyBatteryDatedIsKeptForItsTime) {
  pass(days(200));
  const WallTime right = clock_.now();
  clock_.set(WallTime{days(0)});
  add("alice@law.example", "bob@york.cjsm.net");
  clock_.set(right);
  EXPECT_NE(purge().find("mails since 1970-01-01 are due"), std::string::npos);
  pass(days(183));
  purge();
  EXPECT_EQ(left(), Ids{1});
  pass(days(2));
  EXPECT_EQ(purge(), "");
  EXPECT_EQ(left(), Ids{});
}

TEST_F(LedgerRetention, TimeThatTheBoxWasOffProvesNothing) {
  add("alice@law.example", "bob@york.cjsm.net");
  pass(days(100));
  purge();
  clock_.reboot(days(200));
  EXPECT_NE(purge(), "");
  EXPECT_EQ(left(), Ids{1});
  pass(days(85));
  EXPECT_EQ(purge(), "");
  EXPECT_EQ(left(), Ids{});
}

TEST_F(LedgerRetention, MailsOfTheFutureAreSaidAndKept) {
  clock_.set(kNine + days(365));
  add("alice@law.example", "bob@york.cjsm.net");
  clock_.set(kNine);
  EXPECT_NE(purge().find("mails of the future, up to 2027-03-01"), std::string::npos);
  pass(days(200));
  purge();
  EXPECT_EQ(left(), Ids{1});
}

TEST_F(LedgerRetention, WorksInStepsOfABoundedSize) {
  for (int i = 0; i < 7; ++i) add("alice@law.example", "bob@york.cjsm.net");
  pass(days(200));
  ASSERT_TRUE(store_.live(clock_));
  const auto first = store_.purge({}, clock_.now(), 3).value();
  EXPECT_FALSE(first.is_done);
  EXPECT_EQ(left(), (Ids{4, 5, 6, 7}));
  purge(3);
  EXPECT_EQ(left(), Ids{});
  EXPECT_EQ(entries(), (std::vector<std::string>{"mail-purged mails/1-3", "mail-purged mails/4-6",
                                                 "mail-purged mails/7-7"}));
}

TEST_F(LedgerRetention, AHeldRowIsNeverPurged) {
  add("alice@law.example", "bob@york.cjsm.net");
  add("carol@law.example", "Dan@york.cjsm.net");
  pass(days(2));
  add("carol@law.example", "bob@leeds.cjsm.net");
  pass(days(1));
  add("carol@law.example", "bob@york.cjsm.net");
  add("eve@law.example", "frank@hull.cjsm.net");
  hold({.key = hold_key("ALICE@law.example"), .placed_at = "2026", .placed_by = "olivia", .why = "dispute"});
  hold({.key = hold_key("leeds.cjsm.net"), .placed_at = "2026", .placed_by = "olivia", .why = "breach"});
  const auto third = hold(
      {.from = "2026-03-04", .to = "2026-03-05", .placed_at = "2026", .placed_by = "olivia", .why = "audit"});
  pass(days(400));
  EXPECT_EQ(purge(2), "");
  EXPECT_EQ(left(), (Ids{1, 3, 4, 5}));
  ASSERT_TRUE(end_hold(third));
  purge();
  EXPECT_EQ(left(), (Ids{1, 3}));
  EXPECT_EQ(entries(),
            (std::vector<std::string>{"hold-add hold/1", "hold-add hold/2", "hold-add hold/3",
                                      "mail-purged mails/2-2", "hold-end hold/3", "mail-purged mails/4-5"}));
}

TEST_F(LedgerRetention, AHoldKeepsARowThatAFormerVersionWroteWithoutWords) {
  for (const char* sender : {"Alice@law.example", "eve@law.example"}) {
    const RowId row = add(sender, "bob@york.cjsm.net");
    auto database = Database::open(folder_ / "ledger.db", Database::Mode::kReadWrite).value();
    const std::string bare = "UPDATE mail SET form = 1 WHERE id = " + std::to_string(row) +
                             "; DELETE FROM mail_key WHERE mail = " + std::to_string(row) +
                             "; UPDATE upkeep SET words_until = " + std::to_string(row - 1);
    ASSERT_TRUE(database.execute(bare.c_str()));
    ASSERT_TRUE(prepare_ledger(database));  // each start does it
  }
  hold({.key = "alice@law.example", .placed_at = "2026", .placed_by = "olivia", .why = "dispute"});
  pass(days(200));
  purge();
  EXPECT_EQ(left(), Ids{1});
}

TEST_F(LedgerRetention, ARowWhoseEndIsNotKnownStays) {
  add("alice@law.example", "bob@york.cjsm.net", false);
  pass(days(400));
  purge();
  EXPECT_EQ(left(), Ids{1});
}

TEST_F(LedgerRetention, AHoldEndsOnce) {
  const auto id = hold({.key = "@law.example", .placed_at = "2026", .placed_by = "olivia", .why = "dispute"});
  EXPECT_EQ(end_hold(id + 1).error().code, ErrorCode::kNotFound);
  ASSERT_TRUE(end_hold(id));
  EXPECT_EQ(end_hold(id).error().code, ErrorCode::kConflict);
  const auto all = holds(reader_.database()).value();
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0].ended_by, "olivia");
  EXPECT_EQ(all[0].ended_why, "settled");
  EXPECT_EQ(all[0].why, "dispute");
}

TEST(HoldKey, IsAnAddressOrADomain) {
  EXPECT_EQ(hold_key("Bob@York.cjsm.net"), "bob@york.cjsm.net");
  EXPECT_EQ(hold_key("york.cjsm.net"), "@york.cjsm.net");
  EXPECT_EQ(hold_key("@york.cjsm.net"), "@york.cjsm.net");
  EXPECT_EQ(hold_key("  "), "");
}

TEST_F(LedgerRetention, KnowsTheLatestTimeThatItHasRecorded) {
  auto database = Database::open(folder_ / "ledger.db", Database::Mode::kReadWrite).value();
  const auto latest = [&] { return latest_time(database).value(); };
  EXPECT_EQ(latest(), WallTime{});
  ASSERT_TRUE(store_.live(clock_));  // a mark
  EXPECT_EQ(latest(), kNine);
  clock_.set(kNine + hours(2));
  add("a@b.example", "c@d.example");
  EXPECT_EQ(latest(), kNine + hours(2));
  clock_.set(kNine - days(9));
  add("a@b.example", "c@d.example");
  EXPECT_EQ(latest(), kNine + hours(2));
  ASSERT_TRUE(database.execute("UPDATE mail SET opened_at = 'soon'"));
  EXPECT_EQ(latest_time(database).error().code, ErrorCode::kInvalid);
}

}  // namespace
}  // namespace privyseal::gateway
