#include "firmware/tls/profile.h"

#include "firmware/tls/openssl.h"

namespace privyseal::tls {

Result<void> apply(const Profile& profile, SSL_CTX* context) {
  SSL_CTX_set_security_level(context, kSecurityLevel);
  SSL_CTX_set_options(context, profile.options);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_max_early_data(context, 0);
  // NO_AUTO_CHAIN: the chain is given; otherwise libssl verifies our own chain again in every handshake.
  SSL_CTX_set_mode(context, SSL_MODE_NO_AUTO_CHAIN | SSL_MODE_RELEASE_BUFFERS |
                                SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_read_ahead(context, 1);
  const bool taken =
      SSL_CTX_set_num_tickets(context, 0) == 1 &&
      SSL_CTX_set_min_proto_version(context, profile.min_version) == 1 &&
      SSL_CTX_set_max_proto_version(context, profile.max_version) == 1 &&
      SSL_CTX_set_ciphersuites(context, profile.suites) == 1 &&
      (profile.old_suites == nullptr || SSL_CTX_set_cipher_list(context, profile.old_suites) == 1) &&
      SSL_CTX_set1_groups_list(context, profile.groups) == 1 &&
      SSL_CTX_set1_sigalgs_list(context, profile.signatures) == 1;
  if (!taken) return fail_openssl(ErrorCode::kInvalid, "tls profile");
  return {};
}

}  // namespace privyseal::tls
