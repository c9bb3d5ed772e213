/// For tests of the checks of what is to be signed: the CA's key, and what each of them must refuse.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "hsm/keyd/test_certificates.h"
#include "hsm/keyd/test_ocsp.h"

namespace privyseal::keyd {

/// One for a whole program.
inline const TestKey& test_ca_key() {
  static const TestKey kKey = make_test_key("P-256");
  return kKey;
}

/// `check` passes `good`, and neither a part of it nor anything longer.
inline void expect_passes_only_whole(const auto& check, const Bytes& good) {
  EXPECT_TRUE(check(good));
  for (std::size_t length = 0; length < good.size(); ++length)
    EXPECT_FALSE(check(ByteView(good).first(length))) << length;
  Bytes longer = good;
  append(longer, Bytes(1));
  EXPECT_FALSE(check(longer));
  Bytes twice = good;
  append(twice, good);
  EXPECT_FALSE(check(twice));
}

/// `check` refuses whatever means something else than `own`, each of them good in its own place.
inline void expect_refuses_other_meanings(const auto& check, std::string_view own) {
  const TestKey& ca = test_ca_key();
  const std::vector<std::pair<std::string_view, Bytes>> meanings{
      {"nothing", {}},
      {"digest of SHA-256", copy_of(bytes_of(std::string(32, 'd')))},
      {"digest of SHA-384", copy_of(bytes_of(std::string(48, 'd')))},
      {"public key", spki_of(ca)},
      {"request", request_info_of(ca)},
      {"certificate", TestCertificate{.ca = ca, .subject_key = make_test_key("P-384")}.tbs()},
      {"CRL", TestCrl{.ca = ca}.tbs()},
      {"OCSP response", TestOcsp{.ca = ca}.data()}};
  int refused = 0;
  for (const auto& [name, bytes] : meanings) {
    if (name == own) continue;
    EXPECT_FALSE(check(bytes)) << name;
    ++refused;
  }
  EXPECT_EQ(refused, 7) << "no such meaning: " << own;
}

}  // namespace privyseal::keyd
