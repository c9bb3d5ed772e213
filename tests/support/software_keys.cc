#include "tests/support/software_keys.h"

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "firmware/base/check.h"

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

Bytes sign(EVP_PKEY* key, hsm::KeyType type, ByteView message) {
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  const char* digest = type == hsm::KeyType::kEcP256 ? "SHA256" : "SHA384";
  Bytes signature(128);
  std::size_t length = signature.size();
  CHECK(EVP_DigestSignInit_ex(context.get(), nullptr, digest, nullptr, nullptr, key, nullptr) == 1);
  CHECK(EVP_DigestSign(context.get(), uchar(std::span(signature)), &length, uchar(message), message.size()) ==
        1);
  signature.resize(length);
  return signature;
}

}  // namespace

void SoftwareKeys::add(const std::string& name, hsm::KeyType type, hsm::KeyRole role) {
  const std::shared_ptr<EVP_PKEY> key(EVP_EC_gen(type == hsm::KeyType::kEcP256 ? "P-256" : "P-384"),
                                      EVP_PKEY_free);
  CHECK(key != nullptr);
  keys_[name] = {{name, role, type, public_key_of(key.get())}, key};
}

struct SoftwareKeys::Answering {
  const SoftwareKeys& keys;
  const hsm::Request& request;

  hsm::Answer not_found() const {
    return answer_to(request, ErrorAnswer{ErrorCode::kNotFound, "no such key"});
  }
  hsm::Answer signature(const std::string& name, ByteView message) const {
    const auto held = keys.keys_.find(name);
    if (held == keys.keys_.end()) return not_found();
    return answer_to(request,
                     hsm::SignatureAnswer{sign(held->second.key.get(), held->second.info.type, message)});
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
  hsm::Answer operator()(const hsm::SignTls13Request& wanted) const {
    return signature(wanted.name, wanted.message);
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
