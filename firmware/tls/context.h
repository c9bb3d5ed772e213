/// One side's TLS settings, made once and never changed: who we are, whom we trust.
///
/// A new certificate makes a new Context; sessions keep the one they began with.
///
/// Threads: any, after creation. Ownership: shared; the Library must outlive it.
#pragma once

#include <openssl/types.h>

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "firmware/base/result.h"
#include "firmware/tls/certificate_facts.h"
#include "firmware/tls/known_chains.h"
#include "firmware/tls/library.h"
#include "firmware/tls/revocation.h"

namespace privyseal::tls {

enum class Side { kClient, kServer };

/// Which row of the table in profile.h counts.
enum class Purpose {
  kMail,       ///< kProfile: everything but those below
  kOldPeer,    ///< kOldClientProfile or kOldServerProfile; a client shows no certificate
  kEnrolment,  ///< kEnrolmentProfile. In TLS 1.2 our certificate is not shown: keyd signs nothing of TLS 1.2
};

struct ContextSettings {
  Side side = Side::kClient;
  Purpose purpose = Purpose::kMail;
  bool hybrid = true;  ///< false: kClassicGroups instead of the profile's
  /// Our certificate chain (PEM, leaf first) and the URI of its key; both empty: we show none (clients only).
  std::filesystem::path certificate{};
  std::string key_uri{};
  /// The only roots that are trusted; empty: the peer is not asked for a certificate (servers only).
  std::filesystem::path trusted_roots{};
  /// The peer's certificate must hold one of these dNSNames. Needed where trusted_roots is set.
  std::vector<std::string> peer_names{};
  /// Whom the roots have revoked; each must be signed by one of them.
  std::vector<RevocationList> revocation_lists{};
};

class Context {
 public:
  /// kInvalid: a certificate file is malformed, or does not belong to the key; or a client for an old peer
  /// would show one. kUnavailable: the key is not there.
  [[nodiscard]] static Result<std::shared_ptr<const Context>> make(std::shared_ptr<const Library> library,
                                                                   const ContextSettings& settings);
  ~Context();
  Context(const Context&) = delete;  // shared, never copied
  Context& operator=(const Context&) = delete;

  [[nodiscard]] Side side() const { return side_; }
  /// Whether its handshakes need a signature of ours.
  [[nodiscard]] bool has_key() const { return certificate_.has_value(); }
  /// A new connection's TLS state, with name checks set. Null: out of memory.
  [[nodiscard]] SSL* new_session() const;
  /// The certificate that we show; none: we show none.
  [[nodiscard]] const std::optional<CertificateFacts>& certificate() const { return certificate_; }
  /// For the check whether keys are there before a handshake is promised to a peer.
  [[nodiscard]] const Library& library() const { return *library_; }

 private:
  Context(std::shared_ptr<const Library> library, std::unique_ptr<KnownChains> known_chains, SSL_CTX* context,
          const ContextSettings& settings);

  std::shared_ptr<const Library> library_;
  std::unique_ptr<KnownChains> known_chains_;  // of peers, in context_
  SSL_CTX* context_;
  Side side_;
  std::vector<std::string> peer_names_;
  std::optional<CertificateFacts> certificate_;
};

}  // namespace privyseal::tls
