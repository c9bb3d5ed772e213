/// The first line of a mail's text that is not blank, which is where people put a marking when the subject
/// has none. Looks into the first part of a multipart mail and through base64 and quoted-printable; HTML
/// alone has no line.
///
/// Pure and total, for any beginning of a mail's body. Threads: any.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "firmware/policy/header.h"

namespace privyseal::policy {

/// No more of a body than this is looked at, and so held back before it is passed on.
inline constexpr std::size_t kMaxOpeningBytes = 16UL << 10;

/// Whether a line that begins with a dot has one more than its text has (RFC 5321 section 4.5.2).
enum class Dots { kStuffed, kLiteral };

/// `body` begins behind the header; `is_whole`: nothing will follow.
/// Nothing: the line has not come yet. Empty: there is none, or none within kMaxOpeningBytes.
[[nodiscard]] std::optional<std::string> first_line_of(const Header& header, std::string_view body,
                                                       bool is_whole, Dots dots = Dots::kStuffed);

}  // namespace privyseal::policy
