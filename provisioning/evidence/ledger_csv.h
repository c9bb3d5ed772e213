/// The ledger for a spreadsheet: a heading and a line for each of ledger-extract's mails, cells as RFC 4180
/// has them. What a spreadsheet would take for a formula has an apostrophe in front.
///
/// verify_pack.py makes it again from the rows and compares: whoever changes the form changes both.
///
/// Every mail is looked at before the heading is asked for: rows of a former form have fewer columns.
///
/// Threads: one at a time.
#pragma once

#include <string>
#include <vector>

#include "firmware/base/json.h"

namespace privyseal::evidence {

class LedgerCsv {
 public:
  void look_at(const JsonObject& mail);
  [[nodiscard]] std::string heading() const;  ///< empty: no mail was looked at
  [[nodiscard]] std::string line(const JsonObject& mail) const;

 private:
  std::vector<std::string> columns_;
};

}  // namespace privyseal::evidence
