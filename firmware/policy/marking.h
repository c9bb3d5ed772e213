/// Finds the protective marking of a mail where people and programs put it: in the header fields for it, at
/// the beginning or the end of the subject, in brackets, and at the beginning of the body. Prose is never
/// searched: "Re: Secret Santa" and "[COMPANY CONFIDENTIAL]" bear no marking.
///
/// Pure and total. Threads: any.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "firmware/policy/profile.h"

namespace privyseal::policy {

/// Where a marking may stand, as text without encodings (header.h, opening.h).
struct MarkedText {
  std::vector<std::string> labels;    ///< values of MarkingWords::headers
  std::vector<std::string> subjects;  ///< one, unless the mail is odd
  std::string first_line;             ///< of the body, the first that is not blank
};

/// The highest marking. In brackets and header fields case does not count, elsewhere labels are upper case;
/// where a whole subject is, a label must be set off by a sign.
[[nodiscard]] std::optional<Label> marking_in(const MarkingWords& words, const MarkedText& text);

/// Whether subject or first line tells what may be done with the mail: "RECIPIENTS ONLY".
[[nodiscard]] bool has_instruction(const Profile& profile, const MarkedText& text);

}  // namespace privyseal::policy
