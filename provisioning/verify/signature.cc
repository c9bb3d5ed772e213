#include "provisioning/verify/signature.h"

#include <mbedtls/ecp.h>
#include <mbedtls/pk.h>
#include <mbedtls/sha256.h>

#include <array>

namespace privyseal::provisioning {
namespace {

class PublicKey {
 public:
  PublicKey() { mbedtls_pk_init(&key_); }
  ~PublicKey() { mbedtls_pk_free(&key_); }
  PublicKey(const PublicKey&) = delete;  // the struct owns pointers
  PublicKey& operator=(const PublicKey&) = delete;

  [[nodiscard]] bool read(ByteView der) {
    return mbedtls_pk_parse_public_key(&key_, uchar(der), der.size()) == 0 &&
           mbedtls_pk_get_type(&key_) == MBEDTLS_PK_ECKEY &&
           mbedtls_ecp_keypair_get_group_id(mbedtls_pk_ec(key_)) == MBEDTLS_ECP_DP_SECP256R1;
  }
  [[nodiscard]] bool has_signed(ByteView hash, ByteView signature) {
    return mbedtls_pk_verify(&key_, MBEDTLS_MD_SHA256, uchar(hash), hash.size(), uchar(signature),
                             signature.size()) == 0;
  }

 private:
  mbedtls_pk_context key_;
};

}  // namespace

Result<void> check_signature(ByteView public_key, ByteView message, ByteView signature) {
  PublicKey key;
  if (!key.read(public_key)) return fail(ErrorCode::kInvalid, "the built-in public key is not a P-256 key");
  std::array<std::byte, 32> hash{};
  if (mbedtls_sha256(uchar(message), message.size(), uchar(std::span<std::byte>(hash)), 0) != 0)
    return fail(ErrorCode::kUnavailable, "SHA-256 failed");
  if (!key.has_signed(hash, signature))
    return fail(ErrorCode::kDenied, "its signature is not by the key that this box trusts");
  return {};
}

}  // namespace privyseal::provisioning
