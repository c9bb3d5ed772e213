#include "web-admin/server/crypto.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "firmware/base/check.h"

namespace privyseal::web {
Digest hmac_sha256(ByteView key, ByteView bytes) {
  Digest code;
  unsigned size = 0;
  CHECK(HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), uchar(bytes), bytes.size(),
             uchar(std::span<std::byte>(code)), &size) != nullptr);
  CHECK(size == code.size());
  return code;
}

bool is_same_secret(ByteView one, ByteView other) {
  return one.size() == other.size() && CRYPTO_memcmp(one.data(), other.data(), one.size()) == 0;
}

}  // namespace privyseal::web
