/// What the provider does with keys of every kind, and the ways to name and to write down a key.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/core_names.h>
#include <openssl/encoder.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "hsm/key_kind.h"
#include "hsm/provider/test_library.h"
#include "tests/support/fake_keyd.h"
#include "tests/support/software_keys.h"
#include "tests/support/temp_folder.h"

namespace privyseal::hsm::provider {
namespace {

using std::string_literals::operator""s;
using testing::HasSubstr;

const unsigned char* bytes(const std::string& text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

std::string last_error() {
  const char* data = nullptr;
  int flags = 0;
  ERR_peek_last_error_all(nullptr, nullptr, nullptr, &data, &flags);
  return (flags & ERR_TXT_STRING) != 0 ? data : "";
}

/// How a signature is to be made, in the words of EVP.
struct How {
  const char* digest = nullptr;
  int padding = 0;  // 0: nothing is set
  int salt = RSA_PSS_SALTLEN_DIGEST;
  const char* mask = nullptr;
};

class KindsTest : public testing::Test {
 protected:
  KindsTest() { keyd_.emplace(socket_, keys()); }
  ~KindsTest() override { ERR_clear_error(); }

  /// Made once, because RSA keys take long; those of 4096 bits are left out.
  static const test::SoftwareKeys& keys() {
    static const test::SoftwareKeys made = [] {
      test::SoftwareKeys all;
      for (const KeyKind& kind : kKeyKinds)
        if (kind.type != KeyType::kRsa4096) all.add(std::string(kind.name), kind.type);
      return all;
    }();
    return made;
  }

  PkeyPtr key(const std::string& name) const { return library_.key("keyd://" + name); }

  /// The same key in the default provider, public part only: what a peer has.
  PkeyPtr public_part(EVP_PKEY* key) const {
    unsigned char* der = nullptr;
    const int length = i2d_PUBKEY(key, &der);
    if (length <= 0) return nullptr;
    const unsigned char* from = der;
    PkeyPtr copy(d2i_PUBKEY_ex(nullptr, &from, length, library_.get(), nullptr));
    OPENSSL_free(der);
    return copy;
  }

  static bool set(EVP_PKEY_CTX* context, const How& how) {
    if (how.padding == 0) return true;
    if (EVP_PKEY_CTX_set_rsa_padding(context, how.padding) != 1) return false;
    if (how.padding != RSA_PKCS1_PSS_PADDING) return true;
    return EVP_PKEY_CTX_set_rsa_pss_saltlen(context, how.salt) == 1 &&
           (how.mask == nullptr || EVP_PKEY_CTX_set_rsa_mgf1_md_name(context, how.mask, nullptr) == 1);
  }

  /// Empty when it fails.
  std::string sign(EVP_PKEY* key, const How& how, const std::string& message, bool in_pieces = false) {
    const MdContextPtr context(EVP_MD_CTX_new());
    EVP_PKEY_CTX* settings = nullptr;
    if (EVP_DigestSignInit_ex(context.get(), &settings, how.digest, library_.get(), nullptr, key, nullptr) !=
            1 ||
        !set(settings, how))
      return "";
    std::string signature(1000, '\0');
    std::size_t length = signature.size();
    auto* at = reinterpret_cast<unsigned char*>(signature.data());
    if (in_pieces) {
      for (const char& c : message)
        if (EVP_DigestSignUpdate(context.get(), &c, 1) != 1) return "";
      if (EVP_DigestSignFinal(context.get(), at, &length) != 1) return "";
    } else if (EVP_DigestSign(context.get(), at, &length, bytes(message), message.size()) != 1) {
      return "";
    }
    signature.resize(length);
    return signature;
  }

  bool verifies(EVP_PKEY* key, const How& how, const std::string& signature, const std::string& message) {
    const MdContextPtr context(EVP_MD_CTX_new());
    EVP_PKEY_CTX* settings = nullptr;
    return EVP_DigestVerifyInit_ex(context.get(), &settings, how.digest, library_.get(), nullptr, key,
                                   nullptr) == 1 &&
           set(settings, how) &&
           EVP_DigestVerify(context.get(), bytes(signature), signature.size(), bytes(message),
                            message.size()) == 1;
  }

  std::string encoded(EVP_PKEY* key, int selection, const char* format, const char* structure,
                      const char* properties) {
    OSSL_ENCODER_CTX* context = OSSL_ENCODER_CTX_new_for_pkey(key, selection, format, structure, properties);
    unsigned char* data = nullptr;
    std::size_t length = 0;
    std::string text;
    if (OSSL_ENCODER_to_data(context, &data, &length) == 1)
      text.assign(reinterpret_cast<char*>(data), length);
    OPENSSL_free(data);
    OSSL_ENCODER_CTX_free(context);
    return text;
  }

  test::TempFolder folder_;
  const std::filesystem::path socket_ = folder_.path() / "keyd.sock";
  std::optional<test::FakeKeyd> keyd_;
  Library library_{socket_};
};

const How kPss256{.digest = "SHA256", .padding = RSA_PKCS1_PSS_PADDING};
const How kPss384{.digest = "SHA384", .padding = RSA_PKCS1_PSS_PADDING};
const How kPss512{.digest = "SHA512", .padding = RSA_PKCS1_PSS_PADDING};

TEST_F(KindsTest, EachLooksLikeAnyOfItsKind) {
  struct Row {
    const char* name;
    const char* type;
    int bits;
    int security_bits;
    int size;
  };
  for (const Row& row : {Row{"p256", "EC", 256, 128, 72}, Row{"p384", "EC", 384, 192, 104},
                         Row{"ed25519", "ED25519", 256, 128, 64}, Row{"rsa2048", "RSA", 2048, 112, 256},
                         Row{"rsa3072", "RSA", 3072, 128, 384}}) {
    const PkeyPtr key = this->key(row.name);
    ASSERT_NE(key, nullptr) << row.name;
    EXPECT_EQ(EVP_PKEY_is_a(key.get(), row.type), 1) << row.name;
    EXPECT_EQ(EVP_PKEY_get_bits(key.get()), row.bits);
    EXPECT_EQ(EVP_PKEY_get_security_bits(key.get()), row.security_bits);
    EXPECT_EQ(EVP_PKEY_get_size(key.get()), row.size);
    const PkeyPtr public_key = public_part(key.get());
    ASSERT_NE(public_key, nullptr) << row.name;
    // What the default provider thinks of the same key.
    EXPECT_EQ(EVP_PKEY_get_bits(public_key.get()), row.bits);
    EXPECT_EQ(EVP_PKEY_get_security_bits(public_key.get()), row.security_bits);
    EXPECT_EQ(EVP_PKEY_get_size(public_key.get()), row.size);
    EXPECT_EQ(EVP_PKEY_eq(public_key.get(), key.get()), 1);
    EXPECT_EQ(EVP_PKEY_eq(key.get(), public_key.get()), 1);
    for (const KeyKind& other : kKeyKinds) {
      if (other.name == row.name || other.type == KeyType::kRsa4096) continue;
      EXPECT_NE(EVP_PKEY_eq(key.get(), this->key(std::string(other.name)).get()), 1);
    }
  }
}

TEST_F(KindsTest, AnRsaKeyShowsItsNumbers) {
  const PkeyPtr key = this->key("rsa2048");
  const PkeyPtr public_key = public_part(key.get());
  for (const char* name : {OSSL_PKEY_PARAM_RSA_N, OSSL_PKEY_PARAM_RSA_E}) {
    BIGNUM* ours = nullptr;
    BIGNUM* theirs = nullptr;
    ASSERT_EQ(EVP_PKEY_get_bn_param(key.get(), name, &ours), 1) << name;
    ASSERT_EQ(EVP_PKEY_get_bn_param(public_key.get(), name, &theirs), 1) << name;
    EXPECT_EQ(BN_cmp(ours, theirs), 0) << name;
    BN_free(ours);
    BN_free(theirs);
  }
  BIGNUM* secret = nullptr;
  for (const char* name : {OSSL_PKEY_PARAM_RSA_D, OSSL_PKEY_PARAM_RSA_FACTOR1})
    EXPECT_EQ(EVP_PKEY_get_bn_param(key.get(), name, &secret), 0) << name;
}

TEST_F(KindsTest, HandshakesAreSignedAtOnceAndInPieces) {
  for (const auto& [name, how] : {std::pair{"p256", How{.digest = "SHA256"}},
                                  {"p384", How{.digest = "SHA384"}},
                                  {"ed25519", How{}},
                                  {"rsa2048", kPss256},
                                  {"rsa2048", kPss384},
                                  {"rsa3072", kPss512}}) {
    const PkeyPtr key = this->key(name);
    const PkeyPtr public_key = public_part(key.get());
    for (const bool in_pieces : {false, true}) {
      const std::string signature = sign(key.get(), how, verify_input(48), in_pieces);
      EXPECT_TRUE(verifies(public_key.get(), how, signature, verify_input(48))) << name << last_error();
      EXPECT_FALSE(verifies(public_key.get(), how, signature, verify_input(32))) << name;
    }
  }
}

TEST_F(KindsTest, RequestsAreSignedAndCertificatesMatched) {
  for (const KeyKind& kind : kKeyKinds) {
    if (kind.type == KeyType::kRsa4096) continue;
    const PkeyPtr key = this->key(std::string(kind.name));
    const RequestPtr request(X509_REQ_new_ex(library_.get(), nullptr));
    ASSERT_EQ(X509_REQ_set_version(request.get(), X509_REQ_VERSION_1), 1);
    ASSERT_EQ(X509_REQ_set_pubkey(request.get(), key.get()), 1);
    ASSERT_GT(X509_REQ_sign(request.get(), key.get(), nullptr), 0) << kind.name << last_error();
    EXPECT_EQ(X509_REQ_verify_ex(request.get(), public_part(key.get()).get(), library_.get(), nullptr), 1)
        << kind.name;
    EXPECT_TRUE(std::holds_alternative<SignCsrRequest>(keyd_->requests().back().body));
    const CertificatePtr certificate(X509_new_ex(library_.get(), nullptr));
    ASSERT_EQ(X509_set_pubkey(certificate.get(), key.get()), 1);
    EXPECT_EQ(X509_check_private_key(certificate.get(), key.get()), 1) << kind.name;
    const PkeyPtr other = this->key(kind.type == KeyType::kEcP256 ? "p384" : "p256");
    EXPECT_EQ(X509_check_private_key(certificate.get(), other.get()), 0) << kind.name;
  }
}

TEST_F(KindsTest, AnRsaKeySignsInNoOtherWay) {
  const PkeyPtr key = this->key("rsa2048");
  const std::size_t before = keyd_->requests().size();
  struct Row {
    How how;
    const char* why;
  };
  for (const Row& row :
       {Row{{.digest = "SHA256", .padding = RSA_PKCS1_PADDING}, "PSS padding only"},
        Row{{.digest = "SHA256"}, "PSS padding only"},
        Row{{.digest = "SHA256", .padding = RSA_PKCS1_PSS_PADDING, .salt = 20}, "mask and salt"},
        Row{{.digest = "SHA256", .padding = RSA_PKCS1_PSS_PADDING, .salt = RSA_PSS_SALTLEN_MAX},
            "mask and salt"},
        Row{{.digest = "SHA256", .padding = RSA_PKCS1_PSS_PADDING, .mask = "SHA512"}, "mask and salt"},
        Row{{.digest = "SHA1", .padding = RSA_PKCS1_PSS_PADDING}, "SHA-256, SHA-384 or SHA-512"},
        Row{{.digest = "SHA256", .padding = RSA_X931_PADDING}, "padding only"}}) {
    ERR_clear_error();
    EXPECT_EQ(sign(key.get(), row.how, verify_input()), "") << row.why;
    EXPECT_THAT(last_error(), HasSubstr(row.why));
  }
  ERR_clear_error();
  const std::string info = "\x30\x05\x02\x01\x00\x30\x00"s;
  EXPECT_EQ(sign(key.get(), kPss256, info), "");
  EXPECT_THAT(last_error(), HasSubstr("PKCS#1 v1.5 padding only"));
  EXPECT_EQ(sign(key.get(), {.digest = "SHA384"}, info), "");
  EXPECT_THAT(last_error(), HasSubstr("signs requests with SHA2-256 only"));
  EXPECT_EQ(keyd_->requests().size(), before);
  EXPECT_NE(
      sign(key.get(), {.digest = "SHA256", .padding = RSA_PKCS1_PSS_PADDING, .salt = 32}, verify_input()),
      "");
}

TEST_F(KindsTest, AnEd25519KeyTakesNoHash) {
  const PkeyPtr key = this->key("ed25519");
  EXPECT_EQ(sign(key.get(), {.digest = "SHA256"}, verify_input()), "");
  EXPECT_THAT(last_error(), HasSubstr("no hash"));
}

TEST_F(KindsTest, CertificatesAndCrlsAreAskedForAsSuch) {
  const PkeyPtr key = this->key("p256");
  EXPECT_NE(sign(key.get(), {.digest = "SHA256"}, "\x30\x06\xa0\x03\x02\x01\x02\x02"s), "");
  EXPECT_TRUE(std::holds_alternative<SignCertificateRequest>(keyd_->requests().back().body));
  EXPECT_NE(sign(key.get(), {.digest = "SHA256"}, "\x30\x05\x02\x01\x01\x30\x00"s), "");
  EXPECT_TRUE(std::holds_alternative<SignCrlRequest>(keyd_->requests().back().body));
}

TEST_F(KindsTest, NoKindSignsADigestOrGivesItsPrivatePart) {
  for (const char* name : {"ed25519", "rsa2048"}) {
    const PkeyPtr key = this->key(name);
    const PkeyContextPtr context(EVP_PKEY_CTX_new_from_pkey(library_.get(), key.get(), nullptr));
    EXPECT_LE(EVP_PKEY_sign_init(context.get()), 0) << name;
    EXPECT_LE(EVP_PKEY_decrypt_init(context.get()), 0) << name;
    OSSL_PARAM* params = nullptr;
    EXPECT_EQ(EVP_PKEY_todata(key.get(), EVP_PKEY_KEYPAIR, &params), 0) << name;
    unsigned char* der = nullptr;
    EXPECT_LE(i2d_PrivateKey(key.get(), &der), 0) << name;
    EXPECT_EQ(encoded(key.get(), EVP_PKEY_KEYPAIR, "DER", nullptr, nullptr), "") << name;
  }
}

TEST_F(KindsTest, ForeignKeysOfEveryKindStayWhereTheyAre) {
  for (const char* type : {"EC", "ED25519", "RSA"}) {
    const PkeyContextPtr context(EVP_PKEY_CTX_new_from_name(library_.get(), type, "provider=privyseal"));
    ASSERT_NE(context, nullptr) << type;
    // A key of the default provider, public part and all.
    const PkeyPtr foreign(std::string(type) == "EC"
                              ? EVP_PKEY_Q_keygen(library_.get(), "provider=default", type, "P-256")
                          : std::string(type) == "RSA"
                              ? EVP_PKEY_Q_keygen(library_.get(), "provider=default", type, std::size_t{2048})
                              : EVP_PKEY_Q_keygen(library_.get(), "provider=default", type));
    ASSERT_NE(foreign, nullptr) << type;
    OSSL_PARAM* params = nullptr;
    ASSERT_EQ(EVP_PKEY_todata(foreign.get(), EVP_PKEY_PUBLIC_KEY, &params), 1);
    EVP_PKEY* taken = nullptr;
    EXPECT_TRUE(EVP_PKEY_fromdata_init(context.get()) <= 0 ||
                EVP_PKEY_fromdata(context.get(), &taken, EVP_PKEY_PUBLIC_KEY, params) <= 0)
        << type;
    EXPECT_EQ(taken, nullptr);
    OSSL_PARAM_free(params);
    EXPECT_LE(EVP_PKEY_keygen_init(context.get()), 0) << type;
  }
}

TEST_F(KindsTest, OurEncodersWriteWhatOpensslsWrite) {
  for (const KeyKind& kind : kKeyKinds) {
    if (kind.type == KeyType::kRsa4096) continue;
    const PkeyPtr key = this->key(std::string(kind.name));
    const PkeyPtr copy = public_part(key.get());
    for (const char* format : {"DER", "PEM"}) {
      const std::string ours =
          encoded(key.get(), EVP_PKEY_PUBLIC_KEY, format, "SubjectPublicKeyInfo", "provider=privyseal");
      EXPECT_NE(ours, "") << kind.name;
      EXPECT_EQ(ours, encoded(copy.get(), EVP_PKEY_PUBLIC_KEY, format, "SubjectPublicKeyInfo", nullptr))
          << kind.name << format;
    }
    const std::string text = encoded(key.get(), EVP_PKEY_PUBLIC_KEY, "TEXT", nullptr, "provider=privyseal");
    const std::string theirs = encoded(copy.get(), EVP_PKEY_PUBLIC_KEY, "TEXT", nullptr, nullptr);
    EXPECT_THAT(text, HasSubstr("held by Privyseal as " + std::string(kind.name)));
    EXPECT_THAT(text, HasSubstr("Public-Key:"));
    EXPECT_EQ(text.substr(0, text.find('\n')), theirs.substr(0, theirs.find('\n'))) << kind.name;
  }
}

TEST_F(KindsTest, EncodersOfOursLeaveSoftwareKeysAlone) {
  const PkeyPtr software(EVP_PKEY_Q_keygen(library_.get(), nullptr, "EC", "P-256"));
  ASSERT_NE(software, nullptr);
  EXPECT_THAT(encoded(software.get(), EVP_PKEY_KEYPAIR, "PEM", "PrivateKeyInfo", nullptr),
              HasSubstr("PRIVATE KEY"));
  EXPECT_THAT(encoded(software.get(), EVP_PKEY_PUBLIC_KEY, "PEM", "SubjectPublicKeyInfo", nullptr),
              HasSubstr("PUBLIC KEY"));
}

TEST_F(KindsTest, ACertificateIsMatchedWithoutAWordOnTheErrorQueue) {
  for (const char* name : {"p256", "ed25519", "rsa2048"}) {
    const PkeyPtr key = this->key(name);
    const PkeyPtr software = public_part(key.get());
    const CertificatePtr certificate(X509_new_ex(library_.get(), nullptr));
    ASSERT_EQ(X509_set_pubkey(certificate.get(), software.get()), 1);
    ERR_clear_error();
    EXPECT_EQ(X509_check_private_key(certificate.get(), key.get()), 1) << name;
    EXPECT_EQ(ERR_peek_error(), 0u) << name << " " << last_error();
  }
}

TEST_F(KindsTest, APemFileWithAKeysNameIsAKeyFile) {
  // keyd://rsa2048 and keyd://absent
  const auto read = [&](const std::string& base64) {
    const std::string text =
        "-----BEGIN PRIVYSEAL KEY URI-----\n" + base64 + "\n-----END PRIVYSEAL KEY URI-----\n";
    BIO* memory = BIO_new_mem_buf(text.data(), static_cast<int>(text.size()));
    PkeyPtr key(PEM_read_bio_PrivateKey_ex(memory, nullptr, nullptr, nullptr, library_.get(), nullptr));
    BIO_free(memory);
    return key;
  };
  const PkeyPtr rsa = read("a2V5ZDovL3JzYTIwNDg=");
  ASSERT_NE(rsa, nullptr);
  EXPECT_EQ(EVP_PKEY_eq(rsa.get(), this->key("rsa2048").get()), 1);
  ERR_clear_error();
  EXPECT_EQ(read("a2V5ZDovL2Fic2VudA=="), nullptr);
  EXPECT_EQ(read("a2V5ZDovL"), nullptr);
}

TEST_F(KindsTest, Pkcs11UrisNameTheSameKeys) {
  const PkeyPtr key = this->key("p384");
  // The id of a software key is its name.
  for (const char* uri : {"pkcs11:object=p384", "pkcs11:object=p384;type=private", "pkcs11:id=%70384",
                          "pkcs11:object=privyseal:cjsm-identity:p384"}) {
    const PkeyPtr same = library_.key(uri);
    ASSERT_NE(same, nullptr) << uri << last_error();
    EXPECT_EQ(EVP_PKEY_eq(same.get(), key.get()), 1) << uri;
  }
}

TEST_F(KindsTest, Pkcs11UrisThatNameNoneOrCarryAPinAreRefused) {
  const std::size_t before = keyd_->requests().size();
  for (const auto& [uri, why] : {std::pair{"pkcs11:object=p256?pin-value=1234", "PIN"},
                                 {"pkcs11:object=p256;pin-value=1234", "PIN"},
                                 {"pkcs11:object=p256?pin-source=/etc/pin", "PIN"},
                                 {"pkcs11:token=x;object=p256", "only object, id and type"},
                                 {"pkcs11:object=P256", "`object`"},
                                 {"pkcs11:object=p256;id=p256", "not both"},
                                 {"pkcs11:object=privyseal:P", "`object`"}}) {
    ERR_clear_error();
    EXPECT_EQ(library_.key(uri), nullptr) << uri;
    EXPECT_THAT(last_error(), HasSubstr(why))
        << uri;  // the last one is ours; before it OpenSSL repeats the URI
    EXPECT_THAT(last_error(), testing::Not(HasSubstr("1234"))) << uri;
  }
  EXPECT_EQ(keyd_->requests().size(), before);
  EXPECT_EQ(library_.key("pkcs11:object=privyseal:lan-identity:p256"), nullptr);
  EXPECT_THAT(last_error(), HasSubstr("another role"));
}

}  // namespace
}  // namespace privyseal::hsm::provider
