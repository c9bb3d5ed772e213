/// Replies out of the bytes that a server sent, whoever reads those.
///
/// How to read one: `next`; while it gives nothing, read into `prepare` and `commit` what came.
///
/// Threads: one session owns a reader. Errors: final; close the connection.
#pragma once

#include <optional>
#include <span>

#include "firmware/base/bytes.h"
#include "firmware/base/result.h"
#include "firmware/smtp/line_reader.h"
#include "firmware/smtp/reply.h"

namespace privyseal::smtp {

class ReplyReader {
 public:
  /// Nothing: it needs more bytes. kInvalid: a wrong line end, or no reply.
  [[nodiscard]] Result<std::optional<Reply>> next();

  /// Room for some bytes; lives until the next call of a member.
  [[nodiscard]] std::span<std::byte> prepare();
  void commit(std::size_t size) { lines_.commit(size); }

  /// Whether nothing came behind the last reply given: then it was not sent before its time.
  [[nodiscard]] bool is_empty() const { return lines_.buffered().empty(); }

 private:
  LineReader lines_{kMaxReplyLine};
  ReplyParser parser_;
};

}  // namespace privyseal::smtp
