#include "firmware/base/gmac.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include <string>

#include "firmware/base/check.h"

namespace privyseal {
namespace {

/// Fetched once: a fetch costs more than a tag.
EVP_MAC* algorithm() {
  static EVP_MAC* const kAlgorithm = EVP_MAC_fetch(nullptr, "GMAC", nullptr);
  return kAlgorithm;
}

EVP_MAC_CTX* mac(void* context) { return static_cast<EVP_MAC_CTX*>(context); }

}  // namespace

// What can fail here is memory alone.
Gmac::Gmac(const std::array<std::byte, 32>& key) : context_(EVP_MAC_CTX_new(algorithm())) {
  std::string cipher = "AES-256-GCM";
  std::array<std::byte, 12> nonce{};
  const std::array<OSSL_PARAM, 3> parameters{
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_CIPHER, cipher.data(), 0),
      OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_IV, nonce.data(), nonce.size()),
      OSSL_PARAM_construct_end()};
  CHECK(context_ &&
        EVP_MAC_init(mac(context_.get()), uchar(ByteView(key)), key.size(), parameters.data()) == 1);
}

void Gmac::Free::operator()(void* context) const { EVP_MAC_CTX_free(mac(context)); }

void Gmac::add(ByteView bytes) {
  CHECK(EVP_MAC_update(mac(context_.get()), uchar(bytes), bytes.size()) == 1);
}

Gmac::Tag Gmac::finish() {
  Tag tag;
  std::size_t size = 0;
  CHECK(EVP_MAC_final(mac(context_.get()), uchar(std::span<std::byte>(tag)), &size, tag.size()) == 1 &&
        size == tag.size());
  return tag;
}

}  // namespace privyseal
