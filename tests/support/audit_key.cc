#include "tests/support/audit_key.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "firmware/base/check.h"
#include "firmware/base/free.h"

namespace privyseal::test {

struct AuditKey::Key {
  std::unique_ptr<EVP_PKEY, Free<EVP_PKEY_free>> key{EVP_EC_gen("P-256")};
};

AuditKey::AuditKey() : key_(std::make_unique<Key>()) { CHECK(key_->key); }
AuditKey::~AuditKey() = default;

Result<Bytes> AuditKey::public_key() {
  Bytes der(static_cast<std::size_t>(i2d_PUBKEY(key_->key.get(), nullptr)));
  unsigned char* end = uchar(std::span<std::byte>(der));
  CHECK(i2d_PUBKEY(key_->key.get(), &end) > 0);
  return der;
}

Result<Bytes> AuditKey::sign(std::string_view text) {
  if (error_) return std::unexpected(*error_);
  const std::unique_ptr<EVP_MD_CTX, Free<EVP_MD_CTX_free>> context(EVP_MD_CTX_new());
  std::size_t length = 256;
  Bytes signature(length);
  CHECK(EVP_DigestSignInit_ex(context.get(), nullptr, "SHA256", nullptr, nullptr, key_->key.get(), nullptr) ==
        1);
  CHECK(EVP_DigestSign(context.get(), uchar(std::span<std::byte>(signature)), &length, uchar(bytes_of(text)),
                       text.size()) == 1);
  signature.resize(length);
  return signature;
}

std::string AuditKey::public_key_pem() const {
  const std::unique_ptr<BIO, Free<BIO_free_all>> bio(BIO_new(BIO_s_mem()));
  CHECK(PEM_write_bio_PUBKEY(bio.get(), key_->key.get()) == 1);
  char* text = nullptr;
  const long length = BIO_get_mem_data(bio.get(), &text);
  return {text, static_cast<std::size_t>(length)};
}

}  // namespace privyseal::test
