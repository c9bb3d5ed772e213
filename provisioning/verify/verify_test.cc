#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include <memory>

#include "provisioning/verify/bundle.h"
#include "provisioning/verify/signature.h"

namespace privyseal::provisioning {
namespace {

Bytes number(std::size_t value) {
  Bytes bytes;
  for (int shift = 24; shift >= 0; shift -= 8) bytes.push_back(static_cast<std::byte>(value >> shift & 0xff));
  return bytes;
}

Bytes joined(std::initializer_list<ByteView> parts) {
  Bytes bytes;
  for (const ByteView part : parts) append(bytes, part);
  return bytes;
}

Bytes bundle_of(std::string_view settings, ByteView signature) {
  return joined({bytes_of(kBundleMagic), number(settings.size()), number(signature.size()),
                 bytes_of(settings), signature});
}

TEST(ParseBundle, FindsThePartsAndIgnoresWhatFollows) {
  Bytes bytes = bundle_of("hostname = 'a'", bytes_of("signature"));
  const std::size_t length = bytes.size();
  bytes.resize(length + 512);
  const auto bundle = parse_bundle(bytes);
  ASSERT_TRUE(bundle) << bundle.error().message;
  EXPECT_EQ(text_of(bundle->settings), "hostname = 'a'");
  EXPECT_EQ(text_of(bundle->signature), "signature");
  EXPECT_EQ(bundle->signed_part.size(), length - 9);
  EXPECT_EQ(bundle->whole.size(), length);
}

struct BadBundle {
  std::string name;
  Bytes bytes;
  ErrorCode code;
};

class ParseBundleRefuses : public testing::TestWithParam<BadBundle> {};

TEST_P(ParseBundleRefuses, It) {
  const auto bundle = parse_bundle(GetParam().bytes);
  ASSERT_FALSE(bundle);
  EXPECT_EQ(bundle.error().code, GetParam().code);
}

Bytes header(std::size_t settings, std::size_t signature, std::size_t bytes_after) {
  Bytes bytes = joined({bytes_of(kBundleMagic), number(settings), number(signature)});
  bytes.resize(bytes.size() + bytes_after);
  return bytes;
}

INSTANTIATE_TEST_SUITE_P(
    , ParseBundleRefuses,
    testing::Values(
        BadBundle{"Nothing", {}, ErrorCode::kNotFound},
        BadBundle{"ABlankDisk", Bytes(4096), ErrorCode::kNotFound},
        BadBundle{"AnotherVersion", copy_of(bytes_of("PSPROV2\n\0\0\0\1\0\0\0\1ab")), ErrorCode::kNotFound},
        BadBundle{"HalfTheMagic", copy_of(bytes_of("PSPR")), ErrorCode::kNotFound},
        BadBundle{"TheMagicAlone", copy_of(bytes_of(kBundleMagic)), ErrorCode::kInvalid},
        BadBundle{"NoSettings", header(0, 70, 200), ErrorCode::kInvalid},
        BadBundle{"NoSignature", header(10, 0, 200), ErrorCode::kInvalid},
        BadBundle{"OneByteShort", header(10, 70, 79), ErrorCode::kInvalid},
        BadBundle{"SettingsTooLong", header(kMostSettingsBytes + 1, 70, 80'000), ErrorCode::kInvalid},
        BadBundle{"SignatureTooLong", header(10, 81, 200), ErrorCode::kInvalid},
        BadBundle{"LengthsThatOverflow", header(0xffffffff, 0xffffffff, 200), ErrorCode::kInvalid}),
    [](const auto& c) { return c.param.name; });

/// Keys and signatures by OpenSSL: another implementation than the one under test.
class SignerKey {
 public:
  explicit SignerKey(const char* curve) : key_(EVP_EC_gen(curve), &EVP_PKEY_free) {}

  [[nodiscard]] Bytes public_key() const {
    unsigned char* der = nullptr;
    const int length = i2d_PUBKEY(key_.get(), &der);
    Bytes bytes = copy_of(std::as_bytes(std::span(der, static_cast<std::size_t>(length))));
    OPENSSL_free(der);
    return bytes;
  }
  [[nodiscard]] Bytes sign(std::string_view message) const {
    const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
    EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key_.get());
    Bytes signature(256);
    std::size_t length = signature.size();
    EVP_DigestSign(context.get(), uchar(std::span(signature)), &length, uchar(bytes_of(message)),
                   message.size());
    signature.resize(length);
    return signature;
  }

 private:
  std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key_;
};

ErrorCode refusal(const Bytes& key, std::string_view message, const Bytes& signature) {
  const auto checked = check_signature(key, bytes_of(message), signature);
  return checked ? ErrorCode::kClosed : checked.error().code;
}

TEST(CheckSignature, PassesWhatTheKeyHasSigned) {
  const SignerKey key("P-256");
  EXPECT_TRUE(check_signature(key.public_key(), bytes_of("message"), key.sign("message")));
}

TEST(CheckSignature, RefusesWhatItHasNot) {
  const SignerKey key("P-256");
  const SignerKey other("P-256");
  Bytes flipped = key.sign("message");
  flipped.back() ^= std::byte{1};
  Bytes longer = key.sign("message");
  longer.push_back(std::byte{0});
  EXPECT_EQ(refusal(key.public_key(), "Message", key.sign("message")), ErrorCode::kDenied);
  EXPECT_EQ(refusal(key.public_key(), "message", other.sign("message")), ErrorCode::kDenied);
  EXPECT_EQ(refusal(key.public_key(), "message", flipped), ErrorCode::kDenied);
  EXPECT_EQ(refusal(key.public_key(), "message", longer), ErrorCode::kDenied);
  EXPECT_EQ(refusal(key.public_key(), "message", {}), ErrorCode::kDenied);
  // r = s = 0, the forgery that a careless implementation takes for any message.
  EXPECT_EQ(refusal(key.public_key(), "message",
                    copy_of(bytes_of(std::string_view("\x30\x06\x02\x01\0\x02\x01\0", 8)))),
            ErrorCode::kDenied);
}

TEST(CheckSignature, RefusesAKeyThatIsNotOfP256) {
  const SignerKey key("P-384");
  EXPECT_EQ(refusal(key.public_key(), "message", key.sign("message")), ErrorCode::kInvalid);
  EXPECT_EQ(refusal(copy_of(bytes_of("no key")), "message", key.sign("message")), ErrorCode::kInvalid);
}

}  // namespace
}  // namespace privyseal::provisioning
