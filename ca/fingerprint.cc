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

std::string in_groups(std::string_view fingerprint) {
  constexpr std::size_t kGroup = 4;
  std::string text;
  for (std::size_t i = 0; i < fingerprint.size(); ++i) {
    if (i > 0 && i % kGroup == 0) text += ' ';
    const char c = fingerprint[i];
    text += c >= 'a' && c <= 'f' ? static_cast<char>(c - 'a' + 'A') : c;
  }
  return text;
}

}  // namespace privyseal::ca
