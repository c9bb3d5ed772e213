/// Finds the end of a mail in the DATA phase while the bytes pass by (RFC 5321 section 4.1.1.4).
///
/// The body is handed on unchanged, still dot-stuffed: what the next hop reads is byte for byte
/// what we looked at. Only CRLF.CRLF ends it. A bare CR or LF, a NUL or a line over 998 bytes
/// is a violation: such bytes are what mail smuggling is made of, and are never repaired.
///
/// The end is withheld: the ".CRLF" that ends the mail is never among the bytes handed on. The caller
/// sends it to the hop when it wants the mail to exist, or cuts the connection instead.
///
/// Constant memory; any split of the input gives the same result. One object, one mail.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "firmware/base/bytes.h"

namespace privyseal::smtp {

inline constexpr std::size_t kMaxTextLine = 998;  ///< without CRLF and without a stuffed dot
inline constexpr std::string_view kEndOfData = ".\r\n";

enum class Violation { kNone, kBareCr, kBareLf, kNul, kLineTooLong };

/// For logs: "bare LF".
[[nodiscard]] std::string_view to_string(Violation violation);

class DotStream {
 public:
  enum class State { kMore, kEnd, kViolation };
  struct Step {
    State state = State::kMore;
    /// Send `held`, then `forward`. Both empty after a violation: cut the hop's connection.
    ByteView held;             ///< at most two bytes kept back by the call before; static storage
    ByteView forward;          ///< a view into the input
    std::size_t consumed = 0;  ///< after kEnd the rest of the input is the client's next command
    Violation why = Violation::kNone;
  };

  /// Not to be called again after kEnd. After a violation every call gives it again and eats the input.
  [[nodiscard]] Step feed(ByteView input);

  /// Bytes of the message so far, without stuffed dots and without the end. The caller compares it
  /// with its limit; beyond it, it goes on feeding (to find the end and to say 552) but sends nothing on.
  [[nodiscard]] std::uint64_t size_bytes() const { return size_bytes_; }

 private:
  /// Where in a line the next byte stands; names say what was seen last.
  enum class Place { kLineStart, kDot, kDotCr, kText, kCr, kEnded, kViolated };

  [[nodiscard]] std::size_t scan(std::string_view text);
  [[nodiscard]] std::size_t scan_text(std::string_view rest);
  [[nodiscard]] std::string_view kept_back() const;
  std::size_t violate(Violation why);
  [[nodiscard]] Step violated(Violation why, std::size_t input_size);

  Place place_ = Place::kLineStart;
  Violation why_ = Violation::kNone;
  std::size_t line_bytes_ = 0;  ///< of the current line, without its stuffed dot
  std::uint64_t size_bytes_ = 0;
};

}  // namespace privyseal::smtp
