/// The sentences that an organisation wants below each mail to CJSM (SET guide G19), in every form in which
/// they can stand in one.
///
/// Pure. Threads: any; never changed once made.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "firmware/base/result.h"
#include "firmware/policy/part_search.h"

namespace privyseal::policy {

/// One of its two texts. Lines with CRLF, dots stuffed, an empty line in front; no line begins with --, as
/// one between two parts of a mail does.
struct DisclaimerForm {
  std::string raw;
  std::string quoted;  ///< the same in quoted-printable
  bool is_ascii = true;
  Phrase phrase;  ///< by which it is recognised
};

struct Disclaimer {
  DisclaimerForm plain;
  DisclaimerForm html;

  /// A mail becomes at most so much longer.
  [[nodiscard]] std::size_t growth_bytes() const;
};

/// kInvalid: too long, too short to be recognised, control characters, or a line that begins with --; the
/// message goes on from the setting's name.
[[nodiscard]] Result<DisclaimerForm> plain_disclaimer(std::string_view text);
/// kInvalid: as above, or a tag is left open.
[[nodiscard]] Result<DisclaimerForm> html_disclaimer(std::string_view html);
/// A text that plain_disclaimer() takes, as html_disclaimer() takes it: one paragraph of ASCII.
[[nodiscard]] std::string html_of(std::string_view text);

}  // namespace privyseal::policy
