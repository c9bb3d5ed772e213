#include "ca/certificate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/pkcs7.h>

#include "ca/est.h"
#include "ca/openssl.h"
#include "firmware/base/base64.h"
#include "tests/support/certificates.h"

namespace privyseal::ca {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const test::TestCa& root() {
  static const test::TestCa ca("Stand-in CA");
  return ca;
}

std::string leaf_pem(test::LeafOptions options) {
  return test::TestCa(root().intermediate("Below")).issue(options).chain_pem;
}

Result<Certificate> only(std::string_view outside) {
  auto found = parse_certificates(bytes_of(outside));
  if (!found) return std::unexpected(found.error());
  EXPECT_EQ(found->size(), 1U);
  return found->front();
}

TEST(Certificate, SaysWhatStandsInIt) {
  const auto before = SystemClock().now();
  const auto read = only(leaf_pem({.dns_names = {"Gateway.Example", "mx2.example"}, .serial_hex = "0A01"}));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->version, 3);
  EXPECT_EQ(read->subject, "CN=Gateway.Example");
  EXPECT_EQ(read->issuer, "CN=Below");
  EXPECT_EQ(read->serial, "0a01");
  EXPECT_EQ(read->serial_octets, 2U);
  EXPECT_TRUE(read->serial_is_positive);
  EXPECT_EQ(read->key, CertificateKey::kEcP256);
  EXPECT_EQ(read->key_bits, 256);
  EXPECT_EQ(key_text(*read), "EC P-256");
  EXPECT_EQ(read->signature_algorithm, "ecdsa-with-SHA256");
  EXPECT_EQ(read->signature_hash, "SHA256");
  EXPECT_THAT(read->dns_names, ElementsAre("gateway.example", "mx2.example"));
  EXPECT_EQ(read->extended_key_usage, (ExtendedKeyUsage{true, true, true, false}));
  EXPECT_FALSE(read->is_ca);
  EXPECT_FALSE(read->is_self_issued);
  EXPECT_LT(before - read->not_before - std::chrono::hours(24), std::chrono::minutes(1));
  EXPECT_EQ(read->not_after - read->not_before, std::chrono::hours(24 * 31));
  EXPECT_EQ(read->fingerprint.size(), 64U);
}

TEST(Certificate, AnAuthorityIsSeenAsOne) {
  const auto read = only(root().pem());
  ASSERT_TRUE(read);
  EXPECT_TRUE(read->is_ca);
  EXPECT_TRUE(read->is_self_issued);
  EXPECT_FALSE(read->extended_key_usage.is_present);
  EXPECT_TRUE(read->dns_names.empty());
}

TEST(Certificate, KeysAndHashesHaveNames) {
  const auto p384 = only(leaf_pem({.dns_names = {"a.b"}, .key = "P-384", .hash = "SHA384"}));
  EXPECT_EQ(p384->key, CertificateKey::kEcP384);
  EXPECT_EQ(p384->signature_hash, "SHA384");
  const auto rsa = only(leaf_pem({.dns_names = {"a.b"}, .key = "RSA-2048"}));
  EXPECT_EQ(rsa->key, CertificateKey::kRsa);
  EXPECT_EQ(key_text(*rsa), "RSA 2048");
  const auto other = only(leaf_pem({.dns_names = {"a.b"}, .key = "ED25519", .hash = "SHA1"}));
  EXPECT_EQ(other->key, CertificateKey::kOther);
  EXPECT_EQ(other->signature_hash, "SHA1");
}

TEST(Certificate, StrangeSerialNumbersAreToldApart) {
  const auto negative = only(leaf_pem({.dns_names = {"a.b"}, .serial_hex = "-05"}));
  EXPECT_EQ(negative->serial, "-05");
  EXPECT_FALSE(negative->serial_is_positive);
  const auto zero = only(leaf_pem({.dns_names = {"a.b"}, .serial_hex = "0"}));
  EXPECT_FALSE(zero->serial_is_positive);
  const auto high_bit = only(leaf_pem({.dns_names = {"a.b"}, .serial_hex = "80"}));
  EXPECT_EQ(high_bit->serial_octets, 2U);
  const auto of_21 = only(leaf_pem({.dns_names = {"a.b"}, .serial_hex = "01" + std::string(40, '0')}));
  EXPECT_EQ(of_21->serial_octets, 21U);
}

TEST(ParseCertificates, PemMayHaveTextAroundIt) {
  const std::string pem = leaf_pem({.dns_names = {"a.b"}});
  const auto found = parse_certificates(bytes_of(
      "Dear customer,\r\n\r\n" + pem + "and its issuer - see below:\n" + root().pem() + "Kind regards\n"));
  ASSERT_TRUE(found) << found.error().message;
  ASSERT_EQ(found->size(), 2U);
  EXPECT_EQ(found->front().subject, "CN=a.b");
  EXPECT_EQ(found->back().subject, "CN=Stand-in CA");
  EXPECT_EQ(to_pem(*found), pem + root().pem());
}

TEST(ParseCertificates, EveryFormGivesTheSame) {
  const Certificate leaf = only(leaf_pem({.dns_names = {"a.b"}})).value();
  const Certificate ca = only(root().pem()).value();
  const std::vector both{leaf, ca};
  const std::string base64 = est_certificates_body(both);
  const Bytes pkcs7 = from_base64_lines(base64).value();
  const std::string pem = "-----BEGIN PKCS7-----\n" + base64 + "-----END PKCS7-----\n";
  EXPECT_EQ(parse_certificates(leaf.der).value(), std::vector{leaf});
  EXPECT_EQ(parse_certificates(bytes_of(to_base64_lines(leaf.der, kMimeLines))).value(), std::vector{leaf});
  // DER sorts a set by its encodings, so the order inside a PKCS#7 says nothing.
  EXPECT_THAT(parse_certificates(bytes_of(base64)).value(), testing::UnorderedElementsAre(leaf, ca));
  EXPECT_THAT(parse_certificates(pkcs7).value(), testing::UnorderedElementsAre(leaf, ca));
  EXPECT_THAT(parse_certificates(bytes_of(pem)).value(), testing::UnorderedElementsAre(leaf, ca));
  EXPECT_EQ(parse_certificate(leaf.der).value(), leaf);
}

TEST(ParseCertificates, MoreThanEightAreTooMany) {
  std::string pem;
  for (int i = 0; i < 8; ++i) pem += root().pem();
  EXPECT_EQ(parse_certificates(bytes_of(pem))->size(), 8U);
  EXPECT_FALSE(parse_certificates(bytes_of(pem + root().pem())));
}

TEST(ParseCertificates, APrivateKeyAmongThemIsNamed) {
  const test::Credential credential = test::TestCa("x").issue({.dns_names = {"a.b"}});
  const auto found = parse_certificates(bytes_of(credential.chain_pem + credential.key_pem));
  ASSERT_FALSE(found);
  EXPECT_THAT(found.error().message, HasSubstr("private key"));
}

TEST(ParseCertificates, ARequestIsNotTakenForItsCertificate) {
  const std::string pem =
      test::request_pem(test::new_key_pem("P-256"), {.common_name = "a.b", .dns_names = {"a.b"}});
  const auto found = parse_certificates(bytes_of(pem));
  ASSERT_FALSE(found);
  EXPECT_THAT(found.error().message, HasSubstr("request"));
}

TEST(ParseCertificates, RefusesGarbage) {
  const std::string pem = leaf_pem({.dns_names = {"a.b"}});
  const Certificate leaf = only(pem).value();
  const std::string der(text_of(leaf.der));
  std::string flipped = der;
  flipped[1] = '\x81';
  for (const std::string& text :
       {std::string(), std::string(" "), std::string("0"), std::string("hello"), std::string(1, '\0'),
        std::string(65'537, ' '), der + "x", der + der, der.substr(0, der.size() - 1), flipped,
        pem.substr(0, pem.size() / 2), std::string("-----BEGIN CERTIFICATE-----\n"),
        std::string("-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n"),
        std::string("-----BEGIN PKCS7-----\nMAA=\n-----END PKCS7-----\n"),
        std::string("-----BEGIN RSA PUBLIC KEY-----\nMAA=\n-----END RSA PUBLIC KEY-----\n"),
        est_certificates_body({})})
    EXPECT_EQ(parse_certificates(bytes_of(text)).error_or(Error{ErrorCode::kDenied, "taken"}).code,
              ErrorCode::kInvalid)
        << text.substr(0, 80);
}

TEST(ParseCertificates, RefusesEveryTruncation) {
  const Certificate leaf = only(leaf_pem({.dns_names = {"a.b"}})).value();
  for (std::size_t length = 0; length < leaf.der.size(); ++length)
    EXPECT_FALSE(parse_certificate(ByteView(leaf.der).first(length))) << length;
}

TEST(ParseCertificates, RefusesAnExtensionThatIsThereTwice) {
  const auto found =
      only(leaf_pem({.dns_names = {"a.b"}, .more_extensions = {{"subjectAltName", "DNS:c.d"}}}));
  ASSERT_FALSE(found);
  EXPECT_THAT(found.error().message, HasSubstr("twice"));
}

TEST(ParseCertificates, RefusesANameThatHoldsNul) {
  // subjectAltName with the dNSName "a.b NUL c"
  const auto found =
      only(leaf_pem({.more_extensions = {{"subjectAltName", "DER:30:07:82:05:61:2e:62:00:63"}}}));
  ASSERT_FALSE(found);
  EXPECT_THAT(found.error().message, HasSubstr("subjectAltName"));
}

}  // namespace
}  // namespace privyseal::ca
