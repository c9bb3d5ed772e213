#include "hsm/keyd/certificate.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

#include "hsm/keyd/test_to_be_signed.h"

namespace privyseal::keyd {
namespace {

const TestKey& other_key() {
  static const TestKey kKey = make_test_key("P-384");
  return kKey;
}

TestCertificate end_entity() { return {.ca = test_ca_key(), .subject_key = other_key()}; }
TestCertificate root() {
  return {.ca = test_ca_key(),
          .subject_key = test_ca_key(),
          .subject = "Appliance CA",
          .not_after = "20460226000000Z",
          .extensions = kRootExtensions};
}
Result<CertificateFacts> check(ByteView tbs) {
  return check_tbs_certificate(tbs, hsm::KeyType::kEcP256, spki_of(test_ca_key()));
}

TEST(TbsCertificate, PassesForAnEndEntity) {
  const auto facts = check(end_entity().tbs());
  ASSERT_TRUE(facts) << facts.error().message;
  EXPECT_EQ(facts->kind, CertificateKind::kEndEntity);
  EXPECT_EQ(facts->serial, "4a11223344556677");
}

TEST(TbsCertificate, PassesForTheCasOwnRoot) {
  const auto facts = check(root().tbs());
  ASSERT_TRUE(facts) << facts.error().message;
  EXPECT_EQ(facts->kind, CertificateKind::kOwnRoot);
}

TEST(TbsCertificate, OfABiggerCaKeyHasThatKeysAlgorithm) {
  TestCertificate certificate{.ca = other_key(), .subject_key = test_ca_key(), .digest = EVP_sha384()};
  const auto with_p384 = [](ByteView tbs) {
    return check_tbs_certificate(tbs, hsm::KeyType::kEcP384, spki_of(other_key()));
  };
  EXPECT_TRUE(with_p384(certificate.tbs()));
  certificate.digest = EVP_sha256();
  EXPECT_FALSE(with_p384(certificate.tbs()));
}

TEST(TbsCertificate, ForTheCasOwnKeyInAnotherSpellingIsRefused) {
  const TestKey compressed(EVP_PKEY_dup(test_ca_key().get()), EVP_PKEY_free);
  ASSERT_EQ(EVP_PKEY_set_utf8_string_param(compressed.get(), OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT,
                                           "compressed"),
            1);
  ASSERT_NE(spki_of(compressed), spki_of(test_ca_key()));
  TestCertificate certificate = end_entity();
  certificate.subject_key = compressed;
  const auto facts = check(certificate.tbs());
  ASSERT_FALSE(facts);
  EXPECT_EQ(facts.error().message, "certificate: it is for the CA's own key in another spelling");
}

struct Case {
  const char* name;
  std::function<TestCertificate()> make;
  ErrorCode code = ErrorCode::kDenied;
};

/// `base` with one extension said differently; an empty value leaves it out.
TestCertificate changed(TestCertificate base, const std::string& name, const std::string& value) {
  std::erase_if(base.extensions, [&](const auto& extension) { return extension.first == name; });
  if (!value.empty()) base.extensions.emplace_back(name, value);
  return base;
}

template <class Value>
std::function<TestCertificate()> with(TestCertificate (*base)(), Value TestCertificate::* field,
                                      Value value) {
  return [=] {
    TestCertificate certificate = base();
    certificate.*field = value;
    return certificate;
  };
}
std::function<TestCertificate()> with(TestCertificate (*base)(), const char* extension, const char* value) {
  return [=] { return changed(base(), extension, value); };
}

class AcceptedTbsCertificate : public testing::TestWithParam<Case> {};
TEST_P(AcceptedTbsCertificate, Passes) {
  const auto facts = check(GetParam().make().tbs());
  EXPECT_TRUE(facts) << facts.error().message;
}
INSTANTIATE_TEST_SUITE_P(
    , AcceptedTbsCertificate,
    testing::ValuesIn(std::vector<Case>{
        {"ServerOnly", with(end_entity, "extendedKeyUsage", "serverAuth")},
        {"ClientOnly", with(end_entity, "extendedKeyUsage", "clientAuth")},
        {"NameAsUri", with(end_entity, "subjectAltName", "URI:https://gateway.example/")},
        {"UnknownExtensionThatIsNotCritical", with(end_entity, "1.2.3.4", "DER:0500")},
        {"SerialOf20Octets", with(end_entity, &TestCertificate::serial, std::string(40, '7'))},
        {"SerialWhoseFirstBitIsSet",
         with(end_entity, &TestCertificate::serial, std::string("F0112233445566"))},
        {"ValidFor398Days", with(end_entity, &TestCertificate::not_after, std::string("20270403000000Z"))},
    }),
    [](const auto& c) { return std::string(c.param.name); });

class RefusedTbsCertificate : public testing::TestWithParam<Case> {};
TEST_P(RefusedTbsCertificate, IsRefused) {
  const auto facts = check(GetParam().make().tbs());
  ASSERT_FALSE(facts);
  EXPECT_EQ(facts.error().code, GetParam().code) << facts.error().message;
}
INSTANTIATE_TEST_SUITE_P(
    , RefusedTbsCertificate,
    testing::ValuesIn(std::vector<Case>{
        {"Version1", with(end_entity, &TestCertificate::version, 0L), ErrorCode::kInvalid},
        {"SerialZero", with(end_entity, &TestCertificate::serial, std::string("00"))},
        {"SerialNegative", with(end_entity, &TestCertificate::serial, std::string("-4A11223344556677"))},
        {"SerialOf7Octets", with(end_entity, &TestCertificate::serial, std::string("11223344556677"))},
        {"SerialOf21Octets", with(end_entity, &TestCertificate::serial, std::string(42, '7'))},
        {"SerialOf21OctetsWithItsZero", with(end_entity, &TestCertificate::serial, std::string(40, 'F'))},
        {"AlgorithmOfAnotherKey", with(end_entity, &TestCertificate::digest, EVP_sha384())},
        {"WeakAlgorithm", with(end_entity, &TestCertificate::digest, EVP_sha1())},
        {"NoIssuer", with(end_entity, &TestCertificate::issuer, std::string())},
        {"ExpiresBeforeItBegins",
         with(end_entity, &TestCertificate::not_after, std::string("20260228235959Z"))},
        {"NeverValid", with(end_entity, &TestCertificate::not_after, std::string("20260301000000Z"))},
        {"ValidASecondTooLong",
         with(end_entity, &TestCertificate::not_after, std::string("20270403000001Z"))},
        {"ValidForEver", with(end_entity, &TestCertificate::not_after, std::string("99991231235959Z"))},
        {"UnknownCriticalExtension", with(end_entity, "1.2.3.4", "critical,DER:0500"), ErrorCode::kInvalid},
        {"CriticalNameConstraints", with(end_entity, "nameConstraints", "critical,permitted;DNS:a.example"),
         ErrorCode::kInvalid},
        {"ExtensionThatIsNotDer", with(end_entity, "1.2.3.4", "DER:3080"), ErrorCode::kInvalid},
        {"NoBasicConstraints", with(end_entity, "basicConstraints", "")},
        {"ACaForAnotherKey", with(end_entity, "basicConstraints", "critical,CA:TRUE,pathlen:0")},
        {"ACaWithoutPathLength", with(end_entity, "basicConstraints", "critical,CA:TRUE")},
        {"BasicConstraintsInASecondSpelling", with(end_entity, "basicConstraints", "critical,DER:3003010100"),
         ErrorCode::kInvalid},
        {"CaSaidWithAnotherTrue", with(end_entity, "basicConstraints", "critical,DER:3003010101"),
         ErrorCode::kInvalid},
        {"PathLengthWithoutCa", with(end_entity, "basicConstraints", "critical,DER:3003020100")},
        {"NoKeyUsage", with(end_entity, "keyUsage", "")},
        {"SignsCertificates", with(end_entity, "keyUsage", "critical,digitalSignature,keyCertSign")},
        {"SignsCrls", with(end_entity, "keyUsage", "critical,digitalSignature,cRLSign")},
        {"EnciphersKeys", with(end_entity, "keyUsage", "critical,digitalSignature,keyEncipherment")},
        {"SignsNothing", with(end_entity, "keyUsage", "critical,keyAgreement")},
        {"NoExtendedKeyUsage", with(end_entity, "extendedKeyUsage", "")},
        {"EmptyExtendedKeyUsage", with(end_entity, "extendedKeyUsage", "DER:3000"), ErrorCode::kDenied},
        {"AnyUse", with(end_entity, "extendedKeyUsage", "serverAuth,anyExtendedKeyUsage")},
        {"SignsCode", with(end_entity, "extendedKeyUsage", "codeSigning")},
        {"SignsOcsp", with(end_entity, "extendedKeyUsage", "serverAuth,OCSPSigning")},
        {"NoName", with(end_entity, "subjectAltName", "")},
        {"NoNameInTheNames", with(end_entity, "subjectAltName", "DER:3000"), ErrorCode::kDenied},
        {"RootOfAnotherKey", with(root, &TestCertificate::subject_key, other_key())},
        {"RootIssuedByAnother", with(root, &TestCertificate::issuer, std::string("Another CA"))},
        {"EndEntityOfTheCasOwnKey", with(end_entity, &TestCertificate::subject_key, test_ca_key())},
        {"RootThatIsNoCa", with(root, "basicConstraints", "critical,CA:FALSE")},
        {"RootWithoutPathLength", with(root, "basicConstraints", "critical,CA:TRUE")},
        {"RootAboveAnotherCa", with(root, "basicConstraints", "critical,CA:TRUE,pathlen:1")},
        {"RootWhoseConstraintsAreNotCritical", with(root, "basicConstraints", "CA:TRUE,pathlen:0")},
        {"RootWithoutKeyUsage", with(root, "keyUsage", "")},
        {"RootThatSignsMessages", with(root, "keyUsage", "critical,digitalSignature,keyCertSign,cRLSign")},
        {"RootThatSignsNoCrl", with(root, "keyUsage", "critical,keyCertSign")},
        {"RootForTls", with(root, "extendedKeyUsage", "serverAuth")},
        {"RootForMoreThan20Years", with(root, &TestCertificate::not_after, std::string("20460302000000Z"))},
    }),
    [](const auto& c) { return std::string(c.param.name); });

TEST(TbsCertificate, IsRefusedWithAnExtensionTwice) {
  for (const auto& [name, value] : kEndEntityExtensions) {
    TestCertificate certificate = end_entity();
    certificate.extensions.emplace_back(name, value);
    EXPECT_FALSE(check(certificate.tbs())) << name;
  }
}

TEST(TbsCertificate, IsRefusedForAWeakKey) {
  TestCertificate certificate = end_entity();
  certificate.subject_key = TestKey(EVP_RSA_gen(1024), EVP_PKEY_free);
  EXPECT_FALSE(check(certificate.tbs()));
  certificate.subject_key = TestKey(EVP_RSA_gen(2048), EVP_PKEY_free);
  EXPECT_TRUE(check(certificate.tbs()));
}

TEST(TbsCertificate, IsRefusedWhenCutAnywhereAndWithAnythingBehindIt) {
  expect_passes_only_whole(check, end_entity().tbs());
}

TEST(TbsCertificate, WithAnyBitFlippedIsRefusedOrStillNoCa) {
  const Bytes good = end_entity().tbs();
  for (std::size_t i = 0; i < good.size(); ++i)
    for (int bit = 0; bit < 8; ++bit) {
      Bytes flipped = good;
      flipped[i] ^= static_cast<std::byte>(1 << bit);
      const auto facts = check(flipped);
      if (facts) {
        EXPECT_EQ(facts->kind, CertificateKind::kEndEntity) << i << " bit " << bit;
      }
    }
}

TEST(TbsCertificate, IsRefusedWhenItIsSomethingElse) {
  expect_refuses_other_meanings(check, "certificate");
  EXPECT_FALSE(check(Bytes(9000, std::byte{0x30})));
}

}  // namespace
}  // namespace privyseal::keyd
