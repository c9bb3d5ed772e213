#include "firmware/gateway/ledger_retention.h"

#include <gtest/gtest.h>

#include "firmware/base/json.h"
#include "firmware/gateway/ledger_reader.h"
#include "firmware/gateway/ledger_store.h"
#include "tests/support/temp_folder.h"

namespace privyseal::gateway {
namespace {

using std::chrono::days;
using Ids = std::vector<std::int64_t>;

const WallTime kNine{std::chrono::milliseconds{1772355600000}};  // 2026-03-01T09:00:00Z
const HoldActor kOfficer{.name = "olivia", .role = "security", .source = "console"};

class FixedClock final : public Clock {
 public:
  [[nodiscard]] WallTime now() const override { return kNine; }
};

class LedgerRetention : public testing::Test {
 protected:
  RowId add(WallTime at, const std::string& sender, const std::string& recipient, bool closed = true) {
    RowId row = 0;
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

  /// As the ledger's thread does it.
  void purge(WallTime now, std::int64_t most = 100) {
    Retention::Progress progress;
    while (!progress.is_done) {
      const auto step = store_.purge(progress, now, most);
      ASSERT_TRUE(step) << step.error().message;
      progress = *step;
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
    return store_.together([&] { return store_.retention().end(id, "settled", kOfficer, kNine); });
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
  FixedClock clock_;
  LedgerStore store_ = LedgerStore::open(folder_ / "ledger.db", "box/gatewayd", clock_).value();
  LedgerReader reader_ = LedgerReader::open(folder_ / "ledger.db").value();
};

TEST_F(LedgerRetention, Clause4KeepsEachRowFor184DaysAndNotLonger) {
  add(kNine, "alice@law.example", "bob@york.cjsm.net");
  add(kNine + days(1), "alice@law.example", "bob@york.cjsm.net");
  purge(kNine + days(183));
  purge(kNine + days(184));
  EXPECT_EQ(left(), (Ids{1, 2}));
  purge(kNine + days(184) + std::chrono::milliseconds(1));
  EXPECT_EQ(left(), Ids{2});
  EXPECT_EQ(entries(), std::vector<std::string>{"mail-purged mails/1-1"});
  purge(kNine + days(200));
  EXPECT_EQ(left(), Ids{});
  EXPECT_EQ(keys(), 0);
}

TEST_F(LedgerRetention, WorksInStepsOfABoundedSize) {
  for (int i = 0; i < 7; ++i) add(kNine, "alice@law.example", "bob@york.cjsm.net");
  const auto first = store_.purge({}, kNine + days(200), 3).value();
  EXPECT_FALSE(first.is_done);
  EXPECT_EQ(left(), (Ids{4, 5, 6, 7}));
  purge(kNine + days(200), 3);
  EXPECT_EQ(left(), Ids{});
  EXPECT_EQ(entries(), (std::vector<std::string>{"mail-purged mails/1-3", "mail-purged mails/4-6",
                                                 "mail-purged mails/7-7"}));
}

TEST_F(LedgerRetention, AHeldRowIsNeverPurged) {
  add(kNine, "alice@law.example", "bob@york.cjsm.net");
  add(kNine, "carol@law.example", "Dan@york.cjsm.net");
  add(kNine + days(2), "carol@law.example", "bob@leeds.cjsm.net");
  add(kNine + days(3), "carol@law.example", "bob@york.cjsm.net");
  add(kNine + days(3), "eve@law.example", "frank@hull.cjsm.net");
  hold({.key = hold_key("ALICE@law.example"), .placed_at = "2026", .placed_by = "olivia", .why = "dispute"});
  hold({.key = hold_key("leeds.cjsm.net"), .placed_at = "2026", .placed_by = "olivia", .why = "breach"});
  const auto third = hold(
      {.from = "2026-03-04", .to = "2026-03-05", .placed_at = "2026", .placed_by = "olivia", .why = "audit"});
  purge(kNine + days(400), 2);
  EXPECT_EQ(left(), (Ids{1, 3, 4, 5}));
  ASSERT_TRUE(end_hold(third));
  purge(kNine + days(400));
  EXPECT_EQ(left(), (Ids{1, 3}));
  EXPECT_EQ(entries(),
            (std::vector<std::string>{"hold-add hold/1", "hold-add hold/2", "hold-add hold/3",
                                      "mail-purged mails/2-2", "hold-end hold/3", "mail-purged mails/4-5"}));
}

TEST_F(LedgerRetention, ARowWhoseEndIsNotKnownStays) {
  add(kNine, "alice@law.example", "bob@york.cjsm.net", false);
  purge(kNine + days(400));
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

}  // namespace
}  // namespace privyseal::gateway
