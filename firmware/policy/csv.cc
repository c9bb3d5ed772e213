#include "firmware/policy/csv.h"

#include <algorithm>

#include "firmware/base/words.h"
#include "firmware/smtp/ascii.h"

namespace privyseal::policy {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

class CsvReader {
 public:
  explicit CsvReader(std::string_view text) : text_(text) {
    if (text_.starts_with(kByteOrderMark)) text_.remove_prefix(kByteOrderMark.size());
  }

  /// `lines`: where each row begins.
  Result<std::vector<CsvRow>> read(std::vector<std::size_t>& lines) {
    while (at_ < text_.size()) {
      const std::size_t line = line_;
      auto row = read_row();
      if (!row) return fail(ErrorCode::kInvalid, "line " + std::to_string(line) + ": " + row.error().message);
      const bool is_blank = row->size() == 1 && row->front().empty();
      if (is_blank) continue;
      rows_.push_back(std::move(*row));
      lines.push_back(line);
    }
    return std::move(rows_);
  }

 private:
  Result<CsvRow> read_row() {
    CsvRow row;
    for (;;) {
      auto field = at_ < text_.size() && text_[at_] == '"' ? read_quoted() : read_plain();
      if (!field) return std::unexpected(field.error());
      if (field->size() > kMaxCsvField) return fail(ErrorCode::kInvalid, "a field is too long");
      row.push_back(std::move(*field));
      if (row.size() > kMaxCsvFields) return fail(ErrorCode::kInvalid, "too many fields");
      if (at_ < text_.size() && text_[at_] == ',') {
        ++at_;
        continue;
      }
      end_line();
      return row;
    }
  }

  Result<std::string> read_plain() {
    const std::size_t end = std::min(text_.find_first_of(",\r\n", at_), text_.size());
    std::string field(text_.substr(at_, end - at_));
    at_ = end;
    return field;
  }

  Result<std::string> read_quoted() {
    std::string field;
    for (++at_; at_ < text_.size(); ++at_) {
      if (text_[at_] == '\n') ++line_;
      if (text_[at_] != '"') {
        field += text_[at_];
      } else if (at_ + 1 < text_.size() && text_[at_ + 1] == '"') {
        field += '"';
        ++at_;
      } else {
        ++at_;
        // What stands between the quote and the next comma belongs to the field as it is.
        return read_plain().transform([&](const std::string& more) { return field + more; });
      }
    }
    return fail(ErrorCode::kInvalid, "a quote does not end");
  }

  void end_line() {
    if (at_ < text_.size() && text_[at_] == '\r') ++at_;
    if (at_ < text_.size() && text_[at_] == '\n') ++at_;
    ++line_;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t line_ = 1;
  std::vector<CsvRow> rows_;
};

}  // namespace

Result<std::vector<CsvRow>> parse_csv(std::string_view text) {
  std::vector<std::size_t> lines;
  return CsvReader(text).read(lines);
}

std::string csv_line(const CsvRow& row) {
  std::string line;
  for (const std::string& field : row) {
    if (&field != &row.front()) line += ',';
    const bool needs_quotes = field.empty() || field.find_first_of(",\"\r\n") != std::string::npos ||
                              field.starts_with(kByteOrderMark);
    if (!needs_quotes) {
      line += field;
      continue;
    }
    line += '"';
    for (const char c : field) line.append(c == '"' ? 2 : 1, c);
    line += '"';
  }
  return line + "\r\n";
}

Result<CsvTable> CsvTable::parse(std::string_view text, std::string_view name,
                                 const std::vector<std::string>& needed) {
  CsvTable table;
  auto rows = CsvReader(text).read(table.lines_);
  if (!rows) return fail(name, rows.error());
  if (rows->empty())
    return fail(ErrorCode::kInvalid, std::string(name) + ": has no row with the columns' names");
  table.name_ = name;
  for (const std::string& column : rows->front()) table.columns_.push_back(smtp::lower(trimmed(column)));
  rows->erase(rows->begin());
  table.lines_.erase(table.lines_.begin());
  table.rows_ = std::move(*rows);
  for (const std::string& column : needed)
    if (!std::ranges::contains(table.columns_, smtp::lower(column)))
      return fail(ErrorCode::kInvalid, table.name_ + ": column missing: " + column);
  return table;
}

std::size_t CsvTable::column(std::string_view name) const {
  return static_cast<std::size_t>(std::ranges::find(columns_, smtp::lower(name)) - columns_.begin());
}

std::string CsvTable::cell(std::size_t row, std::size_t column) const {
  if (column >= std::min(rows_[row].size(), columns_.size())) return "";
  return std::string(trimmed(rows_[row][column]));
}

Error CsvTable::refusal(std::size_t row, std::string_view why) const {
  return {ErrorCode::kInvalid, name_ + ": line " + std::to_string(lines_[row]) + ": " + std::string(why)};
}

}  // namespace privyseal::policy
