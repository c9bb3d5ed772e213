#include "firmware/gateway/ledger_words.h"

#include <gtest/gtest.h>

#include <functional>
#include <optional>
#include <set>

#include "firmware/gateway/ledger_store.h"
#include "tests/support/temp_folder.h"

namespace privyseal::gateway {
namespace {

using Words = std::multiset<std::string>;

struct Case {
  const char* name;
  MailRecord record;
  std::optional<MailEnd> end;
  Words words;
};
void PrintTo(const Case& mail, std::ostream* out) { *out << mail.name; }

MailRecord mail(const char* sender, std::vector<std::string> recipients, const char* session = "",
                const char* lan_session = "") {
  MailRecord record;
  record.sender = sender;
  record.recipients = std::move(recipients);
  if (*session != 0) record.cjsm_session.emplace().session_id = session;
  if (*lan_session != 0) record.lan_session.emplace().session_id = lan_session;
  return record;
}

MailEnd end_with(const char* message_id) {
  return {.closed_at = {},
          .outcome = Outcome::kDelivered,
          .reply = "250 ok",
          .policy = {.message_id = message_id}};
}

class LedgerWords : public testing::TestWithParam<Case> {
 protected:
  test::TempFolder folder_;
  SystemClock clock_;
  LedgerStore store_ = LedgerStore::open(folder_ / "ledger.db", "box/gatewayd", clock_).value();
};

/// Who purges a row reads its words from the row; they must be just those that it was entered under.
TEST_P(LedgerWords, OfARowAreThoseThatItWasEnteredUnder) {
  ASSERT_TRUE(store_.together([&]() -> Result<void> {
    const auto row = store_.add(GetParam().record);
    if (!row) return std::unexpected(row.error());
    return GetParam().end ? store_.close(*row, *GetParam().end) : Result<void>();
  }));
  if (!GetParam().end) {
    ASSERT_TRUE(store_.close_left_overs(clock_.now()));
  }
  auto database = Database::open(folder_ / "ledger.db", Database::Mode::kReadOnly).value();
  auto row = database.prepare("SELECT " + std::string(kWordColumns) + " FROM mail").value();
  ASSERT_TRUE(row.step().value());
  const auto of_row = words_at(row, 0);
  EXPECT_EQ(Words(of_row.begin(), of_row.end()), GetParam().words);
  auto key = database.prepare("SELECT key FROM mail_key").value();
  Words entered;
  while (key.step().value()) entered.insert(key.text(0));
  EXPECT_EQ(entered, GetParam().words);
}

INSTANTIATE_TEST_SUITE_P(
    , LedgerWords,
    testing::ValuesIn(std::to_array<Case>({
        {"MailOut",
         mail("Alice@Law.example", {"bob@york.cjsm.net", "carol@york.cjsm.net"}, "c0ffee", "beef"),
         end_with("Note.1@Law.example"),
         {"alice@law.example", "@law.example", "bob@york.cjsm.net", "@york.cjsm.net", "carol@york.cjsm.net",
          "c0ffee", "beef", "note.1@law.example"}},
        {"Bounce", mail("", {"a@law.example"}), end_with(""), {"a@law.example", "@law.example"}},
        {"ToOneself",
         mail("a@law.example", {"A@law.example"}),
         end_with("<m@h>"),
         {"a@law.example", "@law.example", "m@h"}},
        {"WithoutRecipients", mail("a@law.example", {}), end_with(""), {"a@law.example", "@law.example"}},
        {"WithoutADomain", mail("postmaster", {"@"}), end_with(" "), {"postmaster", "@"}},
        {"LeftOpen",
         mail("a@law.example", {"b@c"}, "", "beef"),
         std::nullopt,
         {"a@law.example", "@law.example", "b@c", "@c", "beef"}},
    })),
    [](const auto& c) { return std::string(c.param.name); });

class LateWords : public testing::Test {
 protected:
  /// Without the words, as under load.
  [[nodiscard]] Result<void> write(const std::function<Result<void>()>& work) {
    return store_->together(work, LedgerStore::Words::kLater);
  }
  [[nodiscard]] Result<void> record() {
    return write([&] {
      return store_->add(mail("a@law.example", {"b@york"})).and_then([&](RowId row) {
        return store_->close(row, end_with("m@h"));
      });
    });
  }
  [[nodiscard]] Result<void> enter_words() {
    return store_->together([] { return Result<void>(); });
  }
  /// As after a crash: what is on the disk is all that is left.
  void open_again() {
    store_.reset();
    store_.emplace(LedgerStore::open(file_, "box/gatewayd", clock_).value());
  }
  /// Those of a mail, which others see.
  Words words(RowId row) {
    auto database = Database::open(file_, Database::Mode::kReadOnly).value();
    auto key = database.prepare("SELECT key FROM mail_key WHERE mail = ?1").value();
    key.bind(1, row);
    Words entered;
    while (key.step().value()) entered.insert(key.text(0));
    return entered;
  }

  const Words all_{"a@law.example", "@law.example", "b@york", "@york", "m@h"};
  test::TempFolder folder_;
  std::filesystem::path file_ = folder_ / "ledger.db";
  SystemClock clock_;
  std::optional<LedgerStore> store_ = LedgerStore::open(file_, "box/gatewayd", clock_).value();
};

TEST_F(LateWords, AreThoseOfAllMailsSoFar) {
  ASSERT_TRUE(record());
  ASSERT_TRUE(record());
  EXPECT_TRUE(store_->lacks_words());
  EXPECT_EQ(words(1), Words());
  ASSERT_TRUE(enter_words());
  EXPECT_FALSE(store_->lacks_words());
  EXPECT_EQ(words(1), all_);
  EXPECT_EQ(words(2), all_);
}

TEST_F(LateWords, AreNotLostInACrash) {
  ASSERT_TRUE(record());
  open_again();
  EXPECT_EQ(words(1), all_);
}

/// Its other words were entered long before.
TEST_F(LateWords, OfAnEndAreNotLostInACrash) {
  ASSERT_TRUE(store_->together(
      [&] { return store_->add(mail("a@law.example", {"b@york"})).transform([](RowId) {}); }));
  ASSERT_TRUE(record());
  ASSERT_TRUE(enter_words());
  ASSERT_TRUE(write([&] { return store_->close(1, end_with("m@h")); }));
  EXPECT_FALSE(words(1).contains("m@h"));
  open_again();
  EXPECT_EQ(words(1), all_);
}

TEST_F(LateWords, AreNoneOfAMailThatWasNotWritten) {
  EXPECT_FALSE(write([&]() -> Result<void> {
    EXPECT_TRUE(store_->add(mail("a@law.example", {"b@york"})));
    return fail(ErrorCode::kConflict, "as a row that is closed twice");
  }));
  EXPECT_FALSE(store_->lacks_words());
  ASSERT_TRUE(record());
  ASSERT_TRUE(enter_words());
  EXPECT_EQ(words(1), all_);
}

TEST_F(LateWords, DoNotWaitWhenTheyAreMany) {
  int mails = 0;
  do {
    ASSERT_TRUE(record());
    ++mails;
  } while (store_->lacks_words() && mails < 1000);
  EXPECT_LT(mails, 1000);
  EXPECT_GT(mails, 1);
  EXPECT_EQ(words(1), all_);
  EXPECT_EQ(words(mails), all_);
}

}  // namespace
}  // namespace privyseal::gateway
