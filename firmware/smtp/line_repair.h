/// Makes CRLF of a bare LF, for old clients of a listener whose settings say `normalize`. Off unless they do.
///
/// What ends a mail stays CRLF.CRLF and nothing else: a bare LF beside a dot that stands alone in its line,
/// or that begins one, is left as it is, and the reader behind refuses it as it always does (line_reader.h,
/// dot_stream.h). So are a bare CR and a NUL.
///
/// Pure; any split of the input gives the same output.
#pragma once

#include <string_view>

#include "firmware/base/bytes.h"

namespace privyseal::smtp {

class LineRepair {
 public:
  enum class Where {
    kCommands,  ///< at once: the client waits for our answer
    kBody,      ///< a LF waits for the byte behind it
  };

  explicit LineRepair(Where where) : where_(where) {}

  /// The repaired bytes; they live until the next call.
  [[nodiscard]] ByteView feed(ByteView input);
  /// A LF that still waits, or nothing. After the end of a mail it belongs to what follows.
  [[nodiscard]] std::string_view waiting() const { return waits_ ? "\n" : ""; }

 private:
  void take(char c);
  void append(std::string_view text);

  Where where_;
  Bytes out_;
  bool waits_ = false;
  bool after_cr_ = false;
  bool at_line_start_ = true;
  bool after_lone_dot_ = false;  ///< the line so far is "."
};

}  // namespace privyseal::smtp
