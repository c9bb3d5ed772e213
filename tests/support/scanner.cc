#include "tests/support/scanner.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <cstring>
#include <optional>

#include "firmware/base/check.h"

namespace privyseal::test {
namespace {

constexpr int kSmallBuffer = 16384;  // so that a mail which nobody reads is soon noticed

/// Exactly `size` bytes, unless the other side ends or the test does.
std::optional<std::string> read_exactly(int fd, std::size_t size, const std::atomic<bool>& stop) {
  std::string text;
  while (text.size() < size) {
    pollfd entry{.fd = fd, .events = POLLIN, .revents = 0};
    if (::poll(&entry, 1, 100) == 0) {
      if (stop) return std::nullopt;
      continue;
    }
    std::array<char, 4096> bytes{};
    const ssize_t got = ::read(fd, bytes.data(), std::min(bytes.size(), size - text.size()));
    if (got <= 0) return std::nullopt;
    text.append(bytes.data(), static_cast<std::size_t>(got));
  }
  return text;
}

std::optional<std::string> read_until(int fd, std::string_view end, const std::atomic<bool>& stop) {
  std::string text;
  while (!text.ends_with(end)) {
    const auto more = read_exactly(fd, 1, stop);
    if (!more) return std::nullopt;
    text += *more;
  }
  return text;
}

/// The size of the next piece of the mail; 0: its end.
std::optional<std::size_t> read_size(int fd, bool is_icap, const std::atomic<bool>& stop) {
  if (!is_icap) {
    const auto head = read_exactly(fd, 4, stop);
    std::uint32_t size = 0;
    if (!head) return std::nullopt;
    std::memcpy(&size, head->data(), sizeof(size));
    return ntohl(size);
  }
  const auto head = read_until(fd, "\r\n", stop);
  std::size_t size = 0;
  if (!head) return std::nullopt;
  const auto [end, error] = std::from_chars(head->data(), head->data() + head->size() - 2, size, 16);
  if (error != std::errc() || end != head->data() + head->size() - 2) return std::nullopt;
  return size;
}

void say(int fd, const std::string& text) {
  static_cast<void>(::send(fd, text.data(), text.size(), MSG_NOSIGNAL));
}

/// Until the other side goes.
void wait_for_end(int fd, const std::atomic<bool>& stop) {
  for (pollfd entry{.fd = fd, .events = POLLRDHUP, .revents = 0}; !stop;)
    if (::poll(&entry, 1, 100) != 0) return;
}

}  // namespace

StandInScanner::StandInScanner(Language language)
    : language_(language), listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  CHECK(::setsockopt(listener_.get(), SOL_SOCKET, SO_RCVBUF, &kSmallBuffer, sizeof(kSmallBuffer)) == 0);
  sockaddr_in name{};
  name.sin_family = AF_INET;
  name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  CHECK(::bind(listener_.get(), reinterpret_cast<sockaddr*>(&name), sizeof(name)) == 0);
  CHECK(::listen(listener_.get(), 16) == 0);
  socklen_t size = sizeof(name);
  CHECK(::getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&name), &size) == 0);
  port_ = ntohs(name.sin_port);
  thread_ = std::thread([this] { serve(); });
}

StandInScanner::~StandInScanner() {
  stop_ = true;
  thread_.join();
}

void StandInScanner::play(ScannerManner manner, std::string answer) {
  now_.with(
      [&](Now& now) { now = {.manner = manner, .answer = std::move(answer), .opening = "", .mail = ""}; });
}

std::string StandInScanner::mail() {
  return now_.with([](const Now& now) { return now.mail; });
}

std::string StandInScanner::opening() {
  return now_.with([](const Now& now) { return now.opening; });
}

void StandInScanner::serve() {
  while (!stop_) {
    pollfd entry{.fd = listener_.get(), .events = POLLIN, .revents = 0};
    if (::poll(&entry, 1, 100) != 1) continue;
    const UniqueFd connection(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (connection) talk(connection.get());
  }
}

void StandInScanner::talk(int connection) {
  const auto [manner, answer] = now_.with([](const Now& now) { return std::pair(now.manner, now.answer); });
  if (manner == ScannerManner::kReadsNothing) return wait_for_end(connection, stop_);
  const bool is_icap = language_ == Language::kIcap;
  const std::string end_of_opening = is_icap ? "\r\n\r\n" : std::string(1, '\0');
  std::string opening;
  for (int header = 0; header < (is_icap ? 3 : 1); ++header) {
    const auto text = read_until(connection, end_of_opening, stop_);
    if (!text) return;
    opening += *text;
  }
  now_.with([&](Now& now) { now.opening = opening; });
  if (manner == ScannerManner::kCut || manner == ScannerManner::kRefuses) {
    static_cast<void>(read_exactly(connection, 8, stop_));
    if (manner == ScannerManner::kRefuses) say(connection, answer);
    return;
  }
  if (manner == ScannerManner::kSpeaksEarly) say(connection, answer);
  if (!read_mail(connection)) return;
  if (manner == ScannerManner::kHangs) return wait_for_end(connection, stop_);
  if (manner != ScannerManner::kHangsUp) say(connection, answer);
}

bool StandInScanner::read_mail(int connection) {
  const bool is_icap = language_ == Language::kIcap;
  std::string mail;
  for (;;) {
    const auto size = read_size(connection, is_icap, stop_);
    if (!size) return false;
    const auto piece = read_exactly(connection, *size, stop_);
    if (!piece || (is_icap && read_exactly(connection, 2, stop_) != "\r\n")) return false;
    if (*size == 0) break;
    mail += *piece;
  }
  now_.with([&](Now& now) { now.mail = std::move(mail); });
  return true;
}

}  // namespace privyseal::test
