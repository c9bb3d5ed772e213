#include "firmware/gateway/ledger_schema.h"

#include <gtest/gtest.h>

#include "firmware/base/json.h"
#include "firmware/gateway/ledger_reader.h"
#include "firmware/gateway/ledger_row.h"
#include "firmware/gateway/ledger_store.h"
#include "tests/support/temp_folder.h"

namespace privyseal::gateway {
namespace {

/// The tables of the first version, as it made them.
constexpr const char* kFirstVersion = R"(
CREATE TABLE mail (
  id INTEGER PRIMARY KEY AUTOINCREMENT, opened_at TEXT NOT NULL, closed_at TEXT,
  direction TEXT NOT NULL CHECK (direction IN ('out', 'in')), client_address TEXT NOT NULL,
  sender TEXT NOT NULL, recipients TEXT NOT NULL, size_bytes INTEGER,
  session_id TEXT, tls_version TEXT, tls_group TEXT, tls_suite TEXT, peer_subject TEXT, peer_serial TEXT,
  peer_issuer TEXT, resumed INTEGER,
  lan_session_id TEXT, lan_tls_version TEXT, lan_tls_group TEXT, lan_tls_suite TEXT, lan_peer_subject TEXT,
  lan_peer_serial TEXT, lan_peer_issuer TEXT, lan_resumed INTEGER,
  hop TEXT NOT NULL, outcome TEXT NOT NULL, reply TEXT, salt BLOB NOT NULL,
  opened_seq INTEGER, closed_seq INTEGER
) STRICT;
CREATE INDEX mail_open ON mail (outcome) WHERE outcome = 'open';
CREATE INDEX mail_opened_at ON mail (opened_at);
INSERT INTO mail (opened_at, direction, client_address, sender, recipients, session_id, hop, outcome, salt)
VALUES ('2026-03-01T09:00:00.000Z', 'out', '127.0.0.1:4000', 'Alice@lawfirm.example',
        'bob@york.cjsm.net' || char(10) || 'carol@leeds.cjsm.net', 'c0ffee', 'relay:25', 'open', x'2a');
)";

/// What the log of the first version says of that row, word for word.
constexpr std::string_view kFirstRow =
    R"({"id":1,"opened_at":"2026-03-01T09:00:00.000Z","closed_at":null,"direction":"out",)"
    R"("client_address":"127.0.0.1:4000","sender":"Alice@lawfirm.example",)"
    R"("recipients":"bob@york.cjsm.net\ncarol@leeds.cjsm.net","size_bytes":null,"session_id":"c0ffee",)"
    R"("tls_version":null,"tls_group":null,"tls_suite":null,"peer_subject":null,"peer_serial":null,)"
    R"("peer_issuer":null,"resumed":null,"lan_session_id":null,"lan_tls_version":null,"lan_tls_group":null,)"
    R"("lan_tls_suite":null,"lan_peer_subject":null,"lan_peer_serial":null,"lan_peer_issuer":null,)"
    R"("lan_resumed":null,"hop":"relay:25","outcome":"open","reply":null,"salt":"2a"})";

class NineOClock final : public Clock {
 public:
  [[nodiscard]] WallTime now() const override { return WallTime{std::chrono::milliseconds{1772355600000}}; }
};

class FormerLedger : public testing::Test {
 protected:
  void SetUp() override {
    auto database = Database::open(file_, Database::Mode::kReadWrite).value();
    ASSERT_TRUE(database.execute(kFirstVersion));
  }
  LedgerStore open() { return LedgerStore::open(file_, "box/gatewayd", clock_).value(); }
  LedgerReader read() { return LedgerReader::open(file_).value(); }

  NineOClock clock_;
  test::TempFolder folder_;
  std::filesystem::path file_ = folder_ / "ledger.db";
};

TEST_F(FormerLedger, IsOpenedAndItsRowsKeepTheirForm) {
  open();
  const auto rows = read().extract("", "", 0, 10).value();
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows[0].canonical_row, kFirstRow);
}

TEST_F(FormerLedger, IsSearchedByWord) {
  open();
  auto reader = read();
  for (const char* text : {"alice@lawfirm.example", "lawfirm.example", "carol@leeds.cjsm.net", "c0ff"})
    EXPECT_EQ(reader.find({.text = text}).value().size(), 1U) << text;
}

TEST_F(FormerLedger, HasItsNewRowsFoundWhenAnUpdateWasTakenBackAndMadeAgain) {
  open();
  for (int mails = 1; mails <= 2; ++mails) {
    {
      auto former = Database::open(file_, Database::Mode::kReadWrite).value();
      ASSERT_TRUE(former.execute(
          "INSERT INTO mail (opened_at, direction, client_address, sender, recipients, hop, outcome, salt)"
          " VALUES ('2026-03-02T09:00:00.000Z', 'in', '', 'Dora@leeds.cjsm.net', 'a@b', '', 'open', x'00')"));
    }
    open();
    EXPECT_EQ(read().find({.text = "dora@leeds.cjsm.net"}).value().size(), static_cast<std::size_t>(mails));
  }
}

TEST_F(FormerLedger, HasItsOpenRowsClosedInTheirOldForm) {
  ASSERT_TRUE(open().close_left_overs(clock_.now()));
  auto reader = read();
  const auto rows = reader.extract("", "", 0, 10).value();
  EXPECT_FALSE(parse_json_object(rows.at(0).canonical_row).value().contains("form"));
  auto log = audit::Log::open_to_read(reader.database(), "box/gatewayd", clock_).value();
  const auto entry = parse_json_object(log.entries(0, 1).value().at(0)).value();
  EXPECT_EQ(json_text(entry, "params_hash").value(), hash_of_row(rows[0].canonical_row));
}

TEST_F(FormerLedger, IsStillWritableByTheFormerVersion) {
  open();
  auto database = Database::open(file_, Database::Mode::kReadWrite).value();
  ASSERT_TRUE(database.execute(
      "INSERT INTO mail (opened_at, direction, client_address, sender, recipients, hop, outcome, salt)"
      " VALUES ('2026-03-01T09:01:00.000Z', 'in', '', '', '', '', 'open', x'00')"));
  EXPECT_FALSE(
      parse_json_object(read().extract("", "", 1, 10).value().at(0).canonical_row).value().contains("form"));
}

TEST(DayNumber, IsMadeOfTheBeginningOfATime) {
  EXPECT_EQ(day_number("2026-03-01T09:00:00.000Z"), 20260301);
  EXPECT_EQ(day_number("2026-03"), 20260300);
  EXPECT_EQ(day_number("2026-03", '9'), 20260399);
  EXPECT_EQ(day_number(""), 0);
  EXPECT_EQ(day_number("9999", '9'), 99999999);
}

}  // namespace
}  // namespace privyseal::gateway
