#include "provisioning/cli/table.h"

#include <algorithm>
#include <utility>

#include "firmware/base/check.h"
#include "provisioning/cli/text.h"

namespace privyseal::cli {
namespace {

std::string padded(const std::string& cell, std::size_t width, Table::Align align) {
  const std::string blanks(width - std::min(width, width_of(cell)), ' ');
  return align == Table::Align::kRight ? blanks + cell : cell + blanks;
}

void end_line(std::string& text) {
  text.erase(text.find_last_not_of(' ') + 1);
  text += '\n';
}

}  // namespace

void Table::add(std::vector<std::string> cells) {
  CHECK(cells.size() == columns_.size());
  for (std::string& cell : cells) cell = cell.empty() ? "-" : escaped(cell);
  rows_.push_back(std::move(cells));
}

std::string Table::text(const std::string& when_empty) const {
  if (rows_.empty()) return when_empty + "\n";
  std::vector<std::size_t> widths;
  for (const Column& column : columns_) widths.push_back(width_of(column.heading));
  for (const auto& row : rows_)
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], width_of(row[i]));

  std::string text;
  const auto add_line = [&](const auto& cell_at) {
    for (std::size_t i = 0; i < columns_.size(); ++i)
      text += (i == 0 ? "" : "  ") + padded(cell_at(i), widths[i], columns_[i].align);
    end_line(text);
  };
  if (std::ranges::any_of(columns_, [](const Column& column) { return !column.heading.empty(); }))
    add_line([&](std::size_t i) { return columns_[i].heading; });
  for (const auto& row : rows_) add_line([&](std::size_t i) { return row[i]; });
  return text;
}

void Fields::add(std::string name, std::string value) {
  if (!value.empty()) fields_.emplace_back(std::move(name), escaped(value));
}

std::string Fields::text() const {
  std::size_t width = 0;
  for (const auto& [name, value] : fields_) width = std::max(width, width_of(name));
  std::string text;
  for (const auto& [name, value] : fields_) {
    text += padded(name, width, Table::Align::kLeft) + "  " + value;
    end_line(text);
  }
  return text;
}

}  // namespace privyseal::cli
