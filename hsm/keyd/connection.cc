#include "hsm/keyd/connection.h"

#include <poll.h>
#include <sys/socket.h>

#include "firmware/base/unix_socket.h"

namespace privyseal::keyd {
namespace {

constexpr std::chrono::milliseconds kAtOnce{0};

/// False: the socket is full. A peer that is gone needs no answer; that its connection
/// is over is seen when it is read.
bool send_now(int fd, ByteView message) {
  const auto sent = send_message(fd, message, kAtOnce);
  return sent || sent.error().code != ErrorCode::kTimeout;
}

}  // namespace

short Connection::wanted_events() {
  if (has_kept()) return POLLOUT;
  return may_send_more() ? POLLIN : 0;
}

bool Connection::has_kept() {
  return kept_.with([](const Kept& kept) { return !kept.messages.empty(); });
}

Result<ByteView> Connection::receive(std::span<std::byte> buffer) {
  const auto message = receive_message(fd_.get(), buffer, kAtOnce);
  if (!message) return std::unexpected(message.error());
  return ByteView(*message);
}

bool Connection::flush() {
  return kept_.with([&](Kept& kept) {
    while (!kept.messages.empty()) {
      const auto sent = send_message(fd_.get(), kept.messages.front(), kAtOnce);
      if (!sent) return sent.error().code == ErrorCode::kTimeout;
      kept.bytes -= kept.messages.front().size();
      kept.messages.pop_front();
    }
    return true;
  });
}

void Connection::answer(const hsm::Answer& answer) {
  Bytes message = to_bytes(answer);
  kept_.with([&](Kept& kept) {
    if (kept.messages.empty() && send_now(fd_.get(), message)) return;
    if (kept.bytes + message.size() > kMostKeptBytes) {
      ::shutdown(fd_.get(), SHUT_RDWR);
      kept = {};
      return;
    }
    kept.bytes += message.size();
    kept.messages.push_back(std::move(message));
  });
}

bool Connection::answer_admitted(const hsm::Answer& given) {
  answer(given);
  const bool was_at_limit = under_way_-- == kMaxUnderWay;
  return was_at_limit || has_kept();
}

}  // namespace privyseal::keyd
