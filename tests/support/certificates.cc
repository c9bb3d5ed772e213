#include "tests/support/certificates.h"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <array>
#include <ctime>

#include "firmware/base/check.h"
#include "firmware/base/free.h"

namespace privyseal::test {
namespace {

using Key = std::unique_ptr<EVP_PKEY, Free<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Free<X509_free>>;
using Request = std::unique_ptr<X509_REQ, Free<X509_REQ_free>>;
using Memory = std::unique_ptr<BIO, Free<BIO_free_all>>;
using Extension = std::unique_ptr<X509_EXTENSION, Free<X509_EXTENSION_free>>;

Key new_key(const std::string& kind) {
  if (kind.starts_with("RSA-")) {
    Key rsa(EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", static_cast<std::size_t>(std::stoul(kind.substr(4)))));
    CHECK(rsa != nullptr);
    return rsa;
  }
  Key key(kind.starts_with("P-") ? EVP_EC_gen(kind.c_str())
                                 : EVP_PKEY_Q_keygen(nullptr, nullptr, kind.c_str()));
  CHECK(key != nullptr);
  return key;
}

/// Null: the algorithm has its hash inside.
const EVP_MD* hash_of(const std::string& name) {
  return name.empty() ? nullptr : EVP_get_digestbyname(name.c_str());
}

Key key_of(const std::string& pem) {
  const Memory memory(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  Key key(PEM_read_bio_PrivateKey(memory.get(), nullptr, nullptr, nullptr));
  CHECK(key != nullptr);
  return key;
}

template <class Write>
std::string to_pem(Write write) {
  const Memory memory(BIO_new(BIO_s_mem()));
  CHECK(memory != nullptr && write(memory.get()) == 1);
  char* text = nullptr;
  const long length = BIO_get_mem_data(memory.get(), &text);
  return {text, static_cast<std::size_t>(length)};
}

std::string to_pem(X509* certificate) {
  return to_pem([&](BIO* bio) { return PEM_write_bio_X509(bio, certificate); });
}

std::string to_pem(EVP_PKEY* key) {
  return to_pem(
      [&](BIO* bio) { return PEM_write_bio_PrivateKey(bio, key, nullptr, nullptr, 0, nullptr, nullptr); });
}

void set_time(ASN1_TIME* time, std::chrono::hours from_now) {
  const auto when = std::chrono::system_clock::now() + from_now;
  CHECK(ASN1_TIME_set(time, std::chrono::system_clock::to_time_t(when)) != nullptr);
}

/// `issuer` null: the certificate is its own.
void add_extension(X509* certificate, X509* issuer, const char* name, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer != nullptr ? issuer : certificate, certificate, nullptr, nullptr, 0);
  const Extension extension(X509V3_EXT_conf(nullptr, &context, name, value.c_str()));
  CHECK(extension != nullptr && X509_add_ext(certificate, extension.get(), -1) == 1);
}

struct Outline {
  std::string common_name;
  std::chrono::hours begins;
  std::chrono::hours ends;
  std::string serial_hex;  ///< empty: 16 random octets
};

void set_serial(X509* certificate, const std::string& hex) {
  BIGNUM* number = nullptr;
  if (hex.empty()) {
    std::array<unsigned char, 16> serial{};
    CHECK(RAND_bytes(serial.data(), static_cast<int>(serial.size())) == 1);
    serial[0] = static_cast<unsigned char>((serial[0] & 0x7f) | 0x40);  // positive and of full length
    number = BN_bin2bn(serial.data(), static_cast<int>(serial.size()), nullptr);
  } else {
    CHECK(BN_hex2bn(&number, hex.c_str()) > 0);
  }
  const std::unique_ptr<BIGNUM, Free<BN_free>> owner(number);
  CHECK(BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate)) != nullptr);
}

/// Everything but issuer, extensions and signature.
Certificate new_certificate(EVP_PKEY* key, const Outline& outline) {
  Certificate certificate(X509_new());
  CHECK(certificate != nullptr && X509_set_version(certificate.get(), X509_VERSION_3) == 1);
  set_serial(certificate.get(), outline.serial_hex);
  set_time(X509_getm_notBefore(certificate.get()), outline.begins);
  set_time(X509_getm_notAfter(certificate.get()), outline.ends);
  const auto* name = reinterpret_cast<const unsigned char*>(outline.common_name.c_str());
  CHECK(X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate.get()), "CN", MBSTRING_UTF8, name, -1,
                                   -1, 0) == 1);
  CHECK(X509_set_pubkey(certificate.get(), key) == 1);
  return certificate;
}

std::string subject_alt_name(const std::vector<std::string>& dns_names) {
  std::string value;
  for (const std::string& name : dns_names) value += (value.empty() ? "DNS:" : ",DNS:") + name;
  return value;
}

std::string extended_key_usage(const LeafOptions& options) {
  if (options.extended_key_usage) return *options.extended_key_usage;
  if (options.is_client && options.is_server) return "clientAuth,serverAuth";
  return options.is_client ? "clientAuth" : "serverAuth";
}

/// By a P-256 or an RSA key, with SHA-256.
void set_signature(X509_REQ* request, const Bytes& signature) {
  const bool is_rsa = EVP_PKEY_is_a(X509_REQ_get0_pubkey(request), "RSA") == 1;
  const std::unique_ptr<X509_ALGOR, Free<X509_ALGOR_free>> algorithm(X509_ALGOR_new());
  CHECK(X509_ALGOR_set0(algorithm.get(),
                        OBJ_nid2obj(is_rsa ? NID_sha256WithRSAEncryption : NID_ecdsa_with_SHA256),
                        is_rsa ? V_ASN1_NULL : V_ASN1_UNDEF, nullptr) == 1);
  CHECK(X509_REQ_set1_signature_algo(request, algorithm.get()) == 1);
  ASN1_BIT_STRING* bits = ASN1_BIT_STRING_new();
  CHECK(ASN1_STRING_set(bits, signature.data(), static_cast<int>(signature.size())) == 1);
  bits->flags = (bits->flags & ~0x7L) | ASN1_STRING_FLAG_BITS_LEFT;  // no unused bits at the end
  X509_REQ_set0_signature(request, bits);
}

}  // namespace

Result<std::string> certificate_request(ByteView subject_public_key_info, const std::string& common_name,
                                        const SignRequest& sign) {
  const unsigned char* spki = uchar(subject_public_key_info);
  const Key key(d2i_PUBKEY(nullptr, &spki, static_cast<long>(subject_public_key_info.size())));
  const Request request(X509_REQ_new());
  CHECK(key != nullptr && request != nullptr && X509_REQ_set_pubkey(request.get(), key.get()) == 1);
  const auto* name = reinterpret_cast<const unsigned char*>(common_name.c_str());
  CHECK(X509_NAME_add_entry_by_txt(X509_REQ_get_subject_name(request.get()), "CN", MBSTRING_UTF8, name, -1,
                                   -1, 0) == 1);
  unsigned char* der = nullptr;
  const int length = i2d_re_X509_REQ_tbs(request.get(), &der);
  CHECK(length > 0);
  const Bytes info = copy_of(std::as_bytes(std::span(der, static_cast<std::size_t>(length))));
  OPENSSL_free(der);
  const auto signature = sign(info);
  if (!signature) return std::unexpected(signature.error());
  set_signature(request.get(), *signature);
  return to_pem([&](BIO* bio) { return PEM_write_bio_X509_REQ(bio, request.get()); });
}

struct TestCa::State {
  Key key;
  Certificate certificate;

  std::string issue(EVP_PKEY* for_key, const LeafOptions& options) const {
    const std::string name = !options.common_name.empty() ? options.common_name
                             : options.dns_names.empty()  ? "nobody"
                                                          : options.dns_names.front();
    const auto leaf = new_certificate(for_key, {name, options.begins, options.ends, options.serial_hex});
    CHECK(X509_set_issuer_name(leaf.get(), X509_get_subject_name(certificate.get())) == 1);
    if (options.is_version_1) {
      CHECK(X509_set_version(leaf.get(), X509_VERSION_1) == 1);
    } else {
      add_leaf_extensions(leaf.get(), options);
    }
    CHECK(X509_sign(leaf.get(), key.get(), hash_of(options.hash)) > 0);
    return to_pem(leaf.get());
  }

  void add_leaf_extensions(X509* leaf, const LeafOptions& options) const {
    X509* own = certificate.get();
    add_extension(leaf, own, "basicConstraints", options.is_ca ? "critical,CA:TRUE" : "critical,CA:FALSE");
    add_extension(leaf, own, "keyUsage",
                  options.is_ca ? "critical,digitalSignature,keyCertSign" : "critical,digitalSignature");
    if (const std::string usage = extended_key_usage(options); !usage.empty())
      add_extension(leaf, own, "extendedKeyUsage", usage);
    if (!options.dns_names.empty())
      add_extension(leaf, own, "subjectAltName", subject_alt_name(options.dns_names));
    add_extension(leaf, own, "subjectKeyIdentifier", "hash");
    add_extension(leaf, own, "authorityKeyIdentifier", "keyid:always");
    for (const auto& [name, value] : options.more_extensions) add_extension(leaf, own, name.c_str(), value);
  }

  /// `issuer` null: a root.
  static std::unique_ptr<State> make(const std::string& name, const CaOptions& options, const State* issuer) {
    auto made = std::make_unique<State>();
    made->key = new_key(options.key);
    made->certificate = new_certificate(made->key.get(), {name, options.begins, options.ends, ""});
    X509* own = made->certificate.get();
    X509* above = issuer == nullptr ? nullptr : issuer->certificate.get();
    CHECK(X509_set_issuer_name(own, X509_get_subject_name(above == nullptr ? own : above)) == 1);
    add_extension(own, above, "basicConstraints", options.says_ca ? "critical,CA:TRUE" : "critical,CA:FALSE");
    add_extension(own, above, "keyUsage",
                  options.says_ca ? "critical,keyCertSign,cRLSign" : "critical,digitalSignature");
    add_extension(own, above, "subjectKeyIdentifier", "hash");
    if (above != nullptr) add_extension(own, above, "authorityKeyIdentifier", "keyid:always");
    if (!options.name_constraints.empty())
      add_extension(own, above, "nameConstraints", "critical," + options.name_constraints);
    EVP_PKEY* signer = issuer == nullptr ? made->key.get() : issuer->key.get();
    CHECK(X509_sign(own, signer, hash_of(options.hash)) > 0);
    return made;
  }
};

TestCa::TestCa(std::unique_ptr<State> state)
    : state_(std::move(state)), pem_(to_pem(state_->certificate.get())) {}

TestCa::TestCa(const std::string& common_name, const CaOptions& options)
    : TestCa(State::make(common_name, options, nullptr)) {}

TestCa TestCa::intermediate(const std::string& common_name, const CaOptions& options) const {
  return TestCa(State::make(common_name, options, state_.get()));
}

TestCa::~TestCa() = default;
TestCa::TestCa(TestCa&&) noexcept = default;
TestCa& TestCa::operator=(TestCa&&) noexcept = default;

Credential TestCa::issue(const LeafOptions& options) {
  const Key key = new_key(options.key);
  return {.chain_pem = state_->issue(key.get(), options), .key_pem = to_pem(key.get())};
}

std::string TestCa::issue_from_csr(const std::string& csr_pem, const LeafOptions& options) {
  const Memory memory(BIO_new_mem_buf(csr_pem.data(), static_cast<int>(csr_pem.size())));
  const Request request(PEM_read_bio_X509_REQ(memory.get(), nullptr, nullptr, nullptr));
  CHECK(request != nullptr);
  EVP_PKEY* key = X509_REQ_get0_pubkey(request.get());
  CHECK(key != nullptr && X509_REQ_verify(request.get(), key) == 1);
  return state_->issue(key, options);
}

std::string TestCa::revoke(const std::vector<std::string>& certificates, const ListOptions& options) const {
  const std::unique_ptr<X509_CRL, Free<X509_CRL_free>> list(X509_CRL_new());
  const std::unique_ptr<ASN1_TIME, Free<ASN1_TIME_free>> time(ASN1_TIME_new());
  CHECK(list != nullptr && time != nullptr && X509_CRL_set_version(list.get(), X509_CRL_VERSION_2) == 1);
  CHECK(X509_CRL_set_issuer_name(list.get(), X509_get_subject_name(state_->certificate.get())) == 1);
  for (const std::string& pem : certificates) {
    const Memory memory(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
    const Certificate certificate(PEM_read_bio_X509(memory.get(), nullptr, nullptr, nullptr));
    X509_REVOKED* entry = X509_REVOKED_new();
    set_time(time.get(), options.begins);
    CHECK(certificate != nullptr &&
          X509_REVOKED_set_serialNumber(entry, X509_get_serialNumber(certificate.get())) == 1 &&
          X509_REVOKED_set_revocationDate(entry, time.get()) == 1 &&
          X509_CRL_add0_revoked(list.get(), entry) == 1);
  }
  set_time(time.get(), options.begins);
  CHECK(X509_CRL_set1_lastUpdate(list.get(), time.get()) == 1);
  set_time(time.get(), options.ends);
  CHECK(X509_CRL_set1_nextUpdate(list.get(), time.get()) == 1);
  X509V3_CTX context;
  X509V3_set_ctx(&context, state_->certificate.get(), nullptr, nullptr, list.get(), 0);
  const auto add = [&](const char* name, const std::string& value) {
    const Extension extension(X509V3_EXT_conf(nullptr, &context, name, value.c_str()));
    CHECK(extension != nullptr && X509_CRL_add_ext(list.get(), extension.get(), -1) == 1);
  };
  add("authorityKeyIdentifier", "keyid:always");
  for (const auto& [name, value] : options.extensions) add(name.c_str(), value);
  CHECK(X509_CRL_sort(list.get()) == 1 &&
        X509_CRL_sign(list.get(), state_->key.get(), hash_of("SHA256")) > 0);
  return to_pem([&](BIO* bio) { return PEM_write_bio_X509_CRL(bio, list.get()); });
}

std::string new_key_pem(const std::string& kind) { return to_pem(new_key(kind).get()); }

std::string request_pem(const std::string& key_pem, const RequestOptions& options) {
  const Key key = key_of(key_pem);
  const Request request(X509_REQ_new());
  CHECK(request != nullptr && X509_REQ_set_pubkey(request.get(), key.get()) == 1);
  X509_NAME* subject = X509_REQ_get_subject_name(request.get());
  for (const auto& [attribute, value] :
       {std::pair("O", options.organisation), std::pair("CN", options.common_name)})
    if (!value.empty())
      CHECK(X509_NAME_add_entry_by_txt(subject, attribute, MBSTRING_UTF8, uchar(bytes_of(value)),
                                       static_cast<int>(value.size()), -1, 0) == 1);
  const std::string names =
      options.subject_alt_name.empty() ? subject_alt_name(options.dns_names) : options.subject_alt_name;
  if (!names.empty()) {
    X509V3_CTX context;
    X509V3_set_ctx(&context, nullptr, nullptr, request.get(), nullptr, 0);
    STACK_OF(X509_EXTENSION)* extensions = sk_X509_EXTENSION_new_null();
    X509_EXTENSION* extension = X509V3_EXT_conf(nullptr, &context, "subjectAltName", names.c_str());
    CHECK(extension != nullptr && sk_X509_EXTENSION_push(extensions, extension) > 0 &&
          X509_REQ_add_extensions(request.get(), extensions) == 1);
    sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
  }
  CHECK(X509_REQ_sign(request.get(), key.get(), hash_of(options.hash)) > 0);
  return to_pem([&](BIO* bio) { return PEM_write_bio_X509_REQ(bio, request.get()); });
}

}  // namespace privyseal::test
