// keyd as the hand of the appliance's own CA: what it signs is a certificate or CRL that others accept, and
// nothing else is signed.
#include <gmock/gmock.h>
#include <openssl/x509_vfy.h>

#include "hsm/keyd/der.h"
#include "hsm/keyd/test_certificates.h"
#include "hsm/keyd/test_ocsp.h"
#include "tests/integration/keyd_fixture.h"

namespace privyseal::test {
namespace {

using keyd::TestCertificate;
using keyd::TestCrl;
using keyd::TestOcsp;
using testing::HasSubstr;

template <class T, auto Free>
using Owned = std::unique_ptr<T, decltype([](T* object) { Free(object); })>;
using Certificate = Owned<X509, X509_free>;
using CertificateList = Owned<X509_CRL, X509_CRL_free>;

/// `tbs` with its algorithm and signature: SEQUENCE { tbs, algorithm, BIT STRING }.
Bytes finished(ByteView tbs, ByteView signature) {
  Bytes content = copy_of(tbs);
  append(content, keyd::signature_algorithm_of(kP256));
  append(content, Bytes{std::byte{0x03}, static_cast<std::byte>(signature.size() + 1), std::byte{0x00}});
  append(content, signature);
  Bytes whole{std::byte{0x30}, std::byte{0x82}, static_cast<std::byte>(content.size() >> 8),
              static_cast<std::byte>(content.size() & 0xff)};
  append(whole, content);
  return whole;
}

template <class Object, auto Parse>
auto parsed(ByteView der) {
  const unsigned char* at = uchar(der);
  return Parse(nullptr, &at, static_cast<long>(der.size()));
}

class KeydAuthority : public KeydTest {
 protected:
  Result<Bytes> sign_certificate(ByteView tbs) {
    return as_caller(kRenewalUid, [&](hsm::Client& client) { return client.sign_certificate("ca", tbs); });
  }
  Result<Bytes> sign_crl(ByteView tbs) {
    return as_caller(kRenewalUid, [&](hsm::Client& client) { return client.sign_crl("ca", tbs); });
  }
  Result<Bytes> sign_ocsp(ByteView data) {
    return as_caller(kRenewalUid, [&](hsm::Client& client) { return client.sign_ocsp("ca", data); });
  }
  [[nodiscard]] TestCertificate root() const {
    return {.ca = software_,
            .subject_key = ca_key_,
            .subject = "Appliance CA",
            .extensions = keyd::kRootExtensions};
  }
  [[nodiscard]] TestCertificate leaf() const { return {.ca = software_, .subject_key = software_}; }

  const hsm::KeyInfo ca_ = generate("ca", kIssuingCa);
  const keyd::TestKey ca_key_{[this] {
                                const unsigned char* at = uchar(ca_.public_key);
                                return d2i_PUBKEY(nullptr, &at, static_cast<long>(ca_.public_key.size()));
                              }(),
                              EVP_PKEY_free};
  const keyd::TestKey software_ = keyd::make_test_key("P-256");
};

TEST_F(KeydAuthority, MakesAChainThatOpenSslAccepts) {
  const Bytes root_tbs = root().tbs();
  const Bytes leaf_tbs = leaf().tbs();
  const auto root_signature = sign_certificate(root_tbs);
  const auto leaf_signature = sign_certificate(leaf_tbs);
  ASSERT_TRUE(root_signature) << root_signature.error().message << keyd.log();
  ASSERT_TRUE(leaf_signature) << leaf_signature.error().message << keyd.log();
  const Certificate root_made(parsed<X509, d2i_X509>(finished(root_tbs, *root_signature)));
  const Certificate leaf_made(parsed<X509, d2i_X509>(finished(leaf_tbs, *leaf_signature)));
  ASSERT_TRUE(root_made && leaf_made);

  const Owned<X509_STORE, X509_STORE_free> store(X509_STORE_new());
  ASSERT_EQ(X509_STORE_add_cert(store.get(), root_made.get()), 1);
  const Owned<X509_STORE_CTX, X509_STORE_CTX_free> context(X509_STORE_CTX_new());
  ASSERT_EQ(X509_STORE_CTX_init(context.get(), store.get(), leaf_made.get(), nullptr), 1);
  constexpr std::time_t kWithin = 1780000000;  // 2026-05-28
  X509_VERIFY_PARAM_set_time(X509_STORE_CTX_get0_param(context.get()), kWithin);
  EXPECT_EQ(X509_verify_cert(context.get()), 1)
      << X509_verify_cert_error_string(X509_STORE_CTX_get_error(context.get()));
  EXPECT_EQ(uses_of("ca"), (hsm::KeyUses{.name = "ca", .certificate = 2}));
}

TEST_F(KeydAuthority, MakesACrlThatOpenSslAccepts) {
  const Bytes tbs = TestCrl{.ca = software_, .revoked = {"4A11223344556677", "07"}}.tbs();
  const auto signature = sign_crl(tbs);
  ASSERT_TRUE(signature) << signature.error().message;
  const CertificateList crl(parsed<X509_CRL, d2i_X509_CRL>(finished(tbs, *signature)));
  ASSERT_TRUE(crl);
  EXPECT_EQ(X509_CRL_verify(crl.get(), ca_key_.get()), 1);
  EXPECT_EQ(uses_of("ca"), (hsm::KeyUses{.name = "ca", .crl = 1}));
}

TEST_F(KeydAuthority, SignsOcspResponsesAndWritesThemDown) {
  TestOcsp response{.ca = ca_key_};
  response.statuses[0].status = keyd::TestStatus::revoked();
  const auto signature = sign_ocsp(response.data());
  ASSERT_TRUE(signature) << signature.error().message;
  EXPECT_TRUE(is_signature_of(ca_, response.data(), *signature));
  EXPECT_EQ(uses_of("ca"), (hsm::KeyUses{.name = "ca", .ocsp = 1}));
  const auto entries = provisioning.audit_entries(0, 100).value();
  EXPECT_THAT(entries,
              testing::Contains(testing::AllOf(HasSubstr(R"("action":"sign-ocsp","object":"key/ca")"),
                                               HasSubstr("certificates 1, revoked 1"))));
}

TEST_F(KeydAuthority, RefusesEverythingElse) {
  TestCertificate other_ca = leaf();
  other_ca.extensions = keyd::kRootExtensions;
  TestCertificate for_ever = leaf();
  for_ever.not_after = "20990101000000Z";
  TestCertificate signs_code = leaf();
  signs_code.extensions[2].second = "codeSigning";
  TestCertificate nameless = leaf();
  nameless.extensions.erase(nameless.extensions.begin() + 3);
  TestCertificate for_the_cas_key = leaf();
  for_the_cas_key.subject_key = ca_key_;
  TestCertificate other_algorithm = leaf();
  other_algorithm.digest = EVP_sha384();
  Bytes left_over = leaf().tbs();
  left_over.push_back(std::byte{0});
  const std::vector<Bytes> not_certificates{
      other_ca.tbs(),
      for_ever.tbs(),
      signs_code.tbs(),
      nameless.tbs(),
      for_the_cas_key.tbs(),
      other_algorithm.tbs(),
      left_over,
      Bytes(),
      Bytes(32, std::byte{'d'}),
      keyd::request_info_of(software_),
      certificate_verify("server"),
      copy_of(bytes_of(checkpoint_text("gateway.test/renewd", 1))),
      TestCrl{.ca = software_}.tbs(),
  };
  const std::vector<Bytes> not_crls{
      TestCrl{.ca = software_, .next_update = ""}.tbs(),
      TestCrl{.ca = software_, .next_update = "20270301000000Z"}.tbs(),
      TestCrl{.ca = software_, .number = ""}.tbs(),
      leaf().tbs(),
      Bytes(32, std::byte{'d'}),
  };
  const std::vector<Bytes> not_responses{
      TestOcsp{.ca = software_}.data(),  // another CA's
      TestOcsp{.ca = ca_key_, .extensions = TestOcsp::nonce(std::string(33, 'n'))}.data(),
      leaf().tbs(),
      TestCrl{.ca = software_}.tbs(),
      Bytes(32, std::byte{'d'}),
  };
  for (std::size_t i = 0; i < not_responses.size(); ++i) {
    const auto refused = sign_ocsp(not_responses[i]);
    ASSERT_FALSE(refused) << i;
    EXPECT_EQ(refused.error().code, ErrorCode::kDenied) << i << " " << refused.error().message;
  }
  for (std::size_t i = 0; i < not_certificates.size(); ++i) {
    const auto refused = sign_certificate(not_certificates[i]);
    ASSERT_FALSE(refused) << i;
    EXPECT_EQ(refused.error().code, ErrorCode::kDenied) << i << " " << refused.error().message;
  }
  for (std::size_t i = 0; i < not_crls.size(); ++i) {
    const auto refused = sign_crl(not_crls[i]);
    ASSERT_FALSE(refused) << i;
    EXPECT_EQ(refused.error().code, ErrorCode::kDenied) << i << " " << refused.error().message;
  }
  EXPECT_EQ(uses_of("ca"),
            (hsm::KeyUses{.name = "ca",
                          .refused = not_certificates.size() + not_crls.size() + not_responses.size()}));
  EXPECT_THAT(keyd.log(), HasSubstr("signature-refused caller=renewal"));
  EXPECT_THAT(keyd.log(), HasSubstr("another key than this CA's is not to be a CA"));
}

}  // namespace
}  // namespace privyseal::test
