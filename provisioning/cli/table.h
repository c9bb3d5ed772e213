/// Aligned columns for a terminal.
///
/// Cells are escaped here, so no caller can forget it. Columns are two blanks apart, and no line ends in
/// blanks.
///
/// Threads: one.
#pragma once

#include <string>
#include <vector>

namespace privyseal::cli {

class Table {
 public:
  enum class Align { kLeft, kRight };  ///< kRight: numbers
  struct Column {
    Column(const char* h) : heading(h) {}  // a heading alone is the usual column
    Column(const char* h, Align a) : heading(h), align(a) {}
    std::string heading;  ///< of ours, upper case; empty: none
    Align align = Align::kLeft;
  };

  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}

  /// One cell a column; an empty one is shown as "-".
  void add(std::vector<std::string> cells);

  /// Headings and rows; `when_empty` instead when there is no row.
  [[nodiscard]] std::string text(const std::string& when_empty) const;

 private:
  std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;
};

/// "name      value" lines, aligned: what is known of one thing. Fields without a value are left out.
class Fields {
 public:
  void add(std::string name, std::string value);
  [[nodiscard]] std::string text() const;

 private:
  std::vector<std::pair<std::string, std::string>> fields_;
};

}  // namespace privyseal::cli
