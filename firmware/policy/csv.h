/// Comma-separated values (RFC 4180), as office programs write them.
///
/// Pure and total. A byte order mark, LF for CRLF, blank lines and a missing last line end are taken; a quote
/// in the middle of a plain field is an ordinary byte. Threads: any.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "firmware/base/result.h"

namespace privyseal::policy {

using CsvRow = std::vector<std::string>;

inline constexpr std::size_t kMaxCsvFields = 64;  ///< in one row
inline constexpr std::size_t kMaxCsvField = 4096;

/// kInvalid: a quote that never ends, or more than the limits; the message has the line.
[[nodiscard]] Result<std::vector<CsvRow>> parse_csv(std::string_view text);

/// One line with CRLF; quotes where they are needed.
[[nodiscard]] std::string csv_line(const CsvRow& row);

/// A table whose first row names its columns, in any order and case.
class CsvTable {
 public:
  /// kInvalid: no such CSV, or a column of `needed` is missing; `name` is for messages.
  [[nodiscard]] static Result<CsvTable> parse(std::string_view text, std::string_view name,
                                              const std::vector<std::string>& needed);

  [[nodiscard]] std::size_t size() const { return rows_.size(); }
  /// For cell(); of a column that is not there the cells are empty.
  [[nodiscard]] std::size_t column(std::string_view name) const;
  /// Trimmed. Empty: the row is too short, or there is no such column.
  [[nodiscard]] std::string cell(std::size_t row, std::size_t column) const;
  [[nodiscard]] std::string cell(std::size_t row, std::string_view name) const {
    return cell(row, column(name));
  }
  /// "commitments.csv: line 3: WHY"; the line on which the row begins, as an editor counts them.
  [[nodiscard]] Error refusal(std::size_t row, std::string_view why) const;

 private:
  std::string name_;
  CsvRow columns_;  // lower case
  std::vector<CsvRow> rows_;
  std::vector<std::size_t> lines_;  // of each row
};

}  // namespace privyseal::policy
