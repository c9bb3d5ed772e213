#include "firmware/tls/revocation.h"

#include <gtest/gtest.h>
#include <openssl/pem.h>
#include <openssl/x509_vfy.h>

#include <fstream>

#include "firmware/base/check.h"
#include "firmware/tls/openssl.h"
#include "tests/support/certificates.h"
#include "tests/support/temp_folder.h"

namespace privyseal::tls {
namespace {

using test::TestCa;
using StorePtr = std::unique_ptr<X509_STORE, Free<X509_STORE_free>>;
using AskedPtr = std::unique_ptr<X509_STORE_CTX, Free<X509_STORE_CTX_free>>;
using std::chrono::hours;

CertificatePtr certificate_of(const std::string& pem) {
  const BioPtr bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  CertificatePtr certificate(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
  CHECK(certificate != nullptr);
  return certificate;
}

class RevocationTest : public testing::Test {
 protected:
  std::string leaf() { return ca_.issue({.dns_names = {"relay.cjsm.example"}}).chain_pem; }

  /// What somebody finds who trusts `ca_` and has these lists.
  int error_of(const std::string& leaf, const std::string& lists) {
    const StorePtr store(X509_STORE_new());
    CHECK(X509_STORE_add_cert(store.get(), certificate_of(ca_.pem()).get()) == 1);
    X509_STORE_set_flags(store.get(), X509_V_FLAG_X509_STRICT);
    if (!lists.empty()) {
      EXPECT_TRUE(add_revocation_lists(store.get(), parse_revocation_lists(lists).value(), nullptr));
    }
    const auto shown = certificate_of(leaf);
    const AskedPtr asked(X509_STORE_CTX_new());
    CHECK(X509_STORE_CTX_init(asked.get(), store.get(), shown.get(), nullptr) == 1);
    const int verdict = X509_verify_cert(asked.get());
    const int error = X509_STORE_CTX_get_error(asked.get());
    EXPECT_EQ(verdict == 1, error == X509_V_OK);
    return error;
  }

  TestCa ca_{"Egress CA"};
  TestCa other_{"Egress CA"};  // same name, another key
};

TEST_F(RevocationTest, WhoIsOnTheListIsRefusedAndNobodyElse) {
  const std::string bad = leaf();
  const std::string good = leaf();
  const std::string list = ca_.revoke({bad});
  EXPECT_EQ(error_of(bad, list), X509_V_ERR_CERT_REVOKED);
  EXPECT_EQ(error_of(good, list), X509_V_OK);
  EXPECT_EQ(error_of(bad, ""), X509_V_OK);
  EXPECT_EQ(error_of(bad, ca_.revoke({})), X509_V_OK);
}

TEST_F(RevocationTest, AListCountsAfterItsLastDayAndBeforeItsFirst) {
  const std::string bad = leaf();
  const std::string good = leaf();
  for (const auto& [begins, ends] : {std::pair{hours(-48), hours(-24)}, {hours(24), hours(48)}}) {
    const std::string list = ca_.revoke({bad}, {.begins = begins, .ends = ends});
    EXPECT_EQ(error_of(bad, list), X509_V_ERR_CERT_REVOKED);
    EXPECT_EQ(error_of(good, list), X509_V_OK);
  }
}

TEST_F(RevocationTest, AnAuthorityWithoutAListHasRevokedNobody) {
  TestCa third("Third CA");
  EXPECT_EQ(error_of(leaf(), third.revoke({})), X509_V_OK);
}

TEST_F(RevocationTest, WhatElseIsWrongIsNotForgiven) {
  const std::string expired =
      ca_.issue({.dns_names = {"relay.cjsm.example"}, .begins = hours(-48), .ends = hours(-24)}).chain_pem;
  EXPECT_EQ(error_of(expired, ca_.revoke({}, {.begins = hours(-48), .ends = hours(-24)})),
            X509_V_ERR_CERT_HAS_EXPIRED);
  const std::string foreign = other_.issue({.dns_names = {"relay.cjsm.example"}}).chain_pem;
  EXPECT_NE(error_of(foreign, ca_.revoke({})), X509_V_OK);
}

TEST_F(RevocationTest, OnlyListsOfTrustedRootsCount) {
  const test::TempFolder folder;
  const auto roots = folder / "roots.pem";
  TestCa second("Second CA");
  std::ofstream(roots) << second.pem() << ca_.pem();
  const auto kept = [&](const std::string& lists) {
    return signed_by_roots(parse_revocation_lists(lists).value(), roots, nullptr).value().size();
  };
  EXPECT_EQ(kept(ca_.revoke({})), 1U);
  EXPECT_EQ(kept(other_.revoke({})), 0U);
  EXPECT_EQ(kept(other_.revoke({}) + second.revoke({}) + ca_.revoke({})), 2U);
  EXPECT_FALSE(signed_by_roots({}, folder / "none.pem", nullptr));
}

TEST_F(RevocationTest, ListsSayWhoseTheyAreAndWhenAndHowMany) {
  const std::string first = ca_.revoke({leaf(), leaf()});
  const auto lists = parse_revocation_lists("for you:\n" + first + ca_.pem() + other_.revoke({}) + "end\n");
  ASSERT_TRUE(lists) << lists.error().message;
  ASSERT_EQ(lists->size(), 2U);
  EXPECT_EQ(lists->at(0).issuer, "CN=Egress CA");
  EXPECT_EQ(lists->at(0).revoked, 2U);
  EXPECT_EQ(lists->at(0).pem, first);
  EXPECT_EQ(lists->at(1).revoked, 0U);
  EXPECT_LT(lists->at(0).this_update, lists->at(0).next_update);
}

TEST_F(RevocationTest, WhatIsNoWholeListIsRefused) {
  const std::string good = ca_.revoke({leaf()});
  const std::string begin = "-----BEGIN X509 CRL-----\n";
  const std::string end = "-----END X509 CRL-----\n";
  for (const std::string& text :
       {std::string(), std::string("nothing"), ca_.pem(), begin, begin + end, begin + "AAAA\n" + end,
        begin + "MAA=\n" + end, good.substr(0, good.size() / 2), good + begin + "MAA=\n" + end,
        "-----BEGIN X509 CRL-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,0123456789ABCDEF0123456789AB"
        "CDEF\n\nAAAA\n" +
            end,
        ca_.revoke({}, {.extensions = {{"2.5.29.27", "critical,DER:020101"}}}),
        ca_.revoke({}, {.extensions = {{"1.2.3.4", "critical,ASN1:NULL"}}})})
    EXPECT_FALSE(parse_revocation_lists(text)) << text;
  EXPECT_TRUE(parse_revocation_lists(ca_.revoke({}, {.extensions = {{"1.2.3.4", "ASN1:NULL"}}})));
}

}  // namespace
}  // namespace privyseal::tls
