/// The terms of connection as data: each clause, its text, and the checks that show whether it is kept.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "firmware/base/result.h"

namespace privyseal::evidence {

struct TermsRow {
  std::string id;                   ///< "clause-4"
  std::string number;               ///< "4"; "-" where the document has none
  std::string title;                ///< ours, short
  std::string text;                 ///< the document's
  std::vector<std::string> checks;  ///< names in checks.cc, or "declaration:NAME"
  std::vector<std::string>
      not_yet;  ///< sentences: what the appliance is to do for this clause and does not do
};

struct Terms {
  std::string version;  ///< "10.2"
  std::string date;
  std::string title;
  std::vector<TermsRow> rows;

  /// Names of all declarations that some clause asks for, each once, in the order of the clauses.
  [[nodiscard]] std::vector<std::string> declarations() const;
  /// The rows that ask for this one.
  [[nodiscard]] std::vector<const TermsRow*> asking(std::string_view declaration) const;
};

/// Reads the TOML form (provisioning/terms/). kInvalid: a key is missing or unknown, a row has neither a
/// check nor a sentence about what is missing, or a check has a name that nobody knows: a misspelt check must
/// not pass for a kept clause.
[[nodiscard]] Result<Terms> parse_terms(std::string_view text, std::string_view name);

}  // namespace privyseal::evidence
