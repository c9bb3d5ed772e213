/// Cuts what a peer sent into lines. The one home of line endings for commands and replies.
///
/// A line ends with CRLF and nothing else. A bare CR, a bare LF or a NUL is a fault and never
/// white space: two programs that disagree about where a line ends let mail be smuggled
/// (RFC 5321 section 2.3.8). The body of a mail is the business of dot_stream.h.
///
/// Threads: one session owns a reader; no locking.
/// Errors: a fault is final; every later next() gives it again. Close the connection.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

#include "firmware/base/bytes.h"

namespace privyseal::smtp {

/// 512 by RFC 5321 section 4.5.3.1.4; extensions add parameters, DSN alone 500 to a RCPT (RFC 3461
/// section 4.2).
inline constexpr std::size_t kMaxCommandLine = 1500;
inline constexpr std::size_t kMaxReplyLine = 1000;

enum class LineFault { kBareCr, kBareLf, kNul, kTooLong };

/// For logs: "bare CR".
[[nodiscard]] std::string_view to_string(LineFault fault);

class LineReader {
 public:
  enum class State { kLine, kNeedMore, kFault };
  struct Next {
    State state;
    std::string_view line;           ///< kLine: without its CRLF; lives until append, prepare or take_rest
    std::optional<LineFault> fault;  ///< kFault only
  };

  /// `max_line_bytes` counts the CRLF.
  explicit LineReader(std::size_t max_line_bytes) : max_line_bytes_(max_line_bytes) {}

  void append(ByteView bytes);

  /// Room to read `size` bytes into, for a caller that wants no copy; then commit what came.
  [[nodiscard]] std::span<std::byte> prepare(std::size_t size);
  void commit(std::size_t size);

  /// The next complete line, if there is one.
  [[nodiscard]] Next next();

  /// What came after the last line given. Must be empty when STARTTLS is answered
  /// (RFC 3207 section 6: what was sent in clear must not count as sent in TLS).
  [[nodiscard]] ByteView buffered() const;
  /// Drops the first bytes of buffered(): the DATA phase took them.
  void consume(std::size_t size);
  /// Gives buffered() away and empties the reader.
  [[nodiscard]] Bytes take_rest();

 private:
  [[nodiscard]] Next fault(LineFault why);

  Bytes buffer_;
  std::size_t begin_ = 0;    ///< first byte not given out
  std::size_t scanned_ = 0;  ///< bytes from begin_ on that hold no line end
  std::size_t end_ = 0;      ///< first free byte
  std::size_t max_line_bytes_;
  std::optional<LineFault> fault_;
};

}  // namespace privyseal::smtp
