/// SQLite, thin: a database, its prepared statements, its transactions.
///
/// Every database of ours runs in WAL mode with synchronous=FULL: what was
/// committed survives a power cut (sqlite.org/pragma.html#pragma_synchronous).
///
/// Threads: one thread at a time per Database and its statements.
/// Ownership: a Database must outlive its Statements.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

#include "firmware/base/bytes.h"
#include "firmware/base/result.h"

struct sqlite3;
struct sqlite3_stmt;

namespace privyseal {

class Statement;

class Database {
 public:
  enum class Mode { kReadWrite, kReadOnly };
  /// The check reads the whole file: a big one takes seconds, so that a process does it once.
  enum class Integrity { kCheck, kCheckedBefore };

  /// Opens or creates `file` and checks its integrity. A damaged database is refused, never
  /// replaced by an empty one. kInvalid: damaged. kUnavailable, kDenied: cannot be opened.
  [[nodiscard]] static Result<Database> open(const std::filesystem::path& file, Mode mode,
                                             Integrity integrity = Integrity::kCheck);

  /// Runs SQL that has no parameters and gives no rows.
  [[nodiscard]] Result<void> execute(const char* sql);
  [[nodiscard]] Result<Statement> prepare(std::string_view sql);

  [[nodiscard]] std::int64_t last_row_id() const;
  /// Rows that the last statement changed.
  [[nodiscard]] std::int64_t changes() const;

 private:
  struct Close {
    void operator()(sqlite3* database) const;
  };
  explicit Database(sqlite3* database) : database_(database) {}

  std::unique_ptr<sqlite3, Close> database_;
};

class Statement {
 public:
  // Parameters count from 1, columns from 0, as SQLite counts them.
  Statement& bind(int parameter, std::int64_t value);
  Statement& bind(int parameter, std::string_view value);
  Statement& bind(int parameter, ByteView value);
  Statement& bind_null(int parameter);

  /// True: there is a row to read. False: done; the statement may be used again.
  [[nodiscard]] Result<bool> step();
  /// Runs a statement that gives no rows and makes it ready for its next use.
  [[nodiscard]] Result<void> run();
  void reset();

  [[nodiscard]] std::int64_t number(int column) const;
  [[nodiscard]] std::string text(int column) const;
  [[nodiscard]] Bytes blob(int column) const;
  [[nodiscard]] bool is_null(int column) const;

 private:
  friend class Database;
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const;
  };
  explicit Statement(sqlite3_stmt* statement) : statement_(statement) {}

  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
  int bind_error_ = 0;  // the first failed bind; step() reports it
};

/// Runs `work`, which gives a Result, in a transaction of its own: when it succeeds and this function does
/// too, its changes survive a power cut; else it is as if it never ran. An error is that of `work`, or the
/// database's. Not inside another transaction.
template <class Work>
[[nodiscard]] std::invoke_result_t<Work> transaction(Database& database, Work work) {
  if (auto begun = database.execute("BEGIN IMMEDIATE"); !begun) return std::unexpected(begun.error());
  auto outcome = work();
  if (outcome) {
    auto committed = database.execute("COMMIT");
    if (committed) return outcome;
    outcome = std::unexpected(committed.error());
  }
  // Some errors end the transaction by themselves: then this one fails, and says nothing new.
  static_cast<void>(database.execute("ROLLBACK"));
  return outcome;
}

}  // namespace privyseal
