#include "hsm/keyd/ocsp.h"

#include <gtest/gtest.h>
#include <openssl/ocsp.h>

#include <ctime>
#include <functional>

#include "hsm/keyd/test_to_be_signed.h"

namespace privyseal::keyd {
namespace {

Result<OcspFacts> check(ByteView data) {
  return check_response_data(data, hsm::KeyType::kEcP256, spki_of(test_ca_key()));
}

TEST(ResponseData, PassesAboutOneGoodCertificate) {
  const auto facts = check(TestOcsp{.ca = test_ca_key()}.data());
  ASSERT_TRUE(facts) << facts.error().message;
  EXPECT_EQ(facts->certificates, 1U);
  EXPECT_EQ(facts->revoked, 0U);
}

TEST(ResponseData, PassesAboutSeveralWithANonce) {
  TestOcsp response{.ca = test_ca_key(), .extensions = TestOcsp::nonce(std::string(32, 'N'))};
  response.statuses.push_back({.serial = "\x07", .status = TestStatus::revoked()});
  response.statuses.push_back(
      {.serial = "\x08", .status = element(0xa1, element(0x18, "20260101000000Z"))});  // without a reason
  response.statuses.push_back({.serial = "\x09", .status = std::string("\x82\x00", 2)});
  response.statuses.push_back({.algorithm = kSha256Algorithm, .issuer_name_hash = std::string(32, 'n')});
  const auto facts = check(response.data());
  ASSERT_TRUE(facts) << facts.error().message;
  EXPECT_EQ(facts->certificates, 5U);
  EXPECT_EQ(facts->revoked, 2U);
}

/// Signed by a software key; its ResponseData.
Bytes made_by_openssl(const TestKey& key, const EVP_MD* digest) {
  const TestCertificate root{
      .ca = key, .subject_key = key, .subject = "Appliance CA", .extensions = kRootExtensions};
  const std::unique_ptr<X509, Free<X509_free>> ca(X509_new());
  name_it(X509_get_subject_name(ca.get()), root.subject);
  CHECK(X509_set_pubkey(ca.get(), key.get()) == 1);
  const std::unique_ptr<OCSP_BASICRESP, Free<OCSP_BASICRESP_free>> response(OCSP_BASICRESP_new());
  OCSP_CERTID* id =
      OCSP_cert_id_new(EVP_sha1(), X509_get_subject_name(ca.get()), X509_get0_pubkey_bitstr(ca.get()),
                       test_integer("4A11223344556677").get());
  const std::shared_ptr<ASN1_TIME> now(ASN1_GENERALIZEDTIME_set(nullptr, std::time(nullptr)),
                                       ASN1_STRING_free);
  const std::shared_ptr<ASN1_TIME> next(ASN1_GENERALIZEDTIME_set(nullptr, std::time(nullptr) + 86'400),
                                        ASN1_STRING_free);
  CHECK(OCSP_basic_add1_status(response.get(), id, V_OCSP_CERTSTATUS_REVOKED,
                               OCSP_REVOKED_STATUS_KEYCOMPROMISE, now.get(), now.get(),
                               next.get()) != nullptr);
  CHECK(OCSP_basic_add1_nonce(response.get(), nullptr, 16) == 1);
  CHECK(OCSP_basic_sign(response.get(), ca.get(), key.get(), digest, nullptr,
                        OCSP_RESPID_KEY | OCSP_NOCERTS) == 1);
  OCSP_CERTID_free(id);
  return der_of<i2d_OCSP_RESPDATA>(OCSP_resp_get0_respdata(response.get()));
}

TEST(ResponseData, PassesAsOpenSslMakesIt) {
  const auto facts = check(made_by_openssl(test_ca_key(), EVP_sha256()));
  ASSERT_TRUE(facts) << facts.error().message;
  EXPECT_EQ(facts->revoked, 1U);
  const TestKey big = make_test_key("P-384");
  EXPECT_TRUE(check_response_data(made_by_openssl(big, EVP_sha384()), hsm::KeyType::kEcP384, spki_of(big)));
}

TEST(ResponseData, MayHave7DaysUntilTheNext) {
  TestOcsp response{.ca = test_ca_key()};
  response.statuses[0].next_update = "20260308000000Z";
  EXPECT_TRUE(check(response.data()));
}

struct Case {
  const char* name;
  std::function<void(TestOcsp&, TestStatus&)> change;
  ErrorCode code = ErrorCode::kDenied;
};

class RefusedResponseData : public testing::TestWithParam<Case> {};
TEST_P(RefusedResponseData, IsRefused) {
  TestOcsp response{.ca = test_ca_key()};
  GetParam().change(response, response.statuses[0]);
  const auto facts = check(response.data());
  ASSERT_FALSE(facts);
  EXPECT_EQ(facts.error().code, GetParam().code) << facts.error().message;
}

const std::string kUnknownExtension =
    element(0x30, element(0x06, "\x2a\x03\x04") + element(0x04, std::string("\x05\x00", 2)));

INSTANTIATE_TEST_SUITE_P(
    , RefusedResponseData,
    testing::ValuesIn(std::vector<Case>{
        {"ResponderIsAnotherKey",
         [](TestOcsp& r, TestStatus&) { r.responder = element(0xa2, element(0x04, std::string(20, 'k'))); }},
        {"ResponderByName",
         [](TestOcsp& r, TestStatus&) {
           const std::string name =
               element(0x31, element(0x30, element(0x06, "\x55\x04\x03") + element(0x0c, "CA")));
           r.responder = element(0xa1, element(0x30, name));
         }},
        {"VersionWrittenOut",
         [](TestOcsp& r, TestStatus&) { r.version = element(0xa0, std::string("\x02\x01\x00", 3)); }},
        {"VersionTwo", [](TestOcsp& r, TestStatus&) { r.version = element(0xa0, "\x02\x01\x01"); }},
        {"NoCertificates", [](TestOcsp& r, TestStatus&) { r.statuses.clear(); }},
        {"TooManyCertificates",
         [](TestOcsp& r, TestStatus&) {
           for (char serial = 1; serial <= 32; ++serial)
             r.statuses.push_back({.serial = std::string(1, serial)});
         }},
        {"TheSameCertificateTwice",
         [](TestOcsp& r, TestStatus&) { r.statuses.push_back({.status = TestStatus::revoked()}); }},
        {"CertificateOfAnotherCa",
         [](TestOcsp&, TestStatus& s) { s.issuer_key_hash = std::string(20, 'k'); }},
        {"SecondCertificateOfAnotherCa",
         [](TestOcsp& r, TestStatus&) {
           r.statuses.push_back({.issuer_key_hash = std::string(20, 'k'), .serial = "\x07"});
         }},
        {"HashOfAnotherSize", [](TestOcsp&, TestStatus& s) { s.algorithm = kSha256Algorithm; },
         ErrorCode::kInvalid},
        {"UnknownHash",
         [](TestOcsp&, TestStatus& s) { s.algorithm = element(0x30, element(0x06, "\x2a\x03\x04")); }},
        {"HashWithoutItsNull",
         [](TestOcsp&, TestStatus& s) {
           s.algorithm = element(0x30, element(0x06, "\x2b\x0e\x03\x02\x1a"));
         }},
        {"SerialZero", [](TestOcsp&, TestStatus& s) { s.serial = std::string(1, '\0'); }},
        {"SerialNegative", [](TestOcsp&, TestStatus& s) { s.serial = "\xff"; }},
        {"SerialTooLong", [](TestOcsp&, TestStatus& s) { s.serial = std::string(21, '\x11'); }},
        {"NoNextUpdate", [](TestOcsp&, TestStatus& s) { s.next_update.clear(); }},
        {"NextUpdateASecondTooLate", [](TestOcsp&, TestStatus& s) { s.next_update = "20260308000001Z"; }},
        {"NextUpdateAtOnce", [](TestOcsp&, TestStatus& s) { s.next_update = s.this_update; }},
        {"NextUpdateBefore", [](TestOcsp&, TestStatus& s) { s.next_update = "20260228000000Z"; }},
        {"ProducedBeforeThisUpdate", [](TestOcsp& r, TestStatus&) { r.produced_at = "20260228235959Z"; }},
        {"ProducedAtNextUpdate", [](TestOcsp& r, TestStatus&) { r.produced_at = "20260302000000Z"; }},
        {"ProducedWithAFraction", [](TestOcsp& r, TestStatus&) { r.produced_at = "20260301000000.5Z"; },
         ErrorCode::kInvalid},
        {"ProducedInNoMonth", [](TestOcsp& r, TestStatus&) { r.produced_at = "20261301000000Z"; },
         ErrorCode::kInvalid},
        {"TimesWithAZone", [](TestOcsp&, TestStatus& s) { s.this_update = "20260301000000+0000"; },
         ErrorCode::kInvalid},
        {"TimesAsUtcTime",
         [](TestOcsp&, TestStatus& s) {
           s.time_tag = 0x17;
           s.this_update = "260301000000Z";
           s.next_update = "260302000000Z";
         },
         ErrorCode::kInvalid},
        {"RevokedLaterThanNow",
         [](TestOcsp&, TestStatus& s) { s.status = TestStatus::revoked("20260301000001Z"); }},
        {"RevokedAtNoTime", [](TestOcsp&, TestStatus& s) { s.status = TestStatus::revoked("2026"); },
         ErrorCode::kInvalid},
        {"NoStatus", [](TestOcsp&, TestStatus& s) { s.status = std::string("\x83\x00", 2); },
         ErrorCode::kInvalid},
        {"StatusWithAnExtension", [](TestOcsp&, TestStatus& s) { s.extensions = kUnknownExtension; }},
        {"AnotherExtension", [](TestOcsp& r, TestStatus&) { r.extensions = kUnknownExtension; }},
        {"TwoNonces",
         [](TestOcsp& r, TestStatus&) { r.extensions = TestOcsp::nonce("a") + TestOcsp::nonce("b"); }},
        {"EmptyNonce", [](TestOcsp& r, TestStatus&) { r.extensions = TestOcsp::nonce(""); }},
        {"NonceTooLong",
         [](TestOcsp& r, TestStatus&) { r.extensions = TestOcsp::nonce(std::string(33, 'N')); }},
    }),
    [](const auto& c) { return std::string(c.param.name); });

TEST(ResponseData, IsRefusedWhenCutAnywhereAndWithAnythingBehindIt) {
  expect_passes_only_whole(check, TestOcsp{.ca = test_ca_key(), .extensions = TestOcsp::nonce("N")}.data());
}

TEST(ResponseData, IsRefusedWhenItIsSomethingElse) { expect_refuses_other_meanings(check, "OCSP response"); }

}  // namespace
}  // namespace privyseal::keyd
