/// The text that comes in BDAT chunks (RFC 3030), held against the rules of any other mail text.
///
/// A chunk may end anywhere, and nothing in it ends the mail: ".CRLF" is text here. But a next hop may want
/// DATA, and there is one home of line endings (dot_stream.h): so the text is dot-stuffed and read by a
/// DotStream, and what would be a violation after DATA is one in a chunk. BINARYMIME, which would be free of
/// that, we do not offer.
///
/// A hop that takes chunks gets the bytes as they came, one that does not gets the stuffed ones.
///
/// Any split into chunks gives the same result. One object, one mail.
#pragma once

#include "firmware/base/bytes.h"
#include "firmware/smtp/dot_stream.h"

namespace privyseal::smtp {

class ChunkStream {
 public:
  struct Step {
    Violation why = Violation::kNone;  ///< final
    ByteView stuffed;                  ///< for a hop in DATA; lives until the next call
  };

  [[nodiscard]] Step feed(ByteView chunk);
  /// After the last chunk, once: the rest for a hop in DATA, which is a line end if the text has none. The
  /// end of data itself is not in it.
  [[nodiscard]] Step end();

  /// As DotStream::size_bytes.
  [[nodiscard]] std::uint64_t size_bytes() const { return dots_.size_bytes(); }

 private:
  void stuff(ByteView text);
  [[nodiscard]] Step read_stuffed();

  DotStream dots_;
  Violation why_ = Violation::kNone;
  bool at_line_start_ = true;
  bool after_cr_ = false;
  Bytes stuffed_;
  Bytes out_;
};

}  // namespace privyseal::smtp
