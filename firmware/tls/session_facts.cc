#include "firmware/tls/session_facts.h"

#include <array>
#include <string_view>

#include "firmware/base/bytes.h"
#include "firmware/tls/certificate_facts.h"
#include "firmware/tls/openssl.h"

namespace privyseal::tls {
namespace {

constexpr std::string_view kExporterLabel = "EXPORTER-appliance-audit";
constexpr std::size_t kExporterBytes = 32;
constexpr std::size_t kSessionIdBytes = 16;

Result<std::string> session_id_of(SSL* session) {
  std::array<std::byte, kExporterBytes> exported;
  if (SSL_export_keying_material(session, uchar(std::span<std::byte>(exported)), exported.size(),
                                 kExporterLabel.data(), kExporterLabel.size(), nullptr, 0, 0) != 1)
    return fail_openssl(ErrorCode::kUnavailable, "tls exporter");
  std::array<std::byte, 32> digest;
  if (EVP_Q_digest(nullptr, "SHA256", nullptr, exported.data(), exported.size(),
                   uchar(std::span<std::byte>(digest)), nullptr) != 1)
    return fail_openssl(ErrorCode::kUnavailable, "tls exporter");
  return to_hex(std::span(digest).first(kSessionIdBytes));
}

}  // namespace

Result<SessionFacts> facts_of(SSL* session) {
  // Without it two sessions of TLS 1.2 can be made to have one master secret, and so one id (RFC 7627).
  if (SSL_version(session) < TLS1_3_VERSION && SSL_get_extms_support(session) != 1)
    return fail(ErrorCode::kInvalid, "tls: TLS 1.2 without the extended master secret");
  auto id = session_id_of(session);
  if (!id) return std::unexpected(id.error());
  SessionFacts facts;
  facts.session_id = std::move(*id);
  facts.version = SSL_get_version(session);
  facts.suite = SSL_get_cipher_name(session);
  if (const char* group = SSL_get0_group_name(session); group != nullptr) facts.group = group;
  facts.resumed = SSL_session_reused(session) == 1;
  if (const X509* peer = SSL_get0_peer_certificate(session); peer != nullptr) {
    CertificateFacts certificate = facts_of(peer);
    facts.peer_subject = std::move(certificate.subject);
    facts.peer_issuer = std::move(certificate.issuer);
    facts.peer_serial = std::move(certificate.serial);
  }
  return facts;
}

std::string handshake_failure(SSL* session) {
  const long verified = SSL_get_verify_result(session);
  const unsigned long error = ERR_peek_error();
  const char* reason = error == 0 ? nullptr : ERR_reason_error_string(error);
  const bool no_certificate = ERR_GET_REASON(error) == SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE;
  ERR_clear_error();
  switch (verified) {
    case X509_V_OK:
      if (no_certificate) return "no-certificate";
      return reason == nullptr ? "connection closed during the handshake" : reason;
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return "expired";
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return "not-yet-valid";
    case X509_V_ERR_HOSTNAME_MISMATCH:
      return "wrong-name";
    case X509_V_ERR_CERT_REVOKED:
      return "revoked";
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_CERT_SIGNATURE_FAILURE:
      return "untrusted-issuer";
    default:
      return X509_verify_cert_error_string(verified);
  }
}

}  // namespace privyseal::tls
