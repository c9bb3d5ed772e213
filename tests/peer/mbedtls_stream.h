/// TLS for stand-in peers, on mbed TLS: a second implementation, so that a bug
/// of our own stack does not meet its mirror image in a test.
///
/// Threads: one at a time per stream; TicketKeys may be shared by all.
/// Ownership: the TcpSocket must outlive its stream.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "firmware/base/bytes.h"
#include "firmware/base/result.h"
#include "tests/peer/tcp_socket.h"

namespace privyseal::peer {

enum class TlsVersion { kTls12, kTls13 };

/// Lets a server give out session tickets and take them back, as a real relay does:
/// only a server that would resume can show that the gateway never does.
class TicketKeys {
 public:
  TicketKeys();
  ~TicketKeys();
  TicketKeys(const TicketKeys&) = delete;  // mbed TLS keeps its address
  TicketKeys& operator=(const TicketKeys&) = delete;

 private:
  friend class MbedTlsStream;
  struct State;
  std::unique_ptr<State> state_;
};

struct TlsOptions {
  std::string ca_pem;       ///< checks the other side; empty: it is not checked, nor asked for a certificate
  std::string chain_pem;    ///< own certificate chain; empty: none
  std::string key_pem;      ///< its key
  std::string server_name;  ///< client only: the name in SNI that the certificate must have
  TlsVersion least = TlsVersion::kTls12;
  TlsVersion most = TlsVersion::kTls13;
  std::shared_ptr<TicketKeys> tickets{};  ///< server only; empty: no resumption
  Bytes session{};                        ///< client only: a saved session to resume
  bool peer_may_be_nobody = false;  ///< server only, with ca_pem: a client without a certificate is let in
};

/// What a handshake turned out to be, in the words of the gateway's ledger.
struct TlsFacts {
  TlsVersion version;
  std::string suite;         ///< "TLS_AES_256_GCM_SHA384"
  std::string peer_subject;  ///< empty: the other side has no certificate
  std::string peer_serial;   ///< lower-case hex
  std::string session_id;    ///< hex of SHA-256(exporter "EXPORTER-appliance-audit", 32 bytes)[0..16]
  Bytes peer_der{};          ///< its certificate; empty: it has none, or none that ca_pem vouches for
  bool resumption_offered;   ///< server only: the client came with a valid ticket of ours
};

class MbedTlsStream {
 public:
  /// Handshakes within `wait` per read or write. kDenied: the handshake failed (the message has
  /// mbed TLS's number). kClosed, kTimeout: the connection.
  [[nodiscard]] static Result<MbedTlsStream> connect(TcpSocket* socket, const TlsOptions& options,
                                                     std::chrono::milliseconds wait);
  [[nodiscard]] static Result<MbedTlsStream> accept(TcpSocket* socket, const TlsOptions& options,
                                                    std::chrono::milliseconds wait);

  MbedTlsStream(MbedTlsStream&&) noexcept;
  MbedTlsStream& operator=(MbedTlsStream&&) noexcept;
  ~MbedTlsStream();

  [[nodiscard]] const TlsFacts& facts() const;
  /// At least one byte. kClosed: close_notify, end of stream or reset. kDenied: an alert.
  [[nodiscard]] Result<std::size_t> read(std::span<char> buffer, std::chrono::milliseconds wait);
  /// All bytes.
  [[nodiscard]] Result<void> write(std::string_view bytes, std::chrono::milliseconds wait);
  /// Sends close_notify.
  void close();

  /// Client: tickets seen so far (they come with the first reads), and the session to resume.
  [[nodiscard]] int tickets_received() const;
  [[nodiscard]] Result<Bytes> session() const;

 private:
  struct State;
  explicit MbedTlsStream(std::unique_ptr<State> state);
  [[nodiscard]] static Result<MbedTlsStream> handshake(TcpSocket* socket, const TlsOptions& options,
                                                       int endpoint, std::chrono::milliseconds wait);

  std::unique_ptr<State> state_;
};

}  // namespace privyseal::peer
