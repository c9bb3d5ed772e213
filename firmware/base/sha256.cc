#include "firmware/base/sha256.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <memory>

#include "firmware/base/check.h"
#include "firmware/base/free.h"

namespace privyseal {
namespace {

/// Fetched once: a fetch costs more than a digest.
const EVP_MD* algorithm() {
  static const EVP_MD* const kAlgorithm = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  return kAlgorithm;
}

}  // namespace

Digest sha256(std::initializer_list<ByteView> parts) {
  thread_local const std::unique_ptr<EVP_MD_CTX, Free<EVP_MD_CTX_free>> context(EVP_MD_CTX_new());
  // What can fail here is memory alone.
  CHECK(context && EVP_DigestInit_ex2(context.get(), algorithm(), nullptr) == 1);
  for (const ByteView part : parts) CHECK(EVP_DigestUpdate(context.get(), part.data(), part.size()) == 1);
  Digest digest;
  CHECK(EVP_DigestFinal_ex(context.get(), uchar(std::span<std::byte>(digest)), nullptr) == 1);
  return digest;
}

struct Sha256::Context {
  std::unique_ptr<EVP_MD_CTX, Free<EVP_MD_CTX_free>> context{EVP_MD_CTX_new()};
};

Sha256::Sha256() : context_(std::make_unique<Context>()) {
  CHECK(context_->context && EVP_DigestInit_ex2(context_->context.get(), algorithm(), nullptr) == 1);
}
Sha256::~Sha256() = default;

void Sha256::add(ByteView bytes) {
  CHECK(EVP_DigestUpdate(context_->context.get(), bytes.data(), bytes.size()) == 1);
}

Digest Sha256::finish() {
  Digest digest;
  CHECK(EVP_DigestFinal_ex(context_->context.get(), uchar(std::span<std::byte>(digest)), nullptr) == 1);
  return digest;
}

Digest hmac_sha256(ByteView key, ByteView message) {
  Digest digest;
  CHECK(HMAC(algorithm(), key.data(), static_cast<int>(key.size()), uchar(message), message.size(),
             uchar(std::span<std::byte>(digest)), nullptr) != nullptr);
  return digest;
}

}  // namespace privyseal
