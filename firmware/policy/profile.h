/// A version of the terms of connection as far as mail is concerned: words and limits, read from a data file.
///
/// Threads: any; never changed once read.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "firmware/base/result.h"

namespace privyseal::policy {

/// A label that stands for a rank; equals have the same rank.
struct Label {
  std::string text;  ///< upper case, single blanks: "OFFICIAL-SENSITIVE"
  std::size_t rank;
};

struct MarkingWords {
  std::vector<Label> labels;  ///< the longest first, so that TOP SECRET is found before SECRET
  std::size_t ceiling = 0;    ///< a higher rank may not be sent
  std::size_t sensitive = 0;  ///< from this rank on handling instructions are asked for
  std::vector<std::string> harmless;
  std::vector<std::string> prefixes;
  std::vector<std::string> caveats;
  std::vector<std::string> headers;
  std::string default_header;
  std::vector<std::string> reply_prefixes;  ///< lower case: "re" of "Re: SECRET"
};

/// A header field to look for: "Auto-Submitted: auto-generated", "List-*", "Feedback-ID".
struct FieldPattern {
  std::string name;        ///< lower case
  bool is_prefix = false;  ///< a name that only begins like this will do
  std::string value;       ///< lower case; the field's value begins with it; empty: any value
};

struct Profile {
  std::string version;
  std::string helpdesk;
  MarkingWords marking;
  std::vector<std::string> handling_instructions;
  std::string handling_suffix;
  std::string handling_header;
  std::vector<std::string> secure_keywords;  ///< lower case
  std::vector<FieldPattern> generated;
  std::vector<FieldPattern> bulk;
  std::vector<FieldPattern> forwarded;
  std::vector<FieldPattern> services;
  std::vector<std::string> service_hosts;  ///< lower case
};

/// kInvalid: not such a file; the message names the key. `name` is for messages.
[[nodiscard]] Result<Profile> parse_profile(std::string_view toml, std::string_view name);

/// One that travels inside the program: "v10.2" or "v9.4". kNotFound: there is no such version.
[[nodiscard]] Result<Profile> known_profile(std::string_view version);

}  // namespace privyseal::policy
