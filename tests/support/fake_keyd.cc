#include "tests/support/fake_keyd.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

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
    CHECK(::poll(entries.data(), entries.size(), -1) > 0);
    if (entries[0].revents != 0) return;
    for (std::size_t i = open.size(); i-- > 0;)
      if (entries[i + 2].revents != 0 && !serve_one(open[i].get()))
        open.erase(open.begin() + static_cast<std::ptrdiff_t>(i));
    if (entries[1].revents == 0) continue;
    open.emplace_back(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    ++connections_;
  }
}

bool FakeKeyd::serve_one(int connection) {
  constexpr std::chrono::seconds kWait{5};
  Bytes buffer(hsm::kMaxMessageBytes);
  const auto message = receive_message(connection, buffer, kWait);
  if (!message) return false;
  const auto request = hsm::parse_request(*message);
  if (!request) return false;
  requests_.with([&](auto& requests) { requests.push_back(*request); });
  const Reply reply = behaviour_(*request);
  if (std::holds_alternative<HangUp>(reply)) return false;
  if (const auto* answer = std::get_if<hsm::Answer>(&reply))
    return send_message(connection, to_bytes(*answer), kWait).has_value();
  if (const auto* bytes = std::get_if<Bytes>(&reply))
    return send_message(connection, *bytes, kWait).has_value();
  return true;
}

}  // namespace privyseal::test
