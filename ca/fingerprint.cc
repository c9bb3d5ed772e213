#include "ca/fingerprint.h"

#include <openssl/evp.h>

#include "firmware/base/check.h"

namespace privyseal::ca {

std::string key_fingerprint(ByteView public_key) {
  Bytes digest(32);
  CHECK(EVP_Digest(public_key.data(), public_key.size(), uchar(std::span(digest)), nullptr, EVP_sha256(),
                   nullptr) == 1);
  return to_hex(digest);
}

}  // namespace privyseal::ca
