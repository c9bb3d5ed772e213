#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/core_names.h>
#include <openssl/err.h>

#include "hsm/provider/test_library.h"
#include "tests/support/fake_keyd.h"
#include "tests/support/software_keys.h"
#include "tests/support/temp_folder.h"

namespace privyseal::hsm::provider {
namespace {

using std::string_literals::operator""s;

struct KeyCase {
  const char* name;
  const char* group;
  int bits;
  int security_bits;
  const char* digest;
  const char* other_digest;
};

class ProviderTest : public testing::Test {
 protected:
  ProviderTest() {
    keys_.add("p256", KeyType::kEcP256);
    keys_.add("p384", KeyType::kEcP384);
    keyd_.emplace(socket_, keys_);
  }
  ~ProviderTest() override { ERR_clear_error(); }

  /// The same key in the default provider, public part only: what a peer has.
  PkeyPtr public_part(EVP_PKEY* key) {
    unsigned char* der = nullptr;
    const int length = i2d_PUBKEY(key, &der);
    if (length <= 0) return nullptr;
    const unsigned char* from = der;
    PkeyPtr copy(d2i_PUBKEY_ex(nullptr, &from, length, library_.get(), nullptr));
    OPENSSL_free(der);
    return copy;
  }

  bool verifies(EVP_PKEY* key, const char* digest, const std::string& signature, const std::string& message) {
    const MdContextPtr context(EVP_MD_CTX_new());
    return EVP_DigestVerifyInit_ex(context.get(), nullptr, digest, library_.get(), nullptr, key, nullptr) ==
               1 &&
           EVP_DigestVerify(context.get(), bytes(signature), signature.size(), bytes(message),
                            message.size()) == 1;
  }

  /// Empty when it fails.
  std::string sign(EVP_PKEY* key, const char* digest, const std::string& message) {
    const MdContextPtr context(EVP_MD_CTX_new());
    if (EVP_DigestSignInit_ex(context.get(), nullptr, digest, library_.get(), nullptr, key, nullptr) != 1)
      return "";
    std::string signature(200, '\0');
    std::size_t length = signature.size();
    if (EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &length,
                       bytes(message), message.size()) != 1)
      return "";
    signature.resize(length);
    return signature;
  }

  static const unsigned char* bytes(const std::string& text) {
    return reinterpret_cast<const unsigned char*>(text.data());
  }

  static std::string last_error() {
    const char* data = nullptr;
    int flags = 0;
    ERR_peek_last_error_all(nullptr, nullptr, nullptr, &data, &flags);
    return (flags & ERR_TXT_STRING) != 0 ? data : "";
  }

  int ready() {
    int value = -1;
    OSSL_PARAM params[] = {OSSL_PARAM_construct_int(kReadyParam, &value), OSSL_PARAM_construct_end()};
    EXPECT_EQ(OSSL_PROVIDER_get_params(library_.provider(), params), 1);
    return value;
  }

  test::TempFolder folder_;
  const std::filesystem::path socket_ = folder_.path() / "keyd.sock";
  test::SoftwareKeys keys_;
  std::optional<test::FakeKeyd> keyd_;
  Library library_{socket_};
};

class EachKey : public ProviderTest, public testing::WithParamInterface<KeyCase> {};
INSTANTIATE_TEST_SUITE_P(, EachKey,
                         testing::Values(KeyCase{"p256", "prime256v1", 256, 128, "SHA256", "SHA384"},
                                         KeyCase{"p384", "secp384r1", 384, 192, "SHA384", "SHA256"}),
                         [](const auto& c) { return std::string(c.param.name); });

TEST_P(EachKey, LooksLikeAnyEcKey) {
  const PkeyPtr key = library_.key("keyd://"s + GetParam().name);
  ASSERT_NE(key, nullptr);
  EXPECT_EQ(EVP_PKEY_is_a(key.get(), "EC"), 1);
  EXPECT_EQ(EVP_PKEY_is_a(key.get(), "id-ecPublicKey"), 1);
  EXPECT_STREQ(OSSL_PROVIDER_get0_name(EVP_PKEY_get0_provider(key.get())), kProviderName);
  EXPECT_EQ(EVP_PKEY_get_bits(key.get()), GetParam().bits);
  EXPECT_EQ(EVP_PKEY_get_security_bits(key.get()), GetParam().security_bits);
  char group[32] = {};
  EXPECT_EQ(EVP_PKEY_get_group_name(key.get(), group, sizeof(group), nullptr), 1);
  EXPECT_STREQ(group, GetParam().group);
  const PkeyPtr public_key = public_part(key.get());
  ASSERT_NE(public_key, nullptr);
  EXPECT_STREQ(OSSL_PROVIDER_get0_name(EVP_PKEY_get0_provider(public_key.get())), "default");
  EXPECT_EQ(EVP_PKEY_eq(public_key.get(), key.get()), 1);
  EXPECT_EQ(EVP_PKEY_eq(key.get(), public_key.get()), 1);
}

TEST_P(EachKey, SignsTls13UnderBothSpellingsOfItsHash) {
  const PkeyPtr key = library_.key("keyd://"s + GetParam().name);
  const PkeyPtr public_key = public_part(key.get());
  const std::string other_spelling = "SHA2-"s + (GetParam().digest + 3);
  for (const char* digest : {GetParam().digest, other_spelling.c_str(), static_cast<const char*>(nullptr)}) {
    const std::string signature = sign(key.get(), digest, verify_input());
    EXPECT_TRUE(verifies(public_key.get(), GetParam().digest, signature, verify_input()))
        << (digest ? digest : "-");
    EXPECT_FALSE(verifies(public_key.get(), GetParam().digest, signature, verify_input(48)));
  }
  EXPECT_TRUE(std::holds_alternative<SignTls13Request>(keyd_->requests().back().body));
}

TEST_P(EachKey, RefusesAnotherHash) {
  const PkeyPtr key = library_.key("keyd://"s + GetParam().name);
  for (const char* digest : {GetParam().other_digest, "SHA512", "SHA1", "MD5"})
    EXPECT_EQ(sign(key.get(), digest, verify_input()), "") << digest;
  EXPECT_EQ(keyd_->requests().size(), 1u);  // the look-up of the key
}

TEST_P(EachKey, SignsPiecewiseWhatItSignsAtOnce) {
  const PkeyPtr key = library_.key("keyd://"s + GetParam().name);
  const PkeyPtr public_key = public_part(key.get());
  const MdContextPtr context(EVP_MD_CTX_new());
  ASSERT_EQ(EVP_DigestSignInit_ex(context.get(), nullptr, GetParam().digest, library_.get(), nullptr,
                                  key.get(), nullptr),
            1);
  const std::string message = verify_input();
  for (const char& c : message) ASSERT_EQ(EVP_DigestSignUpdate(context.get(), &c, 1), 1);
  std::string signature(200, '\0');
  std::size_t length = signature.size();
  ASSERT_EQ(EVP_DigestSignFinal(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &length),
            1);
  signature.resize(length);
  EXPECT_TRUE(verifies(public_key.get(), GetParam().digest, signature, message));
}

TEST_P(EachKey, SignsACertificateRequest) {
  const PkeyPtr key = library_.key("keyd://"s + GetParam().name);
  const RequestPtr request(X509_REQ_new_ex(library_.get(), nullptr));
  ASSERT_EQ(X509_REQ_set_version(request.get(), X509_REQ_VERSION_1), 1);
  ASSERT_EQ(X509_REQ_set_pubkey(request.get(), key.get()), 1);
  X509_NAME_add_entry_by_txt(X509_REQ_get_subject_name(request.get()), "CN", MBSTRING_UTF8, bytes("gateway"),
                             -1, -1, 0);
  ASSERT_GT(X509_REQ_sign(request.get(), key.get(), EVP_get_digestbyname(GetParam().digest)), 0)
      << last_error();
  EXPECT_EQ(X509_REQ_verify_ex(request.get(), public_part(key.get()).get(), library_.get(), nullptr), 1);
  EXPECT_TRUE(std::holds_alternative<SignCsrRequest>(keyd_->requests().back().body));
}

TEST_P(EachKey, SignsNoDigest) {
  const PkeyPtr key = library_.key("keyd://"s + GetParam().name);
  const PkeyContextPtr context(EVP_PKEY_CTX_new_from_pkey(library_.get(), key.get(), nullptr));
  EXPECT_LE(EVP_PKEY_sign_init(context.get()), 0);
  unsigned char signature[200];
  std::size_t length = sizeof(signature);
  const std::string digest(32, 'd');
  EXPECT_LE(EVP_PKEY_sign(context.get(), signature, &length, bytes(digest), digest.size()), 0);
  EXPECT_EQ(keyd_->requests().size(), 1u);
}

TEST_P(EachKey, ThePrivatePartCannotBeHad) {
  const PkeyPtr key = library_.key("keyd://"s + GetParam().name);
  OSSL_PARAM* params = nullptr;
  EXPECT_EQ(EVP_PKEY_todata(key.get(), EVP_PKEY_KEYPAIR, &params), 0);
  BIGNUM* number = nullptr;
  EXPECT_EQ(EVP_PKEY_get_bn_param(key.get(), OSSL_PKEY_PARAM_PRIV_KEY, &number), 0);
  unsigned char* der = nullptr;
  EXPECT_LE(i2d_PrivateKey(key.get(), &der), 0);
  EXPECT_EQ(EVP_PKEY2PKCS8(key.get()), nullptr);
}

TEST_P(EachKey, ACertificateIsMatchedWithItsKey) {
  const PkeyPtr key = library_.key("keyd://"s + GetParam().name);
  const PkeyPtr other = library_.key("keyd://"s + (GetParam().bits == 256 ? "p384" : "p256"));
  const CertificatePtr certificate(X509_new_ex(library_.get(), nullptr));
  ASSERT_EQ(X509_set_pubkey(certificate.get(), key.get()), 1);
  EXPECT_EQ(X509_check_private_key(certificate.get(), key.get()), 1);
  EXPECT_EQ(X509_check_private_key(certificate.get(), other.get()), 0);
}

TEST_F(ProviderTest, TwoKeysOfOneCurveDiffer) {
  keyd_.reset();
  keys_.add("second", KeyType::kEcP256);
  keyd_.emplace(socket_, keys_);
  const PkeyPtr first = library_.key("keyd:p256");
  const PkeyPtr second = library_.key("keyd:second");
  EXPECT_EQ(EVP_PKEY_eq(first.get(), second.get()), 0);
  EXPECT_EQ(EVP_PKEY_eq(first.get(), library_.key("keyd:p256").get()), 1);
  EXPECT_NE(EVP_PKEY_eq(first.get(), library_.key("keyd:p384").get()), 1);
}

TEST_F(ProviderTest, PreparingASignatureAsksKeydNothing) {
  const PkeyPtr key = library_.key("keyd://p256");
  keyd_.reset();
  const MdContextPtr context(EVP_MD_CTX_new());
  ASSERT_EQ(
      EVP_DigestSignInit_ex(context.get(), nullptr, "SHA256", library_.get(), nullptr, key.get(), nullptr),
      1);
  std::size_t length = 0;
  const std::string message = verify_input();
  EXPECT_EQ(EVP_DigestSign(context.get(), nullptr, &length, bytes(message), message.size()), 1);
  EXPECT_EQ(length, 72u);
}

TEST_F(ProviderTest, SignsNothingButHandshakesAndRequests) {
  const PkeyPtr key = library_.key("keyd://p256");
  for (const std::string& message : {""s, "hello"s, std::string(32, 'd'), std::string(63, ' '),
                                     std::string(64, ' '), std::string(63, ' ') + "x" + std::string(80, 'y')})
    EXPECT_EQ(sign(key.get(), "SHA256", message), "") << message;
  EXPECT_THAT(last_error(), testing::HasSubstr("signs TLS 1.3 handshakes, certificate requests, "
                                               "certificates, CRLs and OCSP responses only (denied)"));
  EXPECT_EQ(keyd_->requests().size(), 1u);
}

TEST_F(ProviderTest, AMessageThatGrowsWithoutEndIsRefused) {
  const PkeyPtr key = library_.key("keyd://p256");
  const MdContextPtr context(EVP_MD_CTX_new());
  ASSERT_EQ(
      EVP_DigestSignInit_ex(context.get(), nullptr, "SHA256", library_.get(), nullptr, key.get(), nullptr),
      1);
  const std::string piece(1024, '0');
  int pieces = 0;
  while (pieces < 100 && EVP_DigestSignUpdate(context.get(), piece.data(), piece.size()) == 1) ++pieces;
  EXPECT_EQ(pieces, 16);
}

TEST_F(ProviderTest, KeydsRefusalStandsOnTheErrorQueue) {
  const PkeyPtr key = library_.key("keyd://p256");
  keyd_.reset();
  keyd_.emplace(socket_, [](const Request& request) {
    return test::answer_to(request, ErrorAnswer{ErrorCode::kDenied, "key p256: not for this caller"});
  });
  EXPECT_EQ(sign(key.get(), "SHA256", verify_input()), "");
  EXPECT_EQ(last_error(), "key p256: not for this caller (denied)");
}

TEST_F(ProviderTest, AKeyOutlivesARestartOfKeyd) {
  const PkeyPtr key = library_.key("keyd://p256");
  ASSERT_NE(sign(key.get(), "SHA256", verify_input()), "");
  keyd_.reset();
  EXPECT_EQ(sign(key.get(), "SHA256", verify_input()), "");
  EXPECT_EQ(ready(), 0);
  keyd_.emplace(socket_, keys_);
  EXPECT_NE(sign(key.get(), "SHA256", verify_input()), "");
  EXPECT_EQ(ready(), 1);
}

TEST_F(ProviderTest, ReadyMeansThatKeydSaysSo) {
  EXPECT_EQ(ready(), 1);
  keyd_.reset();
  keyd_.emplace(
      socket_, [](const Request& request) { return test::answer_to(request, HealthAnswer{.ready = false}); });
  EXPECT_EQ(ready(), 0);
  keyd_.reset();
  keyd_.emplace(socket_, [](const Request&) { return test::FakeKeyd::Silence{}; });
  EXPECT_EQ(ready(), 0);
}

TEST_F(ProviderTest, RefusesBadUris) {
  for (const char* uri : {"keyd:", "keyd://", "keyd:Gateway", "keyd:a/b", "keyd:///p256", "keyd://p256/",
                          "keyd:p256?x", "keyd:123456789012345678901234567890123"})
    EXPECT_EQ(library_.key(uri), nullptr) << uri;
  EXPECT_TRUE(keyd_->requests().empty());
  EXPECT_EQ(library_.key("keyd://unknown"), nullptr);
  EXPECT_THAT(last_error(), testing::HasSubstr("not-found"));
}

TEST_F(ProviderTest, ForeignKeysAreRefused) {
  const PkeyPtr foreign(EVP_PKEY_Q_keygen(library_.get(), "provider=default", "EC", "P-256"));
  ASSERT_NE(foreign, nullptr);
  OSSL_PARAM* params = nullptr;
  ASSERT_EQ(EVP_PKEY_todata(foreign.get(), EVP_PKEY_PUBLIC_KEY, &params), 1);
  const PkeyContextPtr context(EVP_PKEY_CTX_new_from_name(library_.get(), "EC", "provider=privyseal"));
  ASSERT_NE(context, nullptr);
  EVP_PKEY* taken = nullptr;
  EXPECT_TRUE(EVP_PKEY_fromdata_init(context.get()) <= 0 ||
              EVP_PKEY_fromdata(context.get(), &taken, EVP_PKEY_PUBLIC_KEY, params) <= 0);
  EXPECT_EQ(taken, nullptr);
  EXPECT_LE(EVP_PKEY_keygen_init(context.get()), 0);
  OSSL_PARAM_free(params);
}

TEST_F(ProviderTest, WrongPublicKeysFromKeydAreRefused) {
  const auto key_with = [&](KeyType type, Bytes public_key) {
    keyd_.reset();
    keyd_.emplace(socket_, [=](const Request& request) {
      return test::answer_to(request, KeysAnswer{{KeyInfo{"k", KeyRole::kCjsmIdentity, type, public_key}}});
    });
    return library_.key("keyd://k");
  };
  const PkeyPtr key = library_.key("keyd://p256");
  unsigned char* der = nullptr;
  const int length = i2d_PUBKEY(key.get(), &der);
  const Bytes good = copy_of(std::as_bytes(std::span(der, static_cast<std::size_t>(length))));
  OPENSSL_free(der);
  EXPECT_NE(key_with(KeyType::kEcP256, good), nullptr);
  EXPECT_EQ(key_with(KeyType::kEcP384, good), nullptr);
  EXPECT_EQ(key_with(KeyType::kEcP256, {}), nullptr);
  EXPECT_EQ(key_with(KeyType::kEcP256, copy_of(ByteView(good).first(90))), nullptr);
  Bytes compressed = good;
  compressed[26] = std::byte{2};
  EXPECT_EQ(key_with(KeyType::kEcP256, compressed), nullptr);
}

TEST(ProviderWithoutSettings, DoesNotLoad) {
  OSSL_LIB_CTX* library = OSSL_LIB_CTX_new();
  ASSERT_EQ(OSSL_PROVIDER_set_default_search_path(library, PRIVYSEAL_PROVIDER_FOLDER), 1);
  EXPECT_EQ(OSSL_PROVIDER_load(library, kProviderName), nullptr);
  ERR_clear_error();
  OSSL_LIB_CTX_free(library);
}

}  // namespace
}  // namespace privyseal::hsm::provider
