#include "firmware/tls/context.h"

#include <openssl/x509v3.h>

#include <utility>

#include "firmware/base/check.h"
#include "firmware/tls/certificate_file.h"
#include "firmware/tls/openssl.h"
#include "firmware/tls/profile.h"

namespace privyseal::tls {
namespace {

constexpr int kMaxChainDepth = 4;

Result<void> show_certificate(SSL_CTX* context, const Library& library, const ContextSettings& settings) {
  const auto chain = certificates_in(settings.certificate, library.get());
  if (!chain) return std::unexpected(chain.error());
  const auto key = library.key(settings.key_uri);
  if (!key) return std::unexpected(key.error());
  if (SSL_CTX_use_certificate(context, chain->front().get()) != 1)
    return fail_openssl(ErrorCode::kInvalid, settings.certificate.string());
  for (std::size_t i = 1; i < chain->size(); ++i)
    if (SSL_CTX_add1_chain_cert(context, (*chain)[i].get()) != 1)
      return fail_openssl(ErrorCode::kInvalid, settings.certificate.string());
  if (SSL_CTX_use_PrivateKey(context, key->get()) != 1 || SSL_CTX_check_private_key(context) != 1)
    return fail_openssl(ErrorCode::kInvalid, settings.certificate.string() + " and " + settings.key_uri);
  return {};
}

const Profile& profile_of(const ContextSettings& settings) {
  switch (settings.purpose) {
    case Purpose::kMail:
      return kProfile;
    case Purpose::kOldPeer:
      return settings.side == Side::kServer ? kOldClientProfile : kOldServerProfile;
    case Purpose::kEnrolment:
      return kEnrolmentProfile;
  }
  CHECK(false);
  std::unreachable();
}

/// A callback of libssl's: before a certificate is chosen. keyd signs only what TLS 1.3 signs; a client
/// without a certificate is a better answer than a handshake that breaks.
int show_none_before_tls13(SSL* session, void* /*unused*/) {
  if (SSL_version(session) < TLS1_3_VERSION) SSL_certs_clear(session);
  return 1;
}

Result<void> trust(SSL_CTX* context, KnownChains* known_chains, const Library& library,
                   const ContextSettings& settings) {
  const auto roots = certificates_in(settings.trusted_roots, library.get());
  if (!roots) return std::unexpected(roots.error());
  X509_STORE* store = SSL_CTX_get_cert_store(context);
  for (const auto& root : *roots) {
    if (X509_STORE_add_cert(store, root.get()) != 1 || SSL_CTX_add_client_CA(context, root.get()) != 1)
      return fail_openssl(ErrorCode::kInvalid, settings.trusted_roots.string());
  }
  X509_STORE_set_flags(store, X509_V_FLAG_X509_STRICT);
  if (auto added = add_revocation_lists(store, settings.revocation_lists, library.get()); !added)
    return added;
  SSL_CTX_set_verify_depth(context, kMaxChainDepth);
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  SSL_CTX_set_cert_verify_callback(context, KnownChains::verify, known_chains);
  return {};
}

}  // namespace

Result<std::shared_ptr<const Context>> Context::make(std::shared_ptr<const Library> library,
                                                     const ContextSettings& settings) {
  const bool server = settings.side == Side::kServer;
  if (server && settings.certificate.empty())
    return fail(ErrorCode::kInvalid, "tls: a server needs a certificate");
  if (!server && settings.trusted_roots.empty())
    return fail(ErrorCode::kInvalid, "tls: a client needs trusted roots");
  if (!server && settings.purpose == Purpose::kOldPeer && !settings.certificate.empty())
    return fail(ErrorCode::kInvalid, "tls: keyd signs no client's handshake of TLS 1.2");
  if (!settings.trusted_roots.empty() && settings.peer_names.empty())
    return fail(ErrorCode::kInvalid, "tls: trusted roots without the names that peers may have");

  SslCtxPtr context(
      SSL_CTX_new_ex(library->get(), nullptr, server ? TLS_server_method() : TLS_client_method()));
  if (!context) return fail_openssl(ErrorCode::kUnavailable, "tls context");
  Profile profile = profile_of(settings);
  if (!settings.hybrid) profile.groups = kClassicGroups;
  if (auto applied = apply(profile, context.get()); !applied) return std::unexpected(applied.error());
  if (settings.purpose == Purpose::kEnrolment)
    SSL_CTX_set_cert_cb(context.get(), show_none_before_tls13, nullptr);
  if (!settings.certificate.empty())
    if (auto shown = show_certificate(context.get(), *library, settings); !shown)
      return std::unexpected(shown.error());
  auto known_chains = std::make_unique<KnownChains>();
  if (!settings.trusted_roots.empty())
    if (auto trusted = trust(context.get(), known_chains.get(), *library, settings); !trusted)
      return std::unexpected(trusted.error());
  return std::shared_ptr<const Context>(
      new Context(std::move(library), std::move(known_chains), context.release(), settings));
}

Context::Context(std::shared_ptr<const Library> library, std::unique_ptr<KnownChains> known_chains,
                 SSL_CTX* context, const ContextSettings& settings)
    : library_(std::move(library)),
      known_chains_(std::move(known_chains)),
      context_(context),
      side_(settings.side),
      peer_names_(settings.peer_names) {
  if (const X509* own = SSL_CTX_get0_certificate(context_); own != nullptr) certificate_ = facts_of(own);
}

Context::~Context() { SSL_CTX_free(context_); }

SSL* Context::new_session() const {
  SslPtr session(SSL_new(context_));
  if (!session) return nullptr;
  SSL_set_hostflags(session.get(),
                    X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  for (const std::string& name : peer_names_)
    if (SSL_add1_host(session.get(), name.c_str()) != 1) return nullptr;
  if (side_ == Side::kServer) {
    SSL_set_accept_state(session.get());
    return session.release();
  }
  CHECK(!peer_names_.empty());
  if (SSL_set_tlsext_host_name(session.get(), peer_names_.front().c_str()) != 1) return nullptr;
  SSL_set_connect_state(session.get());
  return session.release();
}

}  // namespace privyseal::tls
