/// The values that delivery status notifications add to MAIL and RCPT (RFC 3461 section 4).
///
/// We hand them on as they were written; here is only checked that they are what they claim to be: whoever
/// makes a notification of them one day puts the decoded text into a header.
#pragma once

#include <string_view>

namespace privyseal::smtp {

/// FULL or HDRS.
[[nodiscard]] bool is_dsn_ret(std::string_view value);
/// At most 100 characters of xtext.
[[nodiscard]] bool is_dsn_envid(std::string_view value);
/// NEVER alone, or SUCCESS, FAILURE and DELAY, each at most once, with commas.
[[nodiscard]] bool is_dsn_notify(std::string_view value);
/// At most 500 characters: the type of the address, a semicolon, xtext. It may stand for UTF-8: so Postfix
/// writes the recipients of a mail with SMTPUTF8.
[[nodiscard]] bool is_dsn_orcpt(std::string_view value);

/// Section 4: graphic characters, and +XX for the others. What is decoded must be printable ASCII.
[[nodiscard]] bool is_xtext(std::string_view text);

}  // namespace privyseal::smtp
