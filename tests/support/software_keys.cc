#include "tests/support/software_keys.h"

#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <optional>

#include "firmware/base/check.h"
#include "hsm/key_kind.h"

namespace privyseal::test {
namespace {

using hsm::ErrorAnswer;
using hsm::KeysAnswer;

Bytes public_key_of(EVP_PKEY* key) {
  unsigned char* der = nullptr;
  const int length = i2d_PUBKEY(key, &der);
  CHECK(length > 0);
  Bytes bytes = copy_of(std::as_bytes(std::span(der, static_cast<std::size_t>(length))));
  OPENSSL_free(der);
  return bytes;
}

const char* digest_of(hsm::KeyType type, hsm::Hash hash) {
  if (type == hsm::KeyType::kEd25519) return nullptr;
  if (type == hsm::KeyType::kEcP384 || hash == hsm::Hash::kSha384) return "SHA384";
  return hash == hsm::Hash::kSha512 ? "SHA512" : "SHA256";
}

Bytes sign(EVP_PKEY* key, hsm::KeyType type, ByteView message, std::optional<hsm::Hash> pss_hash = {}) {
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  const char* digest = digest_of(type, pss_hash.value_or(hsm::Hash::kOfKey));
  EVP_PKEY_CTX* padding = nullptr;
  Bytes signature(512);
  std::size_t length = signature.size();
  CHECK(EVP_DigestSignInit_ex(context.get(), &padding, digest, nullptr, nullptr, key, nullptr) == 1);
  if (pss_hash && EVP_PKEY_is_a(key, "RSA") == 1)
    CHECK(EVP_PKEY_CTX_set_rsa_padding(padding, RSA_PKCS1_PSS_PADDING) == 1 &&
          EVP_PKEY_CTX_set_rsa_pss_saltlen(padding, RSA_PSS_SALTLEN_DIGEST) == 1);
  CHECK(EVP_DigestSign(context.get(), uchar(std::span(signature)), &length, uchar(message), message.size()) ==
        1);
  signature.resize(length);
  return signature;
}

EVP_PKEY* new_key(hsm::KeyType type) {
  const hsm::KeyKind& kind = hsm::kind_of(type);
  switch (kind.family) {
    case hsm::KeyFamily::kEc:
      return EVP_EC_gen(type == hsm::KeyType::kEcP256 ? "P-256" : "P-384");
    case hsm::KeyFamily::kEd25519:
      return EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519");
    case hsm::KeyFamily::kRsa:
      return EVP_RSA_gen(kind.bits);
  }
  CHECK(false);
}

}  // namespace

void SoftwareKeys::add(const std::string& name, hsm::KeyType type, hsm::KeyRole role) {
  const std::shared_ptr<EVP_PKEY> key(new_key(type), EVP_PKEY_free);
  CHECK(key != nullptr);
  keys_[name] = {{name, role, type, public_key_of(key.get())}, key};
}

struct SoftwareKeys::Answering {
  const SoftwareKeys& keys;
  const hsm::Request& request;

  hsm::Answer not_found() const {
    return answer_to(request, ErrorAnswer{ErrorCode::kNotFound, "no such key"});
  }
  hsm::Answer signature(const std::string& name, ByteView message,
                        std::optional<hsm::Hash> pss_hash = {}) const {
    const auto held = keys.keys_.find(name);
    if (held == keys.keys_.end()) return not_found();
    return answer_to(request, hsm::SignatureAnswer{
                                  sign(held->second.key.get(), held->second.info.type, message, pss_hash)});
  }

  hsm::Answer operator()(const hsm::HealthRequest&) const {
    return answer_to(request, hsm::HealthAnswer{.ready = true});
  }
  hsm::Answer operator()(const hsm::ListKeysRequest&) const {
    KeysAnswer answer;
    for (const auto& [name, held] : keys.keys_) answer.keys.push_back(held.info);
    return answer_to(request, answer);
  }
  hsm::Answer operator()(const hsm::FindKeyRequest& find) const {
    const auto held = keys.keys_.find(find.name);
    return held == keys.keys_.end() ? not_found() : answer_to(request, KeysAnswer{{held->second.info}});
  }
  /// The id of a key is its name here.
  hsm::Answer operator()(const hsm::FindKeyByIdRequest& find) const {
    const auto held = keys.keys_.find(std::string(text_of(find.id)));
    return held == keys.keys_.end() ? not_found() : answer_to(request, KeysAnswer{{held->second.info}});
  }
  hsm::Answer operator()(const hsm::SignTls13Request& wanted) const {
    return signature(wanted.name, wanted.message, wanted.hash);
  }
  hsm::Answer operator()(const hsm::SignCsrRequest& wanted) const {
    return signature(wanted.name, wanted.request_info);
  }
  hsm::Answer operator()(const hsm::GenerateRequest&) const {
    return answer_to(request, ErrorAnswer{ErrorCode::kDenied, "not this one"});
  }
  hsm::Answer operator()(const hsm::SignCheckpointRequest& wanted) const {
    return signature(wanted.name, bytes_of(wanted.text));
  }
  hsm::Answer operator()(const hsm::SignCertificateRequest& wanted) const {
    return signature(wanted.name, wanted.tbs_certificate);
  }
  hsm::Answer operator()(const hsm::SignCrlRequest& wanted) const {
    return signature(wanted.name, wanted.tbs_cert_list);
  }
  hsm::Answer operator()(const hsm::SignOcspRequest& wanted) const {
    return signature(wanted.name, wanted.response_data);
  }
  hsm::Answer operator()(const hsm::SignTls12Request& wanted) const {
    return signature(wanted.name, wanted.message, wanted.hash);
  }
  hsm::Answer operator()(const hsm::DestroyRequest& wanted) const {
    return keys.keys_.contains(wanted.name) ? answer_to(request, hsm::DoneAnswer{}) : not_found();
  }
  hsm::Answer operator()(const hsm::ListRetiredKeysRequest&) const {
    return answer_to(request, hsm::RetiredKeysAnswer{});
  }
  hsm::Answer operator()(const hsm::RetireRequest& wanted) const {
    return keys.keys_.contains(wanted.name) ? answer_to(request, hsm::DoneAnswer{}) : not_found();
  }
  hsm::Answer operator()(const hsm::ReadAuditRequest&) const {
    return answer_to(request, hsm::AuditEntriesAnswer{});
  }
  hsm::Answer operator()(const hsm::ReadAuditCheckpointRequest&) const {
    return answer_to(request, hsm::AuditCheckpointAnswer{});
  }
  hsm::Answer operator()(const hsm::CountUsesRequest&) const { return answer_to(request, hsm::UsesAnswer{}); }
};

FakeKeyd::Reply SoftwareKeys::operator()(const hsm::Request& request) const {
  return std::visit(Answering{*this, request}, request.body);
}

}  // namespace privyseal::test
