/// Asks an EST server (RFC 7030) for a certificate: one connection, one request, one answer.
///
/// The server must show a certificate of the configured root with the configured name. We prove who we are
/// with HTTP Basic inside TLS, if a password is configured, and with our current certificate, if there is
/// one and the server speaks TLS 1.3: keyd signs nothing of TLS 1.2.
///
/// Threads: one loop. Ownership: none.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "ca/est.h"
#include "ca/renewd/settings.h"
#include "firmware/tls/library.h"
#include "firmware/tls/net.h"

namespace privyseal::renewd {

/// What we show: the certificate that is in use, and its key.
struct Shown {
  std::filesystem::path chain;
  std::string key_uri;
};

class EstClient {
 public:
  EstClient(std::shared_ptr<const tls::Library> library, EstSettings settings);

  /// `csr`: PEM. With `shown` it is simplereenroll, else simpleenroll. Errors: the server was not reached,
  /// is not the one it should be, or did not answer in 30 s; the message says which, and names the server.
  [[nodiscard]] net::awaitable<Result<ca::EstAnswer>> enrol(std::string csr, std::optional<Shown> shown,
                                                            WallTime now) const;

 private:
  std::shared_ptr<const tls::Library> library_;
  const EstSettings settings_;
};

}  // namespace privyseal::renewd
