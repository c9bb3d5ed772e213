#include "tests/support/certificates.h"

#include <gtest/gtest.h>
#include <openssl/pem.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include <memory>

namespace privyseal::test {
namespace {

using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;

Certificate parse(const std::string& pem) {
  BIO* bio = BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()));
  Certificate certificate(PEM_read_bio_X509(bio, nullptr, nullptr, nullptr), X509_free);
  BIO_free(bio);
  return certificate;
}

/// X509_V_OK or the reason, by OpenSSL's strict rules.
int verify(const std::string& ca_pem, const std::string& leaf_pem, int purpose) {
  const Certificate ca = parse(ca_pem);
  const Certificate leaf = parse(leaf_pem);
  X509_STORE* store = X509_STORE_new();
  X509_STORE_add_cert(store, ca.get());
  X509_STORE_set_flags(store, X509_V_FLAG_X509_STRICT);
  X509_STORE_CTX* context = X509_STORE_CTX_new();
  X509_STORE_CTX_init(context, store, leaf.get(), nullptr);
  X509_STORE_CTX_set_purpose(context, purpose);
  X509_verify_cert(context);
  const int outcome = X509_STORE_CTX_get_error(context);
  X509_STORE_CTX_free(context);
  X509_STORE_free(store);
  return outcome;
}

TEST(TestCa, IssuesCertificatesThatOpenSslAcceptsStrictly) {
  TestCa ca("Stand-in CA");
  const Credential leaf = ca.issue({.dns_names = {"relay.cjsm.example", "other.example"}});
  EXPECT_EQ(verify(ca.pem(), leaf.chain_pem, X509_PURPOSE_SSL_CLIENT), X509_V_OK);
  EXPECT_EQ(verify(ca.pem(), leaf.chain_pem, X509_PURPOSE_SSL_SERVER), X509_V_OK);
  const Certificate parsed = parse(leaf.chain_pem);
  EXPECT_EQ(X509_check_host(parsed.get(), "other.example", 0, 0, nullptr), 1);
  EXPECT_EQ(X509_check_host(parsed.get(), "wrong.example", 0, 0, nullptr), 0);
}

TEST(TestCa, IssuesWrongCertificatesToOrder) {
  TestCa ca("Stand-in CA");
  TestCa other("Stand-in CA");  // the same name, another key
  const auto expired = ca.issue(
      {.dns_names = {"a.example"}, .begins = std::chrono::hours(-48), .ends = std::chrono::hours(-24)});
  EXPECT_EQ(verify(ca.pem(), expired.chain_pem, X509_PURPOSE_SSL_SERVER), X509_V_ERR_CERT_HAS_EXPIRED);
  const auto client_only = ca.issue({.dns_names = {"a.example"}, .is_server = false});
  EXPECT_EQ(verify(ca.pem(), client_only.chain_pem, X509_PURPOSE_SSL_SERVER), X509_V_ERR_INVALID_PURPOSE);
  const auto foreign = other.issue({.dns_names = {"a.example"}});
  EXPECT_NE(verify(ca.pem(), foreign.chain_pem, X509_PURPOSE_SSL_SERVER), X509_V_OK);
}

TEST(TestCa, IssuesForTheKeyOfARequest) {
  EVP_PKEY* key = EVP_EC_gen("P-256");
  X509_REQ* request = X509_REQ_new();
  X509_REQ_set_pubkey(request, key);
  ASSERT_GT(X509_REQ_sign(request, key, EVP_sha256()), 0);
  BIO* bio = BIO_new(BIO_s_mem());
  ASSERT_EQ(PEM_write_bio_X509_REQ(bio, request), 1);
  char* text = nullptr;
  const long length = BIO_get_mem_data(bio, &text);
  TestCa ca("Stand-in CA");
  const std::string pem =
      ca.issue_from_csr({text, static_cast<std::size_t>(length)}, {.dns_names = {"gateway.example"}});
  BIO_free(bio);
  X509_REQ_free(request);
  EXPECT_EQ(verify(ca.pem(), pem, X509_PURPOSE_SSL_SERVER), X509_V_OK);
  EXPECT_EQ(X509_check_private_key(parse(pem).get(), key), 1);
  EVP_PKEY_free(key);
}

}  // namespace
}  // namespace privyseal::test
