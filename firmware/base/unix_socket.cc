#include "firmware/base/unix_socket.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>

namespace privyseal {
namespace {

struct Address {
  UniqueFd folder;  // must stay open as long as the address is used
  sockaddr_un name{};
};

Result<Address> address_of(const std::filesystem::path& path) {
  Address address;
  address.name.sun_family = AF_UNIX;
  std::string text = path.string();
  if (text.size() >= sizeof(address.name.sun_path)) {
    address.folder = UniqueFd(::open(path.parent_path().c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!address.folder) return fail_errno(path.string());
    text = "/proc/self/fd/" + std::to_string(address.folder.get()) + "/" + path.filename().string();
  }
  if (text.empty() || text.size() >= sizeof(address.name.sun_path))
    return fail(ErrorCode::kInvalid, path.string() + ": no usable socket path");
  std::memcpy(address.name.sun_path, text.data(), text.size());
  return address;
}

Result<UniqueFd> new_socket() {
  UniqueFd fd(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
  if (!fd) return fail_errno("socket");
  return fd;
}

Result<UniqueFd> connect_to(const Address& address, const std::filesystem::path& path,
                            std::chrono::milliseconds wait) {
  auto fd = new_socket();
  if (!fd) return fd;
  // A Unix connect waits for a place in the listener's queue, for as long as sends may wait.
  const auto micros = std::chrono::microseconds(std::max(wait, std::chrono::milliseconds(1))).count();
  const timeval limit{.tv_sec = micros / 1'000'000, .tv_usec = micros % 1'000'000};
  if (::setsockopt(fd->get(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)) != 0)
    return fail_errno("SO_SNDTIMEO");
  if (::connect(fd->get(), reinterpret_cast<const sockaddr*>(&address.name), sizeof(address.name)) != 0)
    return fail_errno(path.string());
  return fd;
}

constexpr std::chrono::milliseconds kAtOnce{0};

Error no_answer() { return {ErrorCode::kTimeout, "socket: no answer in time"}; }

Result<void> wait_for(int fd, short events, std::chrono::milliseconds wait) {
  pollfd entry{.fd = fd, .events = events, .revents = 0};
  const auto until = std::chrono::steady_clock::now() + wait;
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
    const int ready = ::poll(&entry, 1, static_cast<int>(std::max<std::int64_t>(left.count(), 0)));
    if (ready > 0) return {};
    if (ready == 0) return std::unexpected(no_answer());
    if (errno != EINTR) return fail_errno("poll");
  }
}

}  // namespace

Result<UniqueFd> listen_seqpacket(const std::filesystem::path& path, mode_t mode) {
  const auto address = address_of(path);
  if (!address) return std::unexpected(address.error());
  if (connect_to(*address, path, std::chrono::seconds(2)))
    return fail(ErrorCode::kConflict, path.string() + ": another process serves it");
  ::unlink(path.c_str());
  auto fd = new_socket();
  if (!fd) return fd;
  if (::bind(fd->get(), reinterpret_cast<const sockaddr*>(&address->name), sizeof(address->name)) != 0 ||
      ::chmod(path.c_str(), mode) != 0 || ::listen(fd->get(), SOMAXCONN) != 0)
    return fail_errno(path.string());
  return fd;
}

Result<UniqueFd> connect_seqpacket(const std::filesystem::path& path, std::chrono::milliseconds wait) {
  const auto address = address_of(path);
  if (!address) return std::unexpected(address.error());
  return connect_to(*address, path, wait);
}

Result<PeerCredentials> peer_credentials(int fd) {
  ucred credentials{};
  socklen_t length = sizeof(credentials);
  if (::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &length) != 0) return fail_errno("SO_PEERCRED");
  return PeerCredentials{.uid = credentials.uid, .gid = credentials.gid, .pid = credentials.pid};
}

Result<void> send_message(int fd, ByteView message, std::chrono::milliseconds wait) {
  for (;;) {
    const ssize_t sent = ::send(fd, message.data(), message.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent >= 0) return {};
    if (errno == EINTR) continue;
    if (errno != EAGAIN) return fail_errno("send");
    if (wait == kAtOnce) return std::unexpected(no_answer());
    if (auto ready = wait_for(fd, POLLOUT, wait); !ready) return ready;
  }
}

Result<std::span<std::byte>> receive_message(int fd, std::span<std::byte> buffer,
                                             std::chrono::milliseconds wait) {
  for (;;) {
    const ssize_t got = ::recv(fd, buffer.data(), buffer.size(), MSG_DONTWAIT | MSG_TRUNC);
    if (got == 0) return fail(ErrorCode::kClosed, "socket: the peer closed it");
    if (got > 0 && static_cast<std::size_t>(got) > buffer.size())
      return fail(ErrorCode::kInvalid, "socket: the message is too long");
    if (got > 0) return buffer.first(static_cast<std::size_t>(got));
    if (errno == EINTR) continue;
    if (errno != EAGAIN) return fail_errno("recv");
    if (wait == kAtOnce) return std::unexpected(no_answer());  // what was just heard need not be asked again
    if (auto ready = wait_for(fd, POLLIN, wait); !ready) return std::unexpected(ready.error());
  }
}

}  // namespace privyseal
