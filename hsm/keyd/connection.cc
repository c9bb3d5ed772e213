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
  if (kept_.with([](const auto& kept) { return !kept.empty(); })) return POLLOUT;
  return may_send_more() ? POLLIN : 0;
}

Result<ByteView> Connection::receive(std::span<std::byte> buffer) {
  const auto message = receive_message(fd_.get(), buffer, kAtOnce);
  if (!message) return std::unexpected(message.error());
  return ByteView(*message);
}

bool Connection::flush() {
  return kept_.with([&](auto& kept) {
    while (!kept.empty()) {
      const auto sent = send_message(fd_.get(), kept.front(), kAtOnce);
      if (!sent) return sent.error().code == ErrorCode::kTimeout;
      kept.pop_front();
    }
    return true;
  });
}

void Connection::answer(const hsm::Answer& answer) {
  Bytes message = to_bytes(answer);
  kept_.with([&](auto& kept) {
    if (!kept.empty() || !send_now(fd_.get(), message)) kept.push_back(std::move(message));
  });
}

bool Connection::answer_admitted(const hsm::Answer& given) {
  answer(given);
  const bool was_at_limit = under_way_-- == kMaxUnderWay;
  return was_at_limit || kept_.with([](const auto& kept) { return !kept.empty(); });
}

}  // namespace privyseal::keyd
