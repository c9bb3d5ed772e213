/// `privyseal ledger ...`: whether the mails' rows are those that were recorded, copies of them that prove
/// it, and what must not be purged.
#pragma once

#include <string>
#include <vector>

#include "firmware/base/json.h"
#include "provisioning/cli/command.h"

namespace privyseal::cli {

[[nodiscard]] std::vector<Command> ledger_commands();

// Pure.
[[nodiscard]] std::string hold_list_text(const JsonObject& answer);
[[nodiscard]] std::string hold_added_text(const JsonObject& answer);

/// For a spreadsheet: a heading and a line for each of ledger-extract's mails, cells as RFC 4180 has them.
/// What a spreadsheet would take for a formula has an apostrophe in front.
///
/// Every mail is looked at before the heading is asked for: rows of a former form have fewer columns.
class LedgerCsv {
 public:
  void look_at(const JsonObject& mail);
  [[nodiscard]] std::string heading() const;  ///< empty: no mail was looked at
  [[nodiscard]] std::string line(const JsonObject& mail) const;

 private:
  std::vector<std::string> columns_;
};

}  // namespace privyseal::cli
