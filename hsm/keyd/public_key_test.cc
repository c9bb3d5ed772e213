#include "hsm/keyd/public_key.h"

#include <gtest/gtest.h>
#include <openssl/ecdsa.h>

#include "hsm/keyd/test_keys.h"

namespace privyseal::keyd {
namespace {

struct Case {
  hsm::KeyType type;
  const char* group;
  const char* digest;
};

class EcPublicKey : public testing::TestWithParam<Case> {
 protected:
  const TestKey key_ = make_test_key(GetParam().group);
  const Bytes point_ = point_of(key_);

  [[nodiscard]] Bytes wrapped_point() const {
    Bytes wrapped{std::byte{0x04}, static_cast<std::byte>(point_.size())};
    wrapped.insert(wrapped.end(), point_.begin(), point_.end());
    return wrapped;
  }
  [[nodiscard]] Bytes signature_of(ByteView message) const {
    const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
    Bytes signature(256);
    std::size_t length = signature.size();
    CHECK(EVP_DigestSignInit_ex(context.get(), nullptr, GetParam().digest, nullptr, nullptr, key_.get(),
                                nullptr) == 1);
    CHECK(EVP_DigestSign(context.get(), uchar(std::span(signature)), &length, uchar(message),
                         message.size()) == 1);
    signature.resize(length);
    return signature;
  }
};

TEST_P(EcPublicKey, IsReadFromATokensPoint) {
  const auto wrapped = PublicKey::from_ec_point(GetParam().type, wrapped_point());
  ASSERT_TRUE(wrapped) << wrapped.error().message;
  EXPECT_EQ(wrapped->spki(), spki_of(key_));
  const auto bare = PublicKey::from_ec_point(GetParam().type, point_);
  ASSERT_TRUE(bare) << bare.error().message;
  EXPECT_EQ(bare->spki(), spki_of(key_));
}

TEST_P(EcPublicKey, IsRefusedFromAnythingElse) {
  const auto refuses = [&](ByteView point) { return !PublicKey::from_ec_point(GetParam().type, point); };
  const Bytes wrapped = wrapped_point();
  EXPECT_TRUE(refuses({}));
  for (std::size_t length = 0; length < wrapped.size(); ++length)
    EXPECT_TRUE(refuses(ByteView(wrapped).first(length))) << length;
  Bytes off_curve = point_;
  off_curve.back() ^= std::byte{1};
  EXPECT_TRUE(refuses(off_curve));
  Bytes compressed = point_;
  compressed.front() = std::byte{0x02};
  EXPECT_TRUE(refuses(compressed));
  Bytes wrong_length = wrapped;
  wrong_length[1] ^= std::byte{1};
  EXPECT_TRUE(refuses(wrong_length));
  EXPECT_TRUE(refuses(Bytes(point_.size())));
}

TEST_P(EcPublicKey, VerifiesOnlyItsOwnSignatures) {
  const auto key = PublicKey::from_ec_point(GetParam().type, point_);
  ASSERT_TRUE(key);
  const auto message = bytes_of("what was signed");
  Bytes signature = signature_of(message);
  EXPECT_TRUE(key->verifies(message, signature));
  EXPECT_FALSE(key->verifies(bytes_of("something else"), signature));
  signature.back() ^= std::byte{1};
  EXPECT_FALSE(key->verifies(message, signature));
  EXPECT_FALSE(key->verifies(message, {}));
}

TEST_P(EcPublicKey, TurnsRawSignaturesIntoDer) {
  const auto key = PublicKey::from_ec_point(GetParam().type, point_);
  const auto message = bytes_of("what was signed");
  const Bytes der = signature_of(message);
  const unsigned char* at = uchar(der);
  const std::unique_ptr<ECDSA_SIG, decltype(&ECDSA_SIG_free)> parsed(
      d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size())), ECDSA_SIG_free);
  const std::size_t half = (point_.size() - 1) / 2;
  Bytes raw(2 * half);
  BN_bn2binpad(ECDSA_SIG_get0_r(parsed.get()), uchar(std::span(raw)), static_cast<int>(half));
  BN_bn2binpad(ECDSA_SIG_get0_s(parsed.get()), uchar(std::span(raw).subspan(half)), static_cast<int>(half));
  EXPECT_EQ(ecdsa_sig_value(GetParam().type, raw), der);
  raw.pop_back();
  EXPECT_FALSE(ecdsa_sig_value(GetParam().type, raw));
  EXPECT_FALSE(ecdsa_sig_value(GetParam().type, {}));
}

INSTANTIATE_TEST_SUITE_P(, EcPublicKey,
                         testing::Values(Case{hsm::KeyType::kEcP256, "P-256", "SHA256"},
                                         Case{hsm::KeyType::kEcP384, "P-384", "SHA384"}));

}  // namespace
}  // namespace privyseal::keyd
