/// One caller's connection: messages in by the server's thread, answers out by any worker.
///
/// A caller that sends without reading its answers holds up nobody: what the socket does not
/// take is kept here, and nothing more is read from that caller until it is gone. Who leaves more than
/// kMostKeptBytes unread loses the connection.
///
/// Threads: as each member says. Ownership: the server's; a job under way may outlive it.
#pragma once

#include <atomic>
#include <deque>
#include <memory>

#include "firmware/base/guarded.h"
#include "firmware/base/unique_fd.h"
#include "hsm/keyd/peer.h"
#include "hsm/wire.h"

namespace privyseal::keyd {

class Connection {
 public:
  Connection(UniqueFd fd, Peer peer) : fd_(std::move(fd)), peer_(peer) {}

  [[nodiscard]] int fd() const { return fd_.get(); }
  [[nodiscard]] const Peer& peer() const { return peer_; }

  // The server's thread only.
  /// What poll(2) should wait for on this connection now.
  [[nodiscard]] short wanted_events();
  /// One message into `buffer`. kTimeout: none is there now. Other codes: the connection is over.
  [[nodiscard]] Result<ByteView> receive(std::span<std::byte> buffer);
  void request_admitted() { ++under_way_; }
  [[nodiscard]] bool may_send_more() const { return under_way_ < kMaxUnderWay; }
  /// Sends what was kept. False: the peer is gone.
  [[nodiscard]] bool flush();

  // Any thread.
  /// Sends the answer, or keeps it when the socket is full.
  void answer(const hsm::Answer& answer);
  /// As `answer`, to a request that was admitted. True: the server's thread should look again.
  [[nodiscard]] bool answer_admitted(const hsm::Answer& answer);

 private:
  [[nodiscard]] bool has_kept();

  static constexpr std::size_t kMaxUnderWay = 128;
  static constexpr std::size_t kMostKeptBytes = 256UL * 1024;

  struct Kept {
    std::deque<Bytes> messages;
    std::size_t bytes = 0;
  };

  const UniqueFd fd_;
  const Peer peer_;
  std::atomic<std::size_t> under_way_{0};
  Guarded<Kept> kept_;
};

using ConnectionRef = std::shared_ptr<Connection>;

}  // namespace privyseal::keyd
