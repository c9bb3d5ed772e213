/// An SMTP reply: made by us for our client, or read from the next hop (RFC 5321 section 4.2,
/// enhanced codes RFC 2034 and RFC 3463).
///
/// Text of a peer is never trusted: whatever leaves through serialise() is printable ASCII
/// in bounded lines, so no reply can carry a second one inside it.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "firmware/base/result.h"

namespace privyseal::smtp {

struct Reply {
  int code = 0;
  std::string enhanced;            ///< "5.7.1", or empty: greeting, EHLO and 3xx have none
  std::vector<std::string> lines;  ///< without code and enhanced code; never empty once made or parsed

  [[nodiscard]] bool is_positive() const { return code / 100 == 2; }
  [[nodiscard]] bool is_intermediate() const { return code / 100 == 3; }
  [[nodiscard]] bool is_transient() const { return code / 100 == 4; }
  [[nodiscard]] bool is_permanent() const { return code / 100 == 5; }
  /// All lines in one, for the ledger and for logs; sanitised.
  [[nodiscard]] std::string text() const;
  bool operator==(const Reply&) const = default;
};

/// `enhanced` may be empty.
[[nodiscard]] Reply make_reply(int code, std::string_view enhanced, std::string_view text);

/// The bytes to send, each line with code, enhanced code and CRLF, at most 512 bytes.
[[nodiscard]] std::string serialise(const Reply& reply);

/// Control and 8-bit bytes become '?'; cut at `max_bytes`.
[[nodiscard]] std::string sanitised(std::string_view text, std::size_t max_bytes);

/// The next hop's reply as our client may hear it. Keeps the code, the enhanced code (or x.0.0) and a
/// few lines of text. Two kinds of code would lie about us and become 451: 421, because it is
/// the hop that closes and not we, and 530-538, because it is our log-in that the hop does not like
/// and the user's mail must wait for the administrator, not bounce.
[[nodiscard]] Reply passed_on(const Reply& from_hop);

/// Puts a reply together from its lines. Bounded: 100 lines (each already bounded by LineReader).
class ReplyParser {
 public:
  /// `line` without its CRLF. Nothing yet, or the complete reply.
  /// kInvalid: not a reply, or one that never ends. The connection is of no more use.
  [[nodiscard]] Result<std::optional<Reply>> feed(std::string_view line);

 private:
  Reply pending_;
};

}  // namespace privyseal::smtp
