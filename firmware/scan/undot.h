/// Takes the dots away that SMTP put in front of lines (RFC 5321 section 4.5.2), for a scanner, which is to
/// see the mail as its reader will. The bytes come from a DotStream, so that a line ends with CRLF only.
///
/// Pure; any split of the input gives the same output. One object, one mail.
#pragma once

#include "firmware/base/bytes.h"

namespace privyseal::scan {

class Undot {
 public:
  /// Appends the bytes of `stuffed`, without those dots, to `out`.
  void feed(ByteView stuffed, Bytes& out);

 private:
  bool at_line_start_ = true;
};

}  // namespace privyseal::scan
