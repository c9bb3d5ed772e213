/// Quoted-printable of a body's line (RFC 2045 section 6.7) and of an encoded word (RFC 2047 section 4.2).
///
/// Pure and total: what is not well-formed stays as it is. Threads: any.
#pragma once

#include <string>
#include <string_view>

namespace privyseal::policy {

enum class QuotedPrintable {
  kLine,  ///< of a body
  kWord,  ///< of a header, where _ is a blank
};

[[nodiscard]] std::string decode_quoted_printable(std::string_view text, QuotedPrintable where);

}  // namespace privyseal::policy
