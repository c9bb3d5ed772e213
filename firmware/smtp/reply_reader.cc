#include "firmware/smtp/reply_reader.h"

#include <string>

namespace privyseal::smtp {

Result<std::optional<Reply>> ReplyReader::next() {
  for (;;) {
    const auto line = lines_.next();
    if (line.state == LineReader::State::kNeedMore) return std::nullopt;
    if (line.state == LineReader::State::kFault)
      return fail(ErrorCode::kInvalid, "reply: " + std::string(to_string(*line.fault)));
    auto reply = parser_.feed(line.line);
    if (!reply || *reply) return reply;
  }
}

std::span<std::byte> ReplyReader::prepare() {
  constexpr std::size_t kChunkBytes = 2048;
  return lines_.prepare(kChunkBytes);
}

}  // namespace privyseal::smtp
