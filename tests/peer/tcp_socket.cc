#include "tests/peer/tcp_socket.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

namespace privyseal::peer {
namespace {

sockaddr_in address_of(const std::string& host, std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  ::inet_pton(AF_INET, host.c_str(), &address.sin_addr);
  return address;
}

const sockaddr* generic(const sockaddr_in& address) { return reinterpret_cast<const sockaddr*>(&address); }

Result<void> wait_for(int fd, short events, std::chrono::milliseconds wait) {
  pollfd entry{.fd = fd, .events = events, .revents = 0};
  const auto until = std::chrono::steady_clock::now() + wait;
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
    const int ready = ::poll(&entry, 1, static_cast<int>(std::max<std::int64_t>(left.count(), 0)));
    if (ready > 0) return {};
    if (ready == 0) return fail(ErrorCode::kTimeout, "socket: nothing happened in time");
    if (errno != EINTR) return fail_errno("poll");
  }
}

bool is_gone(int error) { return error == ECONNRESET || error == EPIPE || error == ENOTCONN; }

}  // namespace

Result<TcpSocket> TcpSocket::connect(std::uint16_t port, const std::string& source) {
  UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!fd) return fail_errno("socket");
  const sockaddr_in from = address_of(source, 0);
  if (::bind(fd.get(), generic(from), sizeof(from)) != 0) return fail_errno("bind");
  const sockaddr_in to = address_of("127.0.0.1", port);
  if (::connect(fd.get(), generic(to), sizeof(to)) != 0) return fail_errno("connect");
  const int on = 1;
  ::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  return TcpSocket(std::move(fd));
}

Result<std::size_t> TcpSocket::read(std::span<char> buffer, std::chrono::milliseconds wait) {
  for (;;) {
    const ssize_t got = ::recv(fd_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (got > 0) return static_cast<std::size_t>(got);
    if (got == 0 || is_gone(errno)) return fail(ErrorCode::kClosed, "socket: the other side ended it");
    if (errno == EINTR) continue;
    if (errno != EAGAIN) return fail_errno("recv");
    if (auto ready = wait_for(fd_.get(), POLLIN, wait); !ready) return std::unexpected(ready.error());
  }
}

Result<std::size_t> TcpSocket::write(std::string_view bytes, std::chrono::milliseconds wait) {
  for (;;) {
    const ssize_t sent = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent >= 0) return static_cast<std::size_t>(sent);
    if (is_gone(errno)) return fail(ErrorCode::kClosed, "socket: the other side ended it");
    if (errno == EINTR) continue;
    if (errno != EAGAIN) return fail_errno("send");
    if (auto ready = wait_for(fd_.get(), POLLOUT, wait); !ready) return std::unexpected(ready.error());
  }
}

bool TcpSocket::is_hung_up(std::chrono::milliseconds wait) const {
  return wait_for(fd_.get(), POLLRDHUP, wait).has_value();
}

void TcpSocket::shut_down() const { ::shutdown(fd_.get(), SHUT_RDWR); }

void TcpSocket::reset() {
  const linger now{.l_onoff = 1, .l_linger = 0};
  ::setsockopt(fd_.get(), SOL_SOCKET, SO_LINGER, &now, sizeof(now));
  fd_.reset();
}

Result<TcpListener> TcpListener::open(std::uint16_t port) {
  UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!fd) return fail_errno("socket");
  const int on = 1;
  ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  sockaddr_in address = address_of("127.0.0.1", port);
  if (::bind(fd.get(), generic(address), sizeof(address)) != 0) return fail_errno("bind");
  if (::listen(fd.get(), SOMAXCONN) != 0) return fail_errno("listen");
  socklen_t length = sizeof(address);
  if (::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&address), &length) != 0)
    return fail_errno("getsockname");
  return TcpListener(std::move(fd), ntohs(address.sin_port));
}

Result<TcpSocket> TcpListener::accept() const {
  for (;;) {
    UniqueFd fd(::accept4(fd_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (fd) {
      const int on = 1;
      ::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
      return TcpSocket(std::move(fd));
    }
    if (errno == EINTR || errno == ECONNABORTED) continue;
    if (errno == EINVAL) return fail(ErrorCode::kClosed, "listener: shut down");
    return fail_errno("accept");
  }
}

void TcpListener::shut_down() const { ::shutdown(fd_.get(), SHUT_RDWR); }

}  // namespace privyseal::peer
