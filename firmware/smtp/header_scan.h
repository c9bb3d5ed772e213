/// Counts the Received: lines in a mail's header while it passes by, to end mail loops
/// (RFC 5321 section 6.3: a mail that passed very many hosts is going in circles).
///
/// Pure, constant memory, any split of the input gives the same count.
#pragma once

#include <cstddef>

#include "firmware/base/bytes.h"

namespace privyseal::smtp {

/// More hops than this and the mail is refused. A real journey has fewer than ten.
inline constexpr std::size_t kMaxHops = 50;

class HeaderScan {
 public:
  /// The next bytes of the mail, in order: DotStream's `held`, then `forward`.
  void feed(ByteView bytes);

  [[nodiscard]] std::size_t hops() const { return hops_; }
  [[nodiscard]] bool is_loop() const { return hops_ > kMaxHops; }
  /// The empty line after the header was seen; feed() does nothing any more.
  [[nodiscard]] bool is_done() const { return is_done_; }

 private:
  void take(char c);
  void end_line();

  std::size_t matched_ = 0;    ///< bytes of "received" seen at the start of this line
  bool may_match_ = true;      ///< this line still looks like a Received: line
  bool is_empty_line_ = true;  ///< nothing but CR so far; at its end the header ends
  std::size_t hops_ = 0;
  bool is_done_ = false;
};

}  // namespace privyseal::smtp
