/// TCP on loopback with a deadline on every call, for the stand-in peers of tests.
///
/// Threads: one at a time, but shut_down() may come from another and wakes a waiting call.
#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "firmware/base/result.h"
#include "firmware/base/unique_fd.h"

namespace privyseal::peer {

class TcpSocket {
 public:
  explicit TcpSocket(UniqueFd fd) : fd_(std::move(fd)) {}

  /// From `source` (any address of 127.0.0.0/8) to 127.0.0.1:`port`.
  [[nodiscard]] static Result<TcpSocket> connect(std::uint16_t port, const std::string& source = "127.0.0.1");

  /// At least one byte. kClosed: end of stream or reset. kTimeout: nothing within `wait`.
  [[nodiscard]] Result<std::size_t> read(std::span<char> buffer, std::chrono::milliseconds wait);
  /// At least one byte of `bytes`. kTimeout: the other side takes nothing for `wait`.
  [[nodiscard]] Result<std::size_t> write(std::string_view bytes, std::chrono::milliseconds wait);

  /// True when the other side ended the connection within `wait`; takes no bytes out.
  [[nodiscard]] bool is_hung_up(std::chrono::milliseconds wait) const;

  void shut_down() const;
  /// Ends the connection with a RST, as a crashed machine or a firewall does.
  void reset();

 private:
  UniqueFd fd_;
};

class TcpListener {
 public:
  /// Port 0: a free one.
  [[nodiscard]] static Result<TcpListener> open(std::uint16_t port);

  [[nodiscard]] std::uint16_t port() const { return port_; }
  /// Waits for a connection; kClosed after shut_down().
  [[nodiscard]] Result<TcpSocket> accept() const;
  /// Wakes accept(); close() then frees the port.
  void shut_down() const;
  void close() { fd_.reset(); }

 private:
  TcpListener(UniqueFd fd, std::uint16_t port) : fd_(std::move(fd)), port_(port) {}

  UniqueFd fd_;
  std::uint16_t port_;
};

}  // namespace privyseal::peer
