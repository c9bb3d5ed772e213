#include "web-admin/server/crypto.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <sys/random.h>

#include "firmware/base/check.h"

namespace privyseal::web {
namespace {

constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

}  // namespace

Digest hmac_sha256(ByteView key, ByteView bytes) {
  Digest code;
  unsigned size = 0;
  CHECK(HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), uchar(bytes), bytes.size(),
             uchar(std::span<std::byte>(code)), &size) != nullptr);
  CHECK(size == code.size());
  return code;
}

Bytes random_bytes(std::size_t count) {
  CHECK(count <= 256);  // up to there getrandom(2) gives all or nothing
  Bytes bytes(count);
  CHECK(::getrandom(bytes.data(), bytes.size(), 0) == static_cast<ssize_t>(count));
  return bytes;
}

bool is_same_secret(ByteView one, ByteView other) {
  return one.size() == other.size() && CRYPTO_memcmp(one.data(), other.data(), one.size()) == 0;
}

std::string to_base64url(ByteView bytes) {
  std::string text;
  unsigned bits = 0;
  int held = 0;
  for (const std::byte byte : bytes) {
    bits = bits << 8 | std::to_integer<unsigned>(byte);
    held += 8;
    for (; held >= 6; held -= 6) text += kAlphabet[bits >> (held - 6) & 63];
  }
  if (held > 0) text += kAlphabet[bits << (6 - held) & 63];
  return text;
}

std::optional<Bytes> from_base64url(std::string_view text) {
  Bytes bytes;
  unsigned bits = 0;
  int held = 0;
  for (const char c : text) {
    const auto value = kAlphabet.find(c);
    if (value == std::string_view::npos) return {};
    bits = bits << 6 | static_cast<unsigned>(value);
    held += 6;
    if (held >= 8) {
      held -= 8;
      bytes.push_back(static_cast<std::byte>(bits >> held & 255));
    }
  }
  if (held == 6 || (bits & ((1U << held) - 1)) != 0) return {};
  return bytes;
}

}  // namespace privyseal::web
