#include "tests/support/fake_keyd.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <chrono>

#include "firmware/base/check.h"
#include "firmware/base/unix_socket.h"

namespace privyseal::test {

FakeKeyd::FakeKeyd(const std::filesystem::path& socket, Behaviour behaviour)
    : behaviour_(std::move(behaviour)),
      listener_(listen_seqpacket(socket, 0600).value()),
      stop_(::eventfd(0, EFD_CLOEXEC)),
      thread_([this] { serve(); }) {}

FakeKeyd::~FakeKeyd() {
  CHECK(::eventfd_write(stop_.get(), 1) == 0);
  thread_.join();
}

std::vector<hsm::Request> FakeKeyd::requests() {
  return requests_.with([](const auto& requests) { return requests; });
}

void FakeKeyd::serve() {
  std::vector<UniqueFd> open;
  for (;;) {
    std::vector<pollfd> entries{{stop_.get(), POLLIN, 0}, {listener_.get(), POLLIN, 0}};
    for (const UniqueFd& fd : open) entries.push_back({fd.get(), POLLIN, 0});
    if (::poll(entries.data(), entries.size(), milliseconds_left()) < 0) {
      CHECK(errno == EINTR);  // all threads are interrupted when the process becomes another user
      continue;
    }
    if (entries[0].revents != 0) {
      listener_
          .reset();  // before the connections, as the kernel does for a process that ends: nobody comes back
      return;
    }
    send_what_is_due();
    for (std::size_t i = open.size(); i-- > 0;) {
      if (entries[i + 2].revents == 0 || serve_one(open[i].get())) continue;
      std::erase_if(later_, [&](const auto& entry) { return entry.second.first == open[i].get(); });
      open.erase(open.begin() + static_cast<std::ptrdiff_t>(i));
    }
    if (entries[1].revents == 0) continue;
    open.emplace_back(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    ++connections_;
  }
}

int FakeKeyd::milliseconds_left() const {
  if (later_.empty()) return -1;
  const auto left = later_.begin()->first - std::chrono::steady_clock::now();
  return static_cast<int>(
      std::max<std::int64_t>(std::chrono::ceil<std::chrono::milliseconds>(left).count(), 0));
}

void FakeKeyd::send_what_is_due() {
  const auto due = later_.upper_bound(std::chrono::steady_clock::now());
  for (auto entry = later_.begin(); entry != due; entry = later_.erase(entry))
    for (const Bytes& message : entry->second.second)
      static_cast<void>(send_message(entry->second.first, message, std::chrono::seconds(5)));
}

bool FakeKeyd::serve_one(int connection) {
  constexpr std::chrono::seconds kWait{5};
  Bytes buffer(hsm::kMaxMessageBytes);
  const auto message = receive_message(connection, buffer, kWait);
  if (!message) return false;
  const auto request = hsm::parse_request(*message);
  if (!request) return false;
  requests_.with([&](auto& requests) { requests.push_back(*request); });
  Reply reply = behaviour_(*request);
  if (auto* later = std::get_if<Later>(&reply)) {
    later_.emplace(std::chrono::steady_clock::now() + later->after,
                   std::pair(connection, std::move(later->messages)));
    return true;
  }
  if (std::holds_alternative<HangUp>(reply)) return false;
  if (const auto* answer = std::get_if<hsm::Answer>(&reply))
    return send_message(connection, to_bytes(*answer), kWait).has_value();
  if (const auto* bytes = std::get_if<Bytes>(&reply))
    return send_message(connection, *bytes, kWait).has_value();
  return true;
}

}  // namespace privyseal::test
