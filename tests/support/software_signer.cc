#include "tests/support/software_signer.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "firmware/base/check.h"
#include "firmware/base/free.h"

namespace privyseal::test {

SoftwareSigner::SoftwareSigner(const char* group)
    : SoftwareSigner(std::shared_ptr<EVP_PKEY>(EVP_EC_gen(group), EVP_PKEY_free)) {}

SoftwareSigner::SoftwareSigner(std::shared_ptr<evp_pkey_st> key) : key_(std::move(key)) {
  unsigned char* der = nullptr;
  const int length = i2d_PUBKEY(key_.get(), &der);
  CHECK(length > 0);
  public_key_ = copy_of(std::as_bytes(std::span(der, static_cast<std::size_t>(length))));
  OPENSSL_free(der);
}

Result<std::unique_ptr<SoftwareSigner>> SoftwareSigner::from_pem(const std::string& key_pem) {
  const std::unique_ptr<BIO, Free<BIO_free_all>> memory(
      BIO_new_mem_buf(key_pem.data(), static_cast<int>(key_pem.size())));
  std::shared_ptr<EVP_PKEY> key(PEM_read_bio_PrivateKey(memory.get(), nullptr, nullptr, nullptr),
                                EVP_PKEY_free);
  if (key == nullptr) return fail(ErrorCode::kInvalid, "signer: no private key in PEM");
  return std::unique_ptr<SoftwareSigner>(new SoftwareSigner(std::move(key)));
}

Result<Bytes> SoftwareSigner::sign_certificate(ByteView message) {
  const std::unique_ptr<EVP_MD_CTX, Free<EVP_MD_CTX_free>> context(EVP_MD_CTX_new());
  const char* digest = EVP_PKEY_get_bits(key_.get()) == 256 ? "SHA256" : "SHA384";
  Bytes signature(128);
  std::size_t length = signature.size();
  CHECK(EVP_DigestSignInit_ex(context.get(), nullptr, digest, nullptr, nullptr, key_.get(), nullptr) == 1);
  CHECK(EVP_DigestSign(context.get(), uchar(std::span(signature)), &length, uchar(message), message.size()) ==
        1);
  signature.resize(length);
  return signature;
}

Result<Bytes> SoftwareSigner::sign_crl(ByteView tbs_cert_list) { return sign_certificate(tbs_cert_list); }

}  // namespace privyseal::test
