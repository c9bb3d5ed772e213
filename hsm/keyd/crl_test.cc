#include "hsm/keyd/crl.h"

#include <gtest/gtest.h>

#include <functional>

#include "hsm/keyd/test_to_be_signed.h"

namespace privyseal::keyd {
namespace {

Result<CrlFacts> check(ByteView tbs) { return check_tbs_cert_list(tbs, hsm::KeyType::kEcP256); }

TEST(TbsCertList, PassesWithItsNumberAndEntries) {
  const auto facts = check(
      TestCrl{.ca = test_ca_key(), .number = "0102", .revoked = {"4A11223344556677", "07", "F0"}}.tbs());
  ASSERT_TRUE(facts) << facts.error().message;
  EXPECT_EQ(facts->number, "0102");
  EXPECT_EQ(facts->entries, 3);
}

TEST(TbsCertList, PassesWhenNothingIsRevoked) {
  const auto facts = check(TestCrl{.ca = test_ca_key(), .revoked = {}}.tbs());
  ASSERT_TRUE(facts) << facts.error().message;
  EXPECT_EQ(facts->entries, 0);
}

TEST(TbsCertList, OfABiggerCaKeyHasThatKeysAlgorithm) {
  const TestKey big = make_test_key("P-384");
  EXPECT_TRUE(check_tbs_cert_list(TestCrl{.ca = big, .digest = EVP_sha384()}.tbs(), hsm::KeyType::kEcP384));
  EXPECT_FALSE(check_tbs_cert_list(TestCrl{.ca = big}.tbs(), hsm::KeyType::kEcP384));
}

struct Case {
  const char* name;
  std::function<void(TestCrl&)> change;
  ErrorCode code = ErrorCode::kDenied;
};

class RefusedTbsCertList : public testing::TestWithParam<Case> {};
TEST_P(RefusedTbsCertList, IsRefused) {
  TestCrl crl{.ca = test_ca_key()};
  GetParam().change(crl);
  const auto facts = check(crl.tbs());
  ASSERT_FALSE(facts);
  EXPECT_EQ(facts.error().code, GetParam().code) << facts.error().message;
}
INSTANTIATE_TEST_SUITE_P(
    , RefusedTbsCertList,
    testing::ValuesIn(std::vector<Case>{
        {"NoNumber", [](TestCrl& crl) { crl.number.clear(); }},
        {"NegativeNumber", [](TestCrl& crl) { crl.number = "-01"; }},
        {"NumberTooLong", [](TestCrl& crl) { crl.number = std::string(42, '1'); }},
        {"NoNextUpdate", [](TestCrl& crl) { crl.next_update.clear(); }},
        {"NextUpdateASecondTooLate", [](TestCrl& crl) { crl.next_update = "20260410000001Z"; }},
        {"NextUpdateAtOnce", [](TestCrl& crl) { crl.next_update = crl.this_update; }},
        {"NextUpdateBefore", [](TestCrl& crl) { crl.next_update = "20260228000000Z"; }},
        {"NoIssuer", [](TestCrl& crl) { crl.issuer.clear(); }},
        {"AlgorithmOfAnotherKey", [](TestCrl& crl) { crl.digest = EVP_sha384(); }},
        {"DeltaCrl", [](TestCrl& crl) { crl.extensions = {{"deltaCRL", "critical,DER:020101"}}; }},
        {"PartialCrl",
         [](TestCrl& crl) { crl.extensions = {{"issuingDistributionPoint", "critical,onlyuser:TRUE"}}; }},
        {"UnknownCriticalExtension",
         [](TestCrl& crl) { crl.extensions = {{"1.2.3.4", "critical,DER:0500"}}; }},
        {"ExtensionThatIsNotDer", [](TestCrl& crl) { crl.extensions = {{"1.2.3.4", "DER:3080"}}; },
         ErrorCode::kInvalid},
        {"SerialZero", [](TestCrl& crl) { crl.revoked = {"01", "00"}; }},
        {"SerialNegative", [](TestCrl& crl) { crl.revoked = {"-01"}; }},
        {"CriticalEntryExtension",
         [](TestCrl& crl) { crl.entry_extensions = {{"CRLReason", "critical,DER:0A0101"}}; }},
        {"EntryExtensionTwice",
         [](TestCrl& crl) {
           crl.entry_extensions = {{"CRLReason", "DER:0A0104"}, {"CRLReason", "DER:0A0104"}};
         },
         ErrorCode::kInvalid},
    }),
    [](const auto& c) { return std::string(c.param.name); });

TEST(TbsCertList, MayHave40DaysUntilTheNext) {
  EXPECT_TRUE(check(TestCrl{.ca = test_ca_key(), .next_update = "20260410000000Z"}.tbs()));
}

TEST(TbsCertList, IsRefusedOfVersion1) {
  // Made without extensions, which version 1 does not have; OpenSSL leaves the version out then.
  TestCrl crl{.ca = test_ca_key(), .number = "", .revoked = {}};
  crl.version = X509_CRL_VERSION_1;
  EXPECT_FALSE(check(crl.tbs()));
}

TEST(TbsCertList, IsRefusedWhenCutAnywhereAndWithAnythingBehindIt) {
  expect_passes_only_whole(check, TestCrl{.ca = test_ca_key()}.tbs());
}

TEST(TbsCertList, IsRefusedWhenItIsSomethingElse) { expect_refuses_other_meanings(check, "CRL"); }

}  // namespace
}  // namespace privyseal::keyd
