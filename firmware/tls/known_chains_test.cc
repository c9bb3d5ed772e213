#include "firmware/tls/known_chains.h"

#include <gtest/gtest.h>
#include <openssl/pem.h>
#include <openssl/x509_vfy.h>

#include "firmware/base/check.h"
#include "firmware/tls/openssl.h"
#include "tests/support/certificates.h"

namespace privyseal::tls {
namespace {

using test::TestCa;
using StorePtr = std::unique_ptr<X509_STORE, Free<X509_STORE_free>>;
using AskedPtr = std::unique_ptr<X509_STORE_CTX, Free<X509_STORE_CTX_free>>;

constexpr std::time_t kDay = 24 * 60 * 60;

CertificatePtr certificate_of(const std::string& pem) {
  const BioPtr bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  CertificatePtr certificate(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
  CHECK(certificate != nullptr);
  return certificate;
}

/// A certificate with one bit of its signature changed.
CertificatePtr altered(X509* certificate) {
  unsigned char* der = nullptr;
  const int length = i2d_X509(certificate, &der);
  CHECK(length > 0);
  der[length - 1] ^= 1;
  const unsigned char* at = der;
  CertificatePtr other(d2i_X509(nullptr, &at, length));
  OPENSSL_free(der);
  CHECK(other != nullptr);
  return other;
}

class KnownChainsTest : public testing::Test {
 protected:
  TestCa ca_{"Egress CA"};
  KnownChains known_;

  CertificatePtr leaf() { return leaf_of(ca_); }
  static CertificatePtr leaf_of(TestCa& ca) {
    return certificate_of(ca.issue({.dns_names = {"relay.cjsm.example"}}).chain_pem);
  }
  /// Nothing: it is found good by someone who trusts `roots`, so many days from now. Else why not.
  int error_of(X509* shown, const std::vector<const TestCa*>& roots, int days = 0) {
    const StorePtr store(X509_STORE_new());
    for (const TestCa* root : roots)
      CHECK(X509_STORE_add_cert(store.get(), certificate_of(root->pem()).get()) == 1);
    const AskedPtr asked(X509_STORE_CTX_new());
    CHECK(X509_STORE_CTX_init(asked.get(), store.get(), shown, nullptr) == 1);
    X509_STORE_CTX_set_time(asked.get(), 0, std::time(nullptr) + days * kDay);
    const int verdict = KnownChains::verify(asked.get(), &known_);
    const int error = X509_STORE_CTX_get_error(asked.get());
    EXPECT_EQ(verdict == 1, error == X509_V_OK);
    if (verdict == 1) {
      EXPECT_EQ(sk_X509_num(X509_STORE_CTX_get0_chain(asked.get())), 2);
    }
    return error;
  }
};

// No root is trusted the second time, so that only what was remembered can have found it good.
TEST_F(KnownChainsTest, TheSameBytesAreGoodAgainWithoutBeingVerified) {
  const auto good = leaf();
  EXPECT_EQ(error_of(good.get(), {&ca_}), X509_V_OK);
  EXPECT_EQ(error_of(good.get(), {}), X509_V_OK);
}

TEST_F(KnownChainsTest, WhatWasRefusedIsVerifiedEachTime) {
  const auto good = leaf();
  EXPECT_NE(error_of(good.get(), {}), X509_V_OK);
  EXPECT_NE(error_of(good.get(), {}), X509_V_OK);
  EXPECT_EQ(error_of(good.get(), {&ca_}), X509_V_OK);
}

TEST_F(KnownChainsTest, AnyOtherCertificateIsVerified) {
  const auto good = leaf();
  ASSERT_EQ(error_of(good.get(), {&ca_}), X509_V_OK);
  EXPECT_NE(error_of(leaf().get(), {}), X509_V_OK) << "of the same authority and name";
  TestCa false_ca("Egress CA");
  EXPECT_NE(error_of(leaf_of(false_ca).get(), {&ca_}), X509_V_OK)
      << "of an authority that says it is the same";
  EXPECT_EQ(error_of(altered(good.get()).get(), {&ca_}), X509_V_ERR_CERT_SIGNATURE_FAILURE);
}

TEST_F(KnownChainsTest, DatesAreLookedAtEachTime) {
  const auto good = leaf();  // from yesterday, for 30 days
  ASSERT_EQ(error_of(good.get(), {&ca_}), X509_V_OK);
  EXPECT_EQ(error_of(good.get(), {&ca_}, 29), X509_V_OK);
  EXPECT_EQ(error_of(good.get(), {&ca_}, 31), X509_V_ERR_CERT_HAS_EXPIRED);
  EXPECT_EQ(error_of(good.get(), {&ca_}, -2), X509_V_ERR_CERT_NOT_YET_VALID);
  EXPECT_EQ(error_of(good.get(), {}), X509_V_OK);
}

TEST_F(KnownChainsTest, TheOldestIsForgotten) {
  std::vector<CertificatePtr> shown;
  for (std::size_t i = 0; i <= KnownChains::kMost; ++i) {
    shown.push_back(leaf());
    ASSERT_EQ(error_of(shown.back().get(), {&ca_}), X509_V_OK);
  }
  EXPECT_NE(error_of(shown.front().get(), {}), X509_V_OK);
  for (std::size_t i = 1; i < shown.size(); ++i) EXPECT_EQ(error_of(shown[i].get(), {}), X509_V_OK) << i;
}

// A root that ends before its leaf: the dates of the whole chain count.
TEST_F(KnownChainsTest, TheDatesOfTheRootCountToo) {
  TestCa short_lived("Short-lived CA", {.ends = std::chrono::hours(24 * 10)});
  const auto good = leaf_of(short_lived);
  ASSERT_EQ(error_of(good.get(), {&short_lived}), X509_V_OK);
  EXPECT_EQ(error_of(good.get(), {&short_lived}, 11), X509_V_ERR_CERT_HAS_EXPIRED);
}

}  // namespace
}  // namespace privyseal::tls
