/// Peers' certificates that were found good. Whoever shows the same bytes again is found good again without
/// the signatures in the chain being verified anew; whether its dates hold is looked at each time.
///
/// Why: a relay shows the same certificate for every mail, and to verify it was a sixth of what gatewayd
/// computed. The verdict cannot be another one: it belongs to one Context, whose roots, names and lists of
/// revoked certificates never change, and a list counts after its last day, too (revocation.h). That the peer
/// has the key is proved in each handshake by its CertificateVerify.
///
/// Threads: any. Ownership: must outlive the SSL_CTX that uses it.
#pragma once

#include <openssl/types.h>

#include <cstddef>
#include <deque>
#include <memory>

#include "firmware/base/bytes.h"
#include "firmware/base/guarded.h"

struct stack_st_X509;

namespace privyseal::tls {

class KnownChains {
 public:
  static constexpr std::size_t kMost = 8;

  /// What X509_verify_cert gives. For SSL_CTX_set_cert_verify_callback, with a KnownChains as its argument.
  static int verify(X509_STORE_CTX* asked, void* known_chains);

 private:
  using Chain = std::shared_ptr<stack_st_X509>;
  struct Known {
    Bytes shown;  ///< digests
    Chain chain;  ///< from the leaf to the root
  };

  [[nodiscard]] Chain find(const Bytes& shown);
  void remember(const Bytes& shown, Chain chain);

  Guarded<std::deque<Known>> known_;  // the newest is the last
};

}  // namespace privyseal::tls
