/// For tests: ResponseData (RFC 6960 section 4.2.1) written by hand, so that every part of it can be wrong.
#pragma once

#include <openssl/evp.h>

#include <string>
#include <vector>

#include "hsm/keyd/test_keys.h"

namespace privyseal::keyd {

/// DER of one element.
inline std::string element(unsigned tag, const std::string& content) {
  std::string der(1, static_cast<char>(tag));
  if (content.size() >= 0x100)
    der += {'\x82', static_cast<char>(content.size() >> 8)};
  else if (content.size() >= 0x80)
    der += '\x81';
  return der + static_cast<char>(content.size() & 0xff) + content;
}

inline const std::string kSha1Algorithm("\x30\x09\x06\x05\x2b\x0e\x03\x02\x1a\x05\x00", 11);
inline const std::string kSha256Algorithm("\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00", 15);

inline std::string digest_of(const EVP_MD* kind, const std::string& text) {
  std::string digest(EVP_MAX_MD_SIZE, '\0');
  unsigned size = 0;
  CHECK(EVP_Digest(text.data(), text.size(), reinterpret_cast<unsigned char*>(digest.data()), &size, kind,
                   nullptr) == 1);
  return digest.substr(0, size);
}
inline std::string key_hash(const TestKey& key, const EVP_MD* kind = EVP_sha1()) {
  return digest_of(kind, std::string(text_of(point_of(key))));
}

struct TestStatus {
  std::string algorithm = kSha1Algorithm;
  std::string issuer_name_hash = std::string(20, 'n');
  std::string issuer_key_hash{};  ///< empty: the CA's
  std::string serial = "\x4a\x11\x22\x33\x44\x55\x66\x77";
  std::string status = std::string("\x80\x00", 2);  // good
  std::string this_update = "20260301000000Z";
  std::string next_update = "20260302000000Z";  // empty: none
  std::string extensions{};
  unsigned time_tag = 0x18;

  static std::string revoked(const std::string& at = "20260228000000Z") {
    return element(0xa1, element(0x18, at) + element(0xa0, element(0x0a, "\x01")));
  }
};

struct TestOcsp {
  TestKey ca;
  std::string version{};
  std::string responder{};  ///< empty: byKey, the CA's
  std::string produced_at = "20260301000100Z";
  std::vector<TestStatus> statuses{TestStatus{}};
  std::string extensions{};  ///< with their tags

  static std::string nonce(const std::string& bytes) {
    const std::string id("\x2b\x06\x01\x05\x05\x07\x30\x01\x02", 9);
    return element(0x30, element(0x06, id) + element(0x04, element(0x04, bytes)));
  }

  [[nodiscard]] Bytes data() const {
    std::string all;
    for (const TestStatus& status : statuses) all += single(status);
    const std::string by_key = element(0xa2, element(0x04, key_hash(ca)));
    const std::string content = version + (responder.empty() ? by_key : responder) +
                                element(0x18, produced_at) + element(0x30, all) +
                                (extensions.empty() ? "" : element(0xa1, element(0x30, extensions)));
    return copy_of(bytes_of(element(0x30, content)));
  }

 private:
  [[nodiscard]] std::string single(const TestStatus& status) const {
    const std::string key =
        status.issuer_key_hash.empty()
            ? key_hash(ca, status.algorithm == kSha256Algorithm ? EVP_sha256() : EVP_sha1())
            : status.issuer_key_hash;
    const std::string id = element(0x30, status.algorithm + element(0x04, status.issuer_name_hash) +
                                             element(0x04, key) + element(0x02, status.serial));
    const std::string next =
        status.next_update.empty() ? "" : element(0xa0, element(status.time_tag, status.next_update));
    const std::string more = status.extensions.empty() ? "" : element(0xa1, element(0x30, status.extensions));
    return element(0x30, id + status.status + element(status.time_tag, status.this_update) + next + more);
  }
};

}  // namespace privyseal::keyd
