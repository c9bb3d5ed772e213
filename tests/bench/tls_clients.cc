#include "tests/bench/tls_clients.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <array>
#include <memory>
#include <vector>

#include "firmware/base/check.h"
#include "firmware/base/free.h"
#include "firmware/base/unique_fd.h"

namespace privyseal::bench {
namespace {

using LibraryPtr = std::unique_ptr<OSSL_LIB_CTX, Free<OSSL_LIB_CTX_free>>;
using SslContextPtr = std::unique_ptr<SSL_CTX, Free<SSL_CTX_free>>;
using SslPtr = std::unique_ptr<SSL, Free<SSL_free>>;

UniqueFd connected_socket(std::uint16_t port) {
  UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  CHECK(::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0);
  CHECK(::fcntl(fd.get(), F_SETFL, O_NONBLOCK) == 0);
  const int yes = 1;
  CHECK(::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes)) == 0);
  return fd;
}

int trust_all(X509_STORE_CTX* /*unused*/, void* /*unused*/) { return 1; }

class Clients {
 public:
  Clients(std::uint16_t port, int count, int concurrent)
      : port_(port), left_(count), events_(::epoll_create1(EPOLL_CLOEXEC)), open_(concurrent) {
    CHECK(tls_ && SSL_CTX_set_min_proto_version(tls_.get(), TLS1_3_VERSION) == 1 &&
          SSL_CTX_set1_groups_list(tls_.get(), "X25519") == 1);
    SSL_CTX_set_cert_verify_callback(tls_.get(), trust_all, nullptr);  // else it builds a chain to no end
  }

  int run() {
    for (Connection& connection : open_) start(connection);
    std::array<epoll_event, 64> ready{};
    while (under_way_ > 0) {
      const int count = ::epoll_wait(events_.get(), ready.data(), static_cast<int>(ready.size()), -1);
      for (int i = 0; i < count; ++i)
        step(*static_cast<Connection*>(ready[static_cast<std::size_t>(i)].data.ptr));
    }
    return failed_;
  }

 private:
  struct Connection {
    UniqueFd fd;
    SslPtr tls;
  };

  void start(Connection& connection) {
    if (left_ == 0) return;
    --left_;
    ++under_way_;
    connection.fd = connected_socket(port_);
    connection.tls.reset(SSL_new(tls_.get()));
    CHECK(connection.tls && SSL_set_fd(connection.tls.get(), connection.fd.get()) == 1);
    SSL_set_connect_state(connection.tls.get());
    epoll_event event{.events = EPOLLIN, .data = {.ptr = &connection}};
    CHECK(::epoll_ctl(events_.get(), EPOLL_CTL_ADD, connection.fd.get(), &event) == 0);
    step(connection);
  }

  /// What is sent fits into the socket: only the server's answers are waited for.
  void step(Connection& connection) {
    ERR_clear_error();
    const int done = SSL_do_handshake(connection.tls.get());
    if (done != 1 && SSL_get_error(connection.tls.get(), done) == SSL_ERROR_WANT_READ) return;
    if (done != 1) ++failed_;
    connection.tls.reset();
    connection.fd.reset();
    --under_way_;
    start(connection);
  }

  // Not the default library context: whatever a bench loads there is not for the clients.
  const LibraryPtr library_{OSSL_LIB_CTX_new()};
  const SslContextPtr tls_{SSL_CTX_new_ex(library_.get(), nullptr, TLS_client_method())};
  const std::uint16_t port_;
  int left_;
  int under_way_ = 0;
  int failed_ = 0;
  const UniqueFd events_;
  std::vector<Connection> open_;
};

}  // namespace

int shake_hands(std::uint16_t port, int count, int concurrent) {
  return Clients(port, count, concurrent).run();
}

}  // namespace privyseal::bench
