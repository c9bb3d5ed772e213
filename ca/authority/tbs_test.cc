#include "ca/authority/tbs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "ca/certificate.h"
#include "ca/openssl.h"
#include "tests/support/software_signer.h"

namespace privyseal::authority {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;

constexpr WallTime kBegin =
    std::chrono::sys_days(std::chrono::year(2026) / 3 / 1) + 1ms;  // milliseconds are cut
constexpr WallTime kEnd = std::chrono::sys_days(std::chrono::year(2026) / 6 / 1);

struct Lab {
  test::SoftwareSigner signer;
  test::SoftwareSigner subject;
  IssuerFacts issuer{{"Stand-in CA", "Example Council"}, signer.public_key()};

  CertificateFacts leaf() const {
    return {.serial = new_serial().value(),
            .subject = {"mail.example", "Law Firm é"},
            .not_before = kBegin,
            .not_after = kEnd,
            .public_key = subject.public_key(),
            .dns_names = {"mail.example", "mx.example"},
            .server = true};
  }
  Result<ca::Certificate> made(const CertificateFacts& facts) {
    const auto tbs = tbs_certificate(issuer, facts);
    if (!tbs) return std::unexpected(tbs.error());
    const auto der = finish_certificate(*tbs, signer.sign_certificate(*tbs).value(), signer.public_key());
    if (!der) return std::unexpected(der.error());
    return ca::parse_certificate(*der);
  }
};

ca::CertificatePtr x509_of(const ca::Certificate& certificate) {
  const unsigned char* at = uchar(certificate.der);
  return ca::CertificatePtr(d2i_X509(nullptr, &at, static_cast<long>(certificate.der.size())));
}

TEST(NewSerial, IsPositiveOfFullLengthAndNewEachTime) {
  std::set<Serial> seen;
  for (int i = 0; i < 1000; ++i) {
    const Serial serial = new_serial().value();
    EXPECT_EQ(serial[0] & std::byte{0xc0}, std::byte{0x40});
    EXPECT_TRUE(seen.insert(serial).second);
  }
}

TEST(TbsCertificate, IsWhatOpensslReads) {
  Lab lab;
  const auto certificate = lab.made(lab.leaf());
  ASSERT_TRUE(certificate) << certificate.error().message;
  EXPECT_EQ(certificate->version, 3);
  EXPECT_EQ(certificate->subject, "CN=mail.example,O=Law Firm \\C3\\A9");
  EXPECT_EQ(certificate->issuer, "CN=Stand-in CA,O=Example Council");
  EXPECT_EQ(certificate->serial.size(), 32U);
  EXPECT_EQ(certificate->not_before, std::chrono::floor<std::chrono::seconds>(kBegin));
  EXPECT_EQ(certificate->not_after, kEnd);
  EXPECT_THAT(certificate->dns_names, ElementsAre("mail.example", "mx.example"));
  EXPECT_EQ(certificate->extended_key_usage, (ca::ExtendedKeyUsage{true, true, false, false}));
  EXPECT_EQ(certificate->public_key, lab.subject.public_key());
  EXPECT_FALSE(certificate->is_ca);
  const auto x509 = x509_of(*certificate);
  EXPECT_EQ(X509_get_key_usage(x509.get()), static_cast<unsigned>(KU_DIGITAL_SIGNATURE));
  EXPECT_EQ(ASN1_STRING_length(X509_get0_subject_key_id(x509.get())), 20);
}

TEST(TbsCertificate, ARootCanIssueAndNothingElse) {
  Lab lab;
  const auto root = lab.made({.serial = new_serial().value(),
                              .subject = lab.issuer.name,
                              .not_before = kBegin,
                              .not_after = kEnd,
                              .public_key = lab.signer.public_key(),
                              .is_ca = true});
  ASSERT_TRUE(root) << root.error().message;
  EXPECT_TRUE(root->is_ca && root->is_self_issued);
  EXPECT_FALSE(root->extended_key_usage.is_present);
  const auto x509 = x509_of(*root);
  EXPECT_EQ(X509_get_pathlen(x509.get()), 0);
  EXPECT_EQ(X509_get_key_usage(x509.get()), static_cast<unsigned>(KU_KEY_CERT_SIGN | KU_CRL_SIGN));
  const auto leaf = x509_of(lab.made(lab.leaf()).value());
  EXPECT_EQ(X509_check_issued(x509.get(), leaf.get()), X509_V_OK);
}

TEST(TbsCertificate, APersonHasADirectoryName) {
  Lab lab;
  CertificateFacts person = lab.leaf();
  person.dns_names.clear();
  const auto certificate = lab.made(person);
  ASSERT_TRUE(certificate) << certificate.error().message;
  EXPECT_TRUE(certificate->dns_names.empty());
  EXPECT_GE(X509_get_ext_by_NID(x509_of(*certificate).get(), NID_subject_alt_name, -1), 0);
}

TEST(TbsCertificate, TimesFrom2050OnAreGeneralized) {
  Lab lab;
  CertificateFacts late = lab.leaf();
  late.not_after = std::chrono::sys_days(std::chrono::year(2050) / 1 / 1);
  EXPECT_EQ(lab.made(late)->not_after, late.not_after);
  late.not_after -= 1s;
  EXPECT_EQ(lab.made(late)->not_after, late.not_after);
}

TEST(TbsCertificate, RefusesWhatNoCertificateMayBe) {
  Lab lab;
  const auto refuses = [&](auto change) {
    CertificateFacts facts = lab.leaf();
    change(facts);
    return !tbs_certificate(lab.issuer, facts).has_value();
  };
  EXPECT_TRUE(refuses([](auto& f) { f.subject.common_name = ""; }));
  EXPECT_TRUE(refuses([](auto& f) { f.subject.common_name = std::string(65, 'a'); }));
  EXPECT_TRUE(refuses([](auto& f) { f.subject.common_name = "\xff"; }));
  EXPECT_TRUE(refuses([](auto& f) { f.not_after = f.not_before; }));
  EXPECT_TRUE(refuses([](auto& f) { f.server = false; }));
  EXPECT_TRUE(refuses([](auto& f) { f.public_key.pop_back(); }));
  EXPECT_TRUE(refuses([](auto& f) { f.dns_names.emplace_back("*.example"); }));
  EXPECT_FALSE(refuses([](auto&) {}));
  lab.issuer.public_key = test::SoftwareSigner("P-521").public_key();
  EXPECT_TRUE(refuses([](auto&) {}));
}

TEST(FinishCertificate, BelievesNoSigner) {
  Lab lab;
  const Bytes tbs = tbs_certificate(lab.issuer, lab.leaf()).value();
  Bytes signature = lab.signer.sign_certificate(tbs).value();
  EXPECT_TRUE(finish_certificate(tbs, signature, lab.signer.public_key()));
  EXPECT_FALSE(finish_certificate(tbs, lab.subject.sign_certificate(tbs).value(), lab.signer.public_key()));
  EXPECT_FALSE(
      finish_certificate(tbs, lab.signer.sign_certificate(signature).value(), lab.signer.public_key()));
  EXPECT_FALSE(finish_certificate(tbs, {}, lab.signer.public_key()));
  EXPECT_FALSE(finish_certificate({}, signature, lab.signer.public_key()));
  EXPECT_FALSE(finish_certificate(tbs, signature, {}));
  signature.back() ^= std::byte{1};
  EXPECT_FALSE(finish_certificate(tbs, signature, lab.signer.public_key()));
}

TEST(FinishCertificate, UsesTheHashOfTheIssuersCurve) {
  Lab lab;
  lab.signer = test::SoftwareSigner("P-384");
  lab.issuer.public_key = lab.signer.public_key();
  EXPECT_EQ(lab.made(lab.leaf())->signature_algorithm, "ecdsa-with-SHA384");
}

ca::CrlPtr crl_of(const Bytes& der) {
  const unsigned char* at = uchar(ByteView(der));
  return ca::CrlPtr(d2i_X509_CRL(nullptr, &at, static_cast<long>(der.size())));
}

TEST(TbsCrl, IsWhatOpensslReads) {
  Lab lab;
  const auto leaf = lab.made(lab.leaf()).value();
  const auto x509 = x509_of(leaf);
  const ASN1_INTEGER* serial = X509_get0_serialNumber(x509.get());
  const auto digits = std::as_bytes(
      std::span(ASN1_STRING_get0_data(serial), static_cast<std::size_t>(ASN1_STRING_length(serial))));
  const Bytes tbs =
      tbs_crl(lab.issuer, {.number = 0x80,
                           .this_update = kBegin,
                           .next_update = kEnd,
                           .revoked = {{Bytes{std::byte{0x81}}, kBegin, Revocation::kUnspecified},
                                       {copy_of(digits), kBegin, Revocation::kKeyCompromise}}})
          .value();
  const auto crl = crl_of(finish_crl(tbs, lab.signer.sign_crl(tbs).value(), lab.signer.public_key()).value());
  ASSERT_NE(crl, nullptr);
  EXPECT_EQ(X509_CRL_get_version(crl.get()), 1);
  EXPECT_EQ(sk_X509_REVOKED_num(X509_CRL_get_REVOKED(crl.get())), 2);
  X509_REVOKED* entry = nullptr;
  EXPECT_EQ(X509_CRL_get0_by_cert(crl.get(), &entry, x509.get()), 1);
  const auto* number =
      static_cast<ASN1_INTEGER*>(X509_CRL_get_ext_d2i(crl.get(), NID_crl_number, nullptr, nullptr));
  EXPECT_EQ(ASN1_INTEGER_get(number), 0x80);
  ASN1_INTEGER_free(const_cast<ASN1_INTEGER*>(number));
}

TEST(TbsCrl, AnEmptyOneIsRightToo) {
  Lab lab;
  const CrlFacts empty{.number = 1, .this_update = kBegin, .next_update = kEnd};
  const Bytes tbs = tbs_crl(lab.issuer, empty).value();
  const auto crl = crl_of(finish_crl(tbs, lab.signer.sign_crl(tbs).value(), lab.signer.public_key()).value());
  EXPECT_EQ(X509_CRL_get_REVOKED(crl.get()), nullptr);
  EXPECT_FALSE(finish_crl(tbs, lab.subject.sign_crl(tbs).value(), lab.signer.public_key()));
}

TEST(TbsCrl, RefusesTooManyEntriesAndReversedTimes) {
  Lab lab;
  CrlFacts facts{.number = 1, .this_update = kBegin, .next_update = kBegin};
  EXPECT_FALSE(tbs_crl(lab.issuer, facts));
  facts.next_update = kEnd;
  facts.revoked.assign(kMaxRevoked, {Bytes(16, std::byte{0x41}), kBegin, Revocation::kKeyCompromise});
  EXPECT_LT(tbs_crl(lab.issuer, facts).value().size(), 16'000U);  // one message to keyd
  facts.revoked.push_back(facts.revoked.back());
  EXPECT_FALSE(tbs_crl(lab.issuer, facts));
}

}  // namespace
}  // namespace privyseal::authority
