// TLS 1.3 handshakes of a server of blocking threads, with a key that any provider holds.
//
//   module_handshakes KEY THREADS HANDSHAKES [LIBRARY_CONFIGURATION]
//
// KEY: a PEM file or a URI. With LIBRARY_CONFIGURATION the key lives in a library context of its own, and the
// rest of TLS in the default one, to which OPENSSL_CONF applies. Prints one JSON object: the rate, the CPU
// time of the server's threads for each handshake in microseconds, and how many handshakes failed. As many
// clients as threads; they run on the first thread, in a library context that nobody configured.
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/provider.h>
#include <openssl/ssl.h>
#include <openssl/store.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "firmware/base/check.h"
#include "firmware/base/free.h"
#include "firmware/base/unique_fd.h"
#include "tests/bench/tls_clients.h"

namespace {

using namespace privyseal;
using KeyPtr = std::unique_ptr<EVP_PKEY, Free<EVP_PKEY_free>>;
using CertificatePtr = std::unique_ptr<X509, Free<X509_free>>;
using ContextPtr = std::unique_ptr<SSL_CTX, Free<SSL_CTX_free>>;
using SslPtr = std::unique_ptr<SSL, Free<SSL_free>>;
using StorePtr = std::unique_ptr<OSSL_STORE_CTX, Free<OSSL_STORE_close>>;

KeyPtr load_key(OSSL_LIB_CTX* library, const char* uri) {
  const StorePtr store(
      OSSL_STORE_open_ex(uri, library, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr));
  if (!store) ERR_print_errors_fp(stderr);
  CHECK(store);
  OSSL_STORE_expect(store.get(), OSSL_STORE_INFO_PKEY);
  while (OSSL_STORE_eof(store.get()) == 0) {
    const std::unique_ptr<OSSL_STORE_INFO, Free<OSSL_STORE_INFO_free>> info(OSSL_STORE_load(store.get()));
    if (info && OSSL_STORE_INFO_get_type(info.get()) == OSSL_STORE_INFO_PKEY)
      return KeyPtr(OSSL_STORE_INFO_get1_PKEY(info.get()));
  }
  ERR_print_errors_fp(stderr);
  CHECK(false);
}

/// For the key's public part, by a CA that is forgotten at once.
CertificatePtr certificate_for(EVP_PKEY* key) {
  constexpr long kDay = 24L * 60 * 60;
  unsigned char* der = nullptr;
  const int length = i2d_PUBKEY(key, &der);
  CHECK(length > 0);
  const unsigned char* at = der;
  const KeyPtr public_key(d2i_PUBKEY(nullptr, &at, length));
  OPENSSL_free(der);
  const KeyPtr authority(EVP_EC_gen("P-256"));
  CertificatePtr certificate(X509_new());
  CHECK(public_key && authority && certificate && X509_set_version(certificate.get(), X509_VERSION_3) == 1 &&
        X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -kDay) != nullptr &&
        X509_gmtime_adj(X509_getm_notAfter(certificate.get()), kDay) != nullptr &&
        X509_set_pubkey(certificate.get(), public_key.get()) == 1 &&
        X509_sign(certificate.get(), authority.get(), EVP_sha256()) > 0);
  return certificate;
}

ContextPtr server_context(EVP_PKEY* key) {
  ContextPtr context(SSL_CTX_new(TLS_server_method()));
  CHECK(context);
  const CertificatePtr certificate = certificate_for(key);
  SSL_CTX_set_mode(context.get(), SSL_MODE_NO_AUTO_CHAIN);
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
  CHECK(SSL_CTX_set_min_proto_version(context.get(), TLS1_3_VERSION) == 1 &&
        SSL_CTX_set_num_tickets(context.get(), 0) == 1 &&
        SSL_CTX_use_certificate(context.get(), certificate.get()) == 1);
  const bool is_taken = SSL_CTX_use_PrivateKey(context.get(), key) == 1;
  if (!is_taken) ERR_print_errors_fp(stderr);
  CHECK(is_taken);
  return context;
}

double thread_cpu_microseconds() {
  rusage usage{};
  CHECK(::getrusage(RUSAGE_THREAD, &usage) == 0);
  const auto of = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) * 1e6 + static_cast<double>(time.tv_usec);
  };
  return of(usage.ru_utime) + of(usage.ru_stime);
}

UniqueFd listening_socket(std::uint16_t* port) {
  UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  auto* raw = reinterpret_cast<sockaddr*>(&address);
  socklen_t length = sizeof(address);
  CHECK(::bind(fd.get(), raw, length) == 0 && ::listen(fd.get(), SOMAXCONN) == 0 &&
        ::getsockname(fd.get(), raw, &length) == 0);
  *port = ntohs(address.sin_port);
  return fd;
}

/// Until the listener is shut down. Gives the CPU time.
void serve(int listener, SSL_CTX* context, std::atomic<double>* cpu) {
  const double before = thread_cpu_microseconds();
  for (;;) {
    const UniqueFd fd(::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC));
    if (!fd) break;
    const int yes = 1;
    CHECK(::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes)) == 0);
    const SslPtr tls(SSL_new(context));
    CHECK(tls && SSL_set_fd(tls.get(), fd.get()) == 1);
    ERR_clear_error();
    SSL_accept(tls.get());  // the client counts what failed
  }
  *cpu += thread_cpu_microseconds() - before;
}

}  // namespace

int main(int argc, char** argv) {
  CHECK(argc == 4 || argc == 5);
  const int threads = std::stoi(argv[2]);
  const int handshakes = std::stoi(argv[3]);
  CHECK(OPENSSL_init_ssl(OPENSSL_INIT_LOAD_CONFIG, nullptr) == 1);
  OSSL_LIB_CTX* library = nullptr;
  if (argc == 5) {
    library = OSSL_LIB_CTX_new();
    CHECK(library != nullptr && OSSL_LIB_CTX_load_config(library, argv[4]) == 1);
  }
  const KeyPtr key = load_key(library, argv[1]);
  const ContextPtr context = server_context(key.get());
  std::uint16_t port = 0;
  const UniqueFd listener = listening_socket(&port);
  std::atomic<double> cpu = 0;
  std::vector<std::jthread> servers;
  for (int i = 0; i < threads; ++i) servers.emplace_back([&] { serve(listener.get(), context.get(), &cpu); });
  const auto begun = std::chrono::steady_clock::now();
  const int failed = bench::shake_hands(port, handshakes, threads);
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
  CHECK(::shutdown(listener.get(), SHUT_RDWR) == 0);
  servers.clear();  // waits for each
  std::cout << "{\"rate\": " << handshakes / seconds << ", \"server_cpu_us\": " << cpu / handshakes
            << ", \"failed\": " << failed << "}" << std::endl;
  std::_Exit(0);  // some providers crash in an orderly exit, and that is not what is measured
}
