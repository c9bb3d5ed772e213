/// TLS 1.3 handshakes, mutual, both ends with a key of keyd, in one process.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include <atomic>
#include <thread>

#include "hsm/provider/test_library.h"
#include "tests/support/certificates.h"
#include "tests/support/fake_keyd.h"
#include "tests/support/software_keys.h"
#include "tests/support/temp_folder.h"

namespace privyseal::hsm::provider {
namespace {

using BioPtr = std::unique_ptr<BIO, Free<BIO_free_all>>;
using SslContextPtr = std::unique_ptr<SSL_CTX, Free<SSL_CTX_free>>;
using SslPtr = std::unique_ptr<SSL, Free<SSL_free>>;

std::string csr_pem(const Library& library, EVP_PKEY* key) {
  const RequestPtr request(X509_REQ_new_ex(library.get(), nullptr));
  CHECK(X509_REQ_set_version(request.get(), X509_REQ_VERSION_1) == 1);
  CHECK(X509_REQ_set_pubkey(request.get(), key) == 1);
  const EVP_MD* digest = EVP_PKEY_is_a(key, "ED25519") == 1 ? nullptr
                         : EVP_PKEY_get_bits(key) == 384    ? EVP_sha384()
                                                            : EVP_sha256();
  CHECK(X509_REQ_sign(request.get(), key, digest) > 0);
  const BioPtr memory(BIO_new(BIO_s_mem()));
  CHECK(PEM_write_bio_X509_REQ(memory.get(), request.get()) == 1);
  char* text = nullptr;
  const long length = BIO_get_mem_data(memory.get(), &text);
  return {text, static_cast<std::size_t>(length)};
}

CertificatePtr certificate_of(const Library& library, const std::string& pem) {
  const BioPtr memory(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  X509* certificate = X509_new_ex(library.get(), nullptr);
  CHECK(PEM_read_bio_X509(memory.get(), &certificate, nullptr, nullptr) != nullptr);
  return CertificatePtr(certificate);
}

/// A CA, and a context for either end of the connection.
class Ends {
 public:
  Ends(const Library& library, const std::string& key_name)
      : library_(library), key_(library.key("keyd://" + key_name)) {
    CHECK(key_ != nullptr);
    leaf_ =
        certificate_of(library, ca_.issue_from_csr(csr_pem(library, key_.get()), {.dns_names = {"gateway"}}));
    root_ = certificate_of(library, ca_.pem());
  }

  SslContextPtr context(const SSL_METHOD* method, const char* groups) const {
    SslContextPtr context(SSL_CTX_new_ex(library_.get(), nullptr, method));
    CHECK(context != nullptr);
    CHECK(SSL_CTX_set_min_proto_version(context.get(), TLS1_3_VERSION) == 1);
    CHECK(SSL_CTX_set1_groups_list(context.get(), groups) == 1);
    CHECK(SSL_CTX_set_num_tickets(context.get(), 0) == 1);
    CHECK(SSL_CTX_use_certificate(context.get(), leaf_.get()) == 1);
    CHECK(SSL_CTX_use_PrivateKey(context.get(), key_.get()) == 1);
    CHECK(SSL_CTX_check_private_key(context.get()) == 1);
    CHECK(X509_STORE_add_cert(SSL_CTX_get_cert_store(context.get()), root_.get()) == 1);
    SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
    return context;
  }

 private:
  const Library& library_;
  PkeyPtr key_;
  test::TestCa ca_{"Test CA"};
  CertificatePtr leaf_;
  CertificatePtr root_;
};

/// Whether both ends finished.
bool shakes_hands(SSL_CTX* server_context, SSL_CTX* client_context) {
  const SslPtr server(SSL_new(server_context));
  const SslPtr client(SSL_new(client_context));
  BIO* server_side = nullptr;
  BIO* client_side = nullptr;
  CHECK(BIO_new_bio_pair(&server_side, 0, &client_side, 0) == 1);
  SSL_set_bio(server.get(), server_side, server_side);
  SSL_set_bio(client.get(), client_side, client_side);
  SSL_set_accept_state(server.get());
  SSL_set_connect_state(client.get());
  for (int round = 0; round < 20; ++round) {
    const int at_client = SSL_do_handshake(client.get());
    const int at_server = SSL_do_handshake(server.get());
    if (at_client == 1 && at_server == 1) return true;
    const auto goes_on = [](SSL* ssl, int result) {
      return result == 1 || SSL_get_error(ssl, result) == SSL_ERROR_WANT_READ;
    };
    if (!goes_on(client.get(), at_client) || !goes_on(server.get(), at_server)) break;
  }
  ERR_clear_error();
  return false;
}

struct Loading {
  const char* name;
  std::vector<std::string> order;
  const char* defaults;
};

class TlsTest : public testing::Test {
 protected:
  TlsTest() {
    keys_.add("p256", KeyType::kEcP256);
    keys_.add("p384", KeyType::kEcP384);
    keys_.add("ed25519", KeyType::kEd25519);
    keys_.add("rsa2048", KeyType::kRsa2048);
    keyd_.emplace(socket_, keys_);
  }

  test::TempFolder folder_;
  const std::filesystem::path socket_ = folder_.path() / "keyd.sock";
  test::SoftwareKeys keys_;
  std::optional<test::FakeKeyd> keyd_;
};

class EachLoading : public TlsTest, public testing::WithParamInterface<Loading> {};
TEST_P(EachLoading, BothEndsFinishWithEveryKeyAndGroup) {
  const Library library(socket_, GetParam().order, GetParam().defaults);
  for (const char* key : {"p256", "p384", "ed25519", "rsa2048"}) {
    const Ends ends(library, key);
    for (const char* groups : {"P-256", "P-384", "X25519", "X25519MLKEM768"}) {
      const auto server = ends.context(TLS_server_method(), groups);
      const auto client = ends.context(TLS_client_method(), groups);
      EXPECT_TRUE(shakes_hands(server.get(), client.get())) << key << " " << groups;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(
    , EachLoading,
    testing::Values(Loading{"DefaultFirst", {"default", "privyseal"}, nullptr},
                    Loading{"DefaultFirstAndPreferred", {"default", "privyseal"}, "?provider=default"},
                    Loading{"DefaultLastButPreferred", {"privyseal", "default"}, "?provider=default"}),
    [](const auto& c) { return std::string(c.param.name); });

TEST_F(TlsTest, AHandshakeIsOneQuestionForEachEnd) {
  const Library library(socket_);
  const Ends ends(library, "p256");
  const auto server = ends.context(TLS_server_method(), "P-256");
  const auto client = ends.context(TLS_client_method(), "P-256");
  const std::size_t before = keyd_->requests().size();
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(shakes_hands(server.get(), client.get()));
  const auto requests = keyd_->requests();
  ASSERT_EQ(requests.size(), before + 10);
  for (std::size_t i = before; i < requests.size(); ++i) {
    const auto& message = std::get<SignTls13Request>(requests[i].body).message;
    EXPECT_EQ(message.size(), 64 + 33 + 1 + 48u);
  }
}

TEST_F(TlsTest, AnRsaKeySignsWithTheHashThatThePeersAgreeOn) {
  const Library library(socket_);
  const Ends ends(library, "rsa2048");
  for (const auto& [signatures, hash] : {std::pair{"rsa_pss_rsae_sha256", Hash::kSha256},
                                         {"rsa_pss_rsae_sha384", Hash::kSha384},
                                         {"rsa_pss_rsae_sha512", Hash::kSha512}}) {
    const auto server = ends.context(TLS_server_method(), "X25519");
    const auto client = ends.context(TLS_client_method(), "X25519");
    ASSERT_EQ(SSL_CTX_set1_sigalgs_list(client.get(),
                                        (std::string(signatures) + ":ecdsa_secp256r1_sha256").c_str()),
              1);
    EXPECT_TRUE(shakes_hands(server.get(), client.get())) << signatures;
    const auto requests = keyd_->requests();
    bool is_used = false;
    for (const Request& request : requests)
      if (const auto* sign = std::get_if<SignTls13Request>(&request.body))
        is_used = is_used || sign->hash == hash;
    EXPECT_TRUE(is_used) << signatures;
  }
}

TEST_F(TlsTest, HandshakesFailWhileKeydIsAwayAndSucceedAgainAfterwards) {
  const Library library(socket_);
  const Ends ends(library, "p384");
  const auto server = ends.context(TLS_server_method(), "X25519");
  const auto client = ends.context(TLS_client_method(), "X25519");
  ASSERT_TRUE(shakes_hands(server.get(), client.get()));
  keyd_.reset();
  EXPECT_FALSE(shakes_hands(server.get(), client.get()));
  keyd_.emplace(socket_, keys_);
  EXPECT_TRUE(shakes_hands(server.get(), client.get()));
}

TEST_F(TlsTest, ManyThreadsShareOneKey) {
  const Library library(socket_);
  const Ends ends(library, "p256");
  const auto server = ends.context(TLS_server_method(), "P-256");
  const auto client = ends.context(TLS_client_method(), "P-256");
  // Once before the threads: libcrypto then caches the extensions of the shared
  // certificates, under a lock that ThreadSanitizer sees and a flag that it does not.
  ASSERT_TRUE(shakes_hands(server.get(), client.get()));
  std::atomic<int> good = 0;
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 4; ++thread)
    threads.emplace_back([&] {
      for (int i = 0; i < 25; ++i) good += shakes_hands(server.get(), client.get()) ? 1 : 0;
    });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(good, 100);
}

}  // namespace
}  // namespace privyseal::hsm::provider
