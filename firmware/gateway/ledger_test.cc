#include "firmware/gateway/ledger.h"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <deque>
#include <exception>
#include <future>
#include <mutex>
#include <thread>

#include "firmware/base/database.h"
#include "firmware/base/json.h"
#include "tests/support/process.h"
#include "tests/support/temp_folder.h"

namespace privyseal::gateway {
namespace {

const WallTime kNow{std::chrono::milliseconds{1772355662345}};

MailRecord some_mail() {
  return {.opened_at = kNow,
          .direction = Direction::kOut,
          .client_address = "127.0.0.1:4000",
          .sender = "alice@lawfirm.example",
          .recipients = {"bob@police.example.cjsm.net", "carol@york.cjsm.net"},
          .hop = "127.0.0.1:4545",
          .cjsm_session = tls::SessionFacts{.version = "TLSv1.3",
                                            .group = "X25519",
                                            .suite = "TLS_AES_256_GCM_SHA384",
                                            .resumed = false,
                                            .peer_subject = "CN=relay",
                                            .peer_issuer = "CN=ca",
                                            .peer_serial = "2A",
                                            .session_id = "0011"}};
}

MailEnd delivered() {
  return {.closed_at = kNow, .outcome = Outcome::kDelivered, .size_bytes = 42, .reply = "250 ok"};
}

class FixedClock final : public Clock {
 public:
  [[nodiscard]] WallTime now() const override { return kNow; }
  [[nodiscard]] BootTime boot_time() const override { return {.boot = "one", .since = {}}; }
};

class LedgerFile : public testing::Test {
 protected:
  /// Runs one coroutine to its end on a loop of its own. The loop is kept: the ledger's thread may still be
  /// busy waking it.
  template <class T>
  T run(net::awaitable<T> work) {
    net::io_context& loop = new_loop();
    auto guard = boost::asio::make_work_guard(loop);
    std::promise<T> result;
    boost::asio::co_spawn(loop, std::move(work),
                          [&](const std::exception_ptr&, T value) { result.set_value(std::move(value)); });
    auto future = result.get_future();
    std::thread thread([&] { loop.run(); });
    T value = future.get();
    guard.reset();
    thread.join();
    return value;
  }

  net::io_context& new_loop() {
    const std::lock_guard lock(mutex_);
    return loops_.emplace_back();
  }

  std::unique_ptr<Ledger> open() { return std::move(Ledger::open(file_, "box/gatewayd", clock_).value()); }

  /// One row as "outcome|recipients|reply", read by a second connection: what is there is committed.
  std::string row(RowId id) {
    auto database = Database::open(file_, Database::Mode::kReadOnly).value();
    auto select =
        database
            .prepare(
                "SELECT outcome || '|' || recipients || '|' || coalesce(reply, '-') FROM mail WHERE id = ?")
            .value();
    return select.bind(1, id).step().value() ? select.text(0) : "";
  }

  /// The actions in the audit log, which must be sound.
  std::vector<std::string> actions() {
    auto database = Database::open(file_, Database::Mode::kReadOnly).value();
    auto log = audit::Log::open_to_read(database, "box/gatewayd", clock_).value();
    const auto verdict = log.verify().value();
    EXPECT_TRUE(verdict.ok) << verdict.why;
    std::vector<std::string> actions;
    const auto lines = log.entries(0, 1000).value();
    for (const std::string& line : lines) {
      const auto entry = parse_json_object(line).value();
      actions.push_back(json_text(entry, "action").value() + " " + json_text(entry, "object").value() + " " +
                        json_text(entry, "outcome").value());
    }
    return actions;
  }

  /// Those that find a mail.
  std::int64_t words() {
    auto database = Database::open(file_, Database::Mode::kReadOnly).value();
    auto select = database.prepare("SELECT count(*) FROM mail_key").value();
    return select.step().value() ? select.number(0) : 0;
  }

  /// How long the box was on, when the ledger last looked.
  std::int64_t looks() {
    auto database = Database::open(file_, Database::Mode::kReadOnly).value();
    auto select = database.prepare("SELECT boot_s FROM upkeep").value();
    return select.step().value() ? select.number(0) : 0;
  }

  FixedClock clock_;
  test::TempFolder folder_;
  std::filesystem::path file_ = folder_ / "ledger.db";

 private:
  std::mutex mutex_;
  std::deque<net::io_context> loops_;  // guarded by mutex_; every test's ledger ends before them
};

TEST_F(LedgerFile, HasARowBeforeItReturns) {
  const auto ledger = open();
  const auto id = run(ledger->open_row(some_mail()));
  ASSERT_TRUE(id.has_value());
  EXPECT_EQ(row(*id), "open|bob@police.example.cjsm.net\ncarol@york.cjsm.net|-");
  ASSERT_TRUE(run(ledger->close_row(*id, delivered())).has_value());
  EXPECT_EQ(row(*id), "delivered|bob@police.example.cjsm.net\ncarol@york.cjsm.net|250 ok");
}

/// Of a box that has been on for so much longer.
class LaterClock final : public Clock {
 public:
  explicit LaterClock(std::chrono::hours later) : later_(later) {}
  [[nodiscard]] WallTime now() const override { return kNow + later_; }
  [[nodiscard]] BootTime boot_time() const override {
    return {.boot = "one", .since = std::chrono::minutes(1) + later_};
  }

 private:
  std::chrono::hours later_;
};

TEST_F(LedgerFile, PurgesWhatIsOlderThanSixMonthsByItself) {
  ASSERT_TRUE(run(open()->record(some_mail(), delivered())));
  ASSERT_NE(row(1), "");
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  for (const auto later : {std::chrono::days(0), std::chrono::days(1), std::chrono::days(200)}) {
    const LaterClock clock(later);
    const auto ledger = Ledger::open(file_, "box/gatewayd", clock).value();
    const auto is_seen = [&] {
      return later == std::chrono::days(200) ? row(1).empty() : looks() > std::chrono::seconds(later).count();
    };
    while (!is_seen() && std::chrono::steady_clock::now() < until)
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  EXPECT_EQ(row(1), "");
  EXPECT_EQ(actions().back(), "mail-purged mails/1-1 ok");
}

/// The clock says that the mail is old; the box was not on for so long.
TEST_F(LedgerFile, KeepsWhyPurgingWaitsForPeople) {
  {
    auto ledger = open();
    auto mail = some_mail();
    mail.opened_at = kNow - std::chrono::days(200);
    ASSERT_TRUE(run(ledger->record(std::move(mail), delivered())));
  }
  auto ledger = open();
  EXPECT_TRUE(test::wait_until([&] {
    return ledger->purge_waits().contains("mails since 2025-08-13 are due");
  })) << ledger->purge_waits();
}

TEST_F(LedgerFile, EntersTheWordsOfALonelyMailByItself) {
  const auto ledger = open();
  ASSERT_TRUE(run(ledger->record(some_mail(), delivered())));
  EXPECT_TRUE(test::wait_until([&] { return words() > 0; }));
}

TEST_F(LedgerFile, EntersAllWordsBeforeItEnds) {
  auto ledger = open();
  ASSERT_TRUE(run(ledger->record(some_mail(), delivered())));
  ledger->stop();
  EXPECT_GT(words(), 0);
}

TEST_F(LedgerFile, EntersAllWordsWithAChange) {
  const auto ledger = open();
  ASSERT_TRUE(run(ledger->record(some_mail(), delivered())));
  ASSERT_TRUE(ledger->change([](LedgerStore&) { return Result<void>(); }));
  EXPECT_GT(words(), 0);
}

TEST_F(LedgerFile, AChangeThatFailsIsNoMailsFailure) {
  const auto ledger = open();
  const auto changed = ledger->change([&](LedgerStore& store) -> Result<void> {
    EXPECT_TRUE(store.note({.actor = "olivia", .action = "hold-end"}));
    return fail(ErrorCode::kNotFound, "no such hold");
  });
  EXPECT_EQ(changed.error().code, ErrorCode::kNotFound);
  EXPECT_TRUE(actions().empty());
  EXPECT_TRUE(run(ledger->open_row(some_mail())));
}

TEST_F(LedgerFile, ClosesARowOnlyOnce) {
  const auto ledger = open();
  const auto id = run(ledger->open_row(some_mail()));
  ASSERT_TRUE(run(ledger->close_row(*id, delivered())).has_value());
  EXPECT_FALSE(
      run(ledger->close_row(*id, {.closed_at = kNow, .outcome = Outcome::kRefused, .reply = "550 no"}))
          .has_value());
  EXPECT_EQ(row(*id).substr(0, 9), "delivered");
}

TEST_F(LedgerFile, RecordsAMailThatWentNowhere) {
  const auto ledger = open();
  MailRecord refused = some_mail();
  refused.cjsm_session.reset();
  ASSERT_TRUE(
      run(ledger->record(refused, {.closed_at = kNow, .outcome = Outcome::kRefused, .reply = "550 no"}))
          .has_value());
  EXPECT_EQ(row(1).substr(0, 7), "refused");
}

TEST_F(LedgerFile, FailsWhileAnotherProcessHoldsItAndRecovers) {
  const auto ledger = open();
  {
    auto other = Database::open(file_, Database::Mode::kReadWrite).value();
    ASSERT_TRUE(other.execute("BEGIN IMMEDIATE").has_value());
    EXPECT_EQ(run(ledger->open_row(some_mail())).error().code, ErrorCode::kUnavailable);
  }
  EXPECT_TRUE(run(ledger->open_row(some_mail())).has_value());
}

TEST_F(LedgerFile, FailsWhenItsTableIsGoneAndDoesNotPretend) {
  const auto ledger = open();
  ASSERT_TRUE(
      Database::open(file_, Database::Mode::kReadWrite).value().execute("DROP TABLE mail").has_value());
  EXPECT_FALSE(run(ledger->open_row(some_mail())).has_value());
}

TEST_F(LedgerFile, TurnsRowsThatACrashLeftOpenIntoUnknown) {
  RowId id = 0;
  {
    const auto ledger = open();
    id = run(ledger->open_row(some_mail())).value();
  }
  const auto ledger = open();
  EXPECT_EQ(row(id).substr(0, 7), "unknown");
}

TEST_F(LedgerFile, IsNotReplacedWhenDamaged) {
  {
    const auto ledger = open();
  }
  std::filesystem::resize_file(file_, 100);
  EXPECT_FALSE(Ledger::open(file_, "box/gatewayd", clock_).has_value());
}

TEST_F(LedgerFile, VouchesForEveryOpeningAndClosing) {
  const auto ledger = open();
  ledger->note({.action = "gateway-started", .object = "gateway", .outcome = "ok"});
  const auto id = run(ledger->open_row(some_mail()));
  ASSERT_TRUE(run(ledger->close_row(*id, delivered())).has_value());
  ASSERT_TRUE(run(ledger->record(some_mail(), delivered())).has_value());
  EXPECT_EQ(actions(), (std::vector<std::string>{"gateway-started gateway ok", "mail-opened mail/1 open",
                                                 "mail-closed mail/1 delivered", "mail-opened mail/2 open",
                                                 "mail-closed mail/2 delivered"}));
}

TEST_F(LedgerFile, VouchesForRowsThatACrashLeftOpen) {
  {
    const auto ledger = open();
    ASSERT_TRUE(run(ledger->open_row(some_mail())).has_value());
  }
  const auto ledger = open();
  EXPECT_EQ(actions(), (std::vector<std::string>{"mail-opened mail/1 open", "mail-closed mail/1 unknown"}));
}

TEST_F(LedgerFile, HasNoEntryForWhatWasRolledBack) {
  const auto ledger = open();
  const auto id = run(ledger->open_row(some_mail()));
  ASSERT_TRUE(run(ledger->close_row(*id, delivered())).has_value());
  EXPECT_FALSE(run(ledger->close_row(*id, delivered())).has_value());
  EXPECT_EQ(actions().size(), 2U);
}

TEST_F(LedgerFile, WritesNothingMoreOnceStopped) {
  const auto ledger = open();
  const auto id = run(ledger->open_row(some_mail()));
  ASSERT_TRUE(id.has_value());
  ledger->stop();
  EXPECT_EQ(run(ledger->close_row(*id, delivered())).error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(row(*id).substr(0, 4), "open");
}

TEST_F(LedgerFile, WritesForManyLoopsAtOnce) {
  const auto ledger = open();
  constexpr int kThreads = 4;
  constexpr int kMails = 25;
  std::vector<std::thread> threads;
  std::atomic<int> written = 0;
  for (int t = 0; t < kThreads; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < kMails; ++i) {
        const auto id = run(ledger->open_row(some_mail()));
        if (id && run(ledger->close_row(*id, delivered()))) ++written;
      }
    });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(written, kThreads * kMails);
  auto database = Database::open(file_, Database::Mode::kReadOnly).value();
  auto count = database.prepare("SELECT count(*) FROM mail WHERE outcome = 'delivered'").value();
  ASSERT_TRUE(count.step().value());
  EXPECT_EQ(count.number(0), kThreads * kMails);
}

}  // namespace
}  // namespace privyseal::gateway
