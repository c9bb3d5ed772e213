#include "hsm/keyd/scheme.h"

#include <openssl/evp.h>

#include <string>

#include "firmware/base/check.h"
#include "hsm/key_kind.h"

namespace privyseal::keyd {
namespace {

Result<Scheme> pss_with(hsm::Hash hash) {
  switch (hash) {
    case hsm::Hash::kOfKey:
    case hsm::Hash::kSha256:
      return Scheme::kPssSha256;
    case hsm::Hash::kSha384:
      return Scheme::kPssSha384;
    case hsm::Hash::kSha512:
      return Scheme::kPssSha512;
  }
  return fail(ErrorCode::kInvalid, "no such hash");
}

Result<Scheme> only(Scheme scheme, hsm::Hash its_hash, hsm::Hash asked) {
  if (asked == hsm::Hash::kOfKey || asked == its_hash) return scheme;
  return fail(ErrorCode::kInvalid, "keys of this type do not sign with that hash");
}

}  // namespace

Result<Scheme> tls13_scheme(hsm::KeyType type, hsm::Hash hash) {
  switch (type) {
    case hsm::KeyType::kEcP256:
      return only(Scheme::kEcdsaSha256, hsm::Hash::kSha256, hash);
    case hsm::KeyType::kEcP384:
      return only(Scheme::kEcdsaSha384, hsm::Hash::kSha384, hash);
    case hsm::KeyType::kEd25519:
      return only(Scheme::kEd25519, hsm::Hash::kOfKey, hash);
    case hsm::KeyType::kRsa2048:
    case hsm::KeyType::kRsa3072:
    case hsm::KeyType::kRsa4096:
      return pss_with(hash);
  }
  return fail(ErrorCode::kInvalid, "no such type of key");
}

Scheme document_scheme(hsm::KeyType type) {
  if (hsm::kind_of(type).family == hsm::KeyFamily::kRsa) return Scheme::kPkcs1Sha256;
  return *tls13_scheme(type, hsm::Hash::kOfKey);
}

const char* digest_name(Scheme scheme) {
  switch (scheme) {
    case Scheme::kEcdsaSha256:
    case Scheme::kPssSha256:
    case Scheme::kPkcs1Sha256:
      return "SHA256";
    case Scheme::kEcdsaSha384:
    case Scheme::kPssSha384:
      return "SHA384";
    case Scheme::kPssSha512:
      return "SHA512";
    case Scheme::kEd25519:
      return nullptr;
  }
  CHECK(false);
}

Bytes digest_for(Scheme scheme, ByteView message) {
  const char* name = digest_name(scheme);
  if (name == nullptr) return copy_of(message);
  Bytes digest(EVP_MAX_MD_SIZE);
  std::size_t length = 0;
  // Only the default provider: whatever openssl.cnf may say, no other one answers here.
  CHECK(EVP_Q_digest(nullptr, name, "provider=default", message.data(), message.size(),
                     uchar(std::span(digest)), &length) == 1);
  digest.resize(length);
  return digest;
}

}  // namespace privyseal::keyd
