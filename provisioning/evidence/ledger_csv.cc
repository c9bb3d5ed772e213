#include "provisioning/evidence/ledger_csv.h"

#include <algorithm>
#include <string_view>

#include "provisioning/evidence/reading.h"

namespace privyseal::evidence {
namespace {

std::string csv_cell(std::string text) {
  if (!text.empty() && std::string_view("=+-@\t\r").contains(text.front())) text.insert(0, 1, '\'');
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + "\"";
}

}  // namespace

void LedgerCsv::look_at(const JsonObject& mail) {
  for (const auto& [column, value] : object_at(mail, "row"))
    if (!std::ranges::contains(columns_, std::string_view(column))) columns_.emplace_back(column);
}

std::string LedgerCsv::heading() const {
  std::string text;
  for (const std::string& column : columns_) text += (text.empty() ? "" : ",") + column;
  return text.empty() ? text : text + "\r\n";
}

std::string LedgerCsv::line(const JsonObject& mail) const {
  const JsonObject& row = object_at(mail, "row");
  std::string text;
  for (std::size_t i = 0; i < columns_.size(); ++i)
    text += (i == 0 ? "" : ",") + csv_cell(shown(row, columns_[i]));
  return text + "\r\n";
}

}  // namespace privyseal::evidence
