// The table of TLS as OpenSSL takes it, beside what was approved: who changes the one must look at the other.
#include "firmware/tls/profile.h"

#include <gtest/gtest.h>

#include <string>

#include "firmware/tls/openssl.h"

namespace privyseal::tls {
namespace {

std::string version_name(int version) { return version == TLS1_3_VERSION ? "1.3" : "1.2"; }

/// Versions, suites as a session would offer them, groups, signatures.
std::string in_words(const Profile& profile) {
  const SslCtxPtr context(SSL_CTX_new(TLS_client_method()));
  SSL_CTX_set_security_level(context.get(), 0);  // as a lax openssl.cnf would
  EXPECT_TRUE(apply(profile, context.get()));
  EXPECT_EQ(SSL_CTX_get_security_level(context.get()), 2);
  const SslPtr session(SSL_new(context.get()));
  std::string text = version_name(static_cast<int>(SSL_CTX_get_min_proto_version(context.get()))) + " to " +
                     version_name(static_cast<int>(SSL_CTX_get_max_proto_version(context.get()))) + "\n";
  STACK_OF(SSL_CIPHER)* suites = SSL_get1_supported_ciphers(session.get());
  for (int i = 0; i < sk_SSL_CIPHER_num(suites); ++i)
    text += std::string(SSL_CIPHER_get_name(sk_SSL_CIPHER_value(suites, i))) + "\n";
  sk_SSL_CIPHER_free(suites);
  EXPECT_EQ(SSL_CTX_get_options(context.get()) & profile.options, profile.options);
  return text + profile.groups + "\n" + profile.signatures + "\n";
}

constexpr std::string_view kNewSuites =
    "TLS_AES_256_GCM_SHA384\nTLS_CHACHA20_POLY1305_SHA256\nTLS_AES_128_GCM_SHA256\n";
constexpr std::string_view kOldSuites =
    "ECDHE-ECDSA-AES256-GCM-SHA384\nECDHE-RSA-AES256-GCM-SHA384\nECDHE-ECDSA-CHACHA20-POLY1305\n"
    "ECDHE-RSA-CHACHA20-POLY1305\nECDHE-ECDSA-AES128-GCM-SHA256\nECDHE-RSA-AES128-GCM-SHA256\n";
constexpr std::string_view kClassic = "X25519:P-256\n";
constexpr std::string_view kHybrid = "*X25519MLKEM768:*X25519:P-256\n";
constexpr std::string_view kSignatures =
    "ecdsa_secp256r1_sha256:ecdsa_secp384r1_sha384:ed25519:rsa_pss_rsae_sha256:rsa_pss_rsae_sha384:"
    "rsa_pss_rsae_sha512";

struct Approved {
  const char* name;
  Profile profile;
  std::string text;
};
void PrintTo(const Approved& row, std::ostream* out) { *out << row.name; }

class TlsProfile : public testing::TestWithParam<Approved> {};

TEST_P(TlsProfile, IsWhatWasApproved) { EXPECT_EQ(in_words(GetParam().profile), GetParam().text); }

std::string old(std::string_view more_signatures) {
  return "1.2 to 1.3\n" + std::string(kNewSuites) + std::string(kOldSuites) + std::string(kClassic) +
         std::string(kSignatures) + std::string(more_signatures) + "\n";
}

INSTANTIATE_TEST_SUITE_P(, TlsProfile,
                         testing::Values(Approved{"Mail", kProfile,
                                                  "1.3 to 1.3\n" + std::string(kNewSuites) +
                                                      std::string(kHybrid) + std::string(kSignatures) + "\n"},
                                         Approved{"Enrolment", kEnrolmentProfile, old("")},
                                         Approved{"OldClient", kOldClientProfile, old("")},
                                         Approved{"OldServer", kOldServerProfile,
                                                  old(":rsa_pkcs1_sha256:rsa_pkcs1_sha384")}),
                         [](const auto& row) { return std::string(row.param.name); });

}  // namespace
}  // namespace privyseal::tls
