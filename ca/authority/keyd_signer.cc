#include "ca/authority/keyd_signer.h"

#include <utility>

namespace privyseal::authority {

KeydSigner::KeydSigner(hsm::Client& client, std::string key_name, Bytes public_key)
    : client_(client), key_name_(std::move(key_name)), public_key_(std::move(public_key)) {}

Result<std::unique_ptr<KeydSigner>> KeydSigner::open(hsm::Client& client, std::string key_name) {
  auto key = client.find_key(key_name);
  if (!key) return fail("issuing key " + key_name, key.error());
  if (key->role != hsm::KeyRole::kIssuingCa)
    return fail(ErrorCode::kDenied, "issuing key " + key_name + ": it is for something else");
  return std::unique_ptr<KeydSigner>(new KeydSigner(client, std::move(key_name), std::move(key->public_key)));
}

Result<Bytes> KeydSigner::sign_certificate(ByteView tbs_certificate) {
  return client_.sign_certificate(key_name_, tbs_certificate);
}

Result<Bytes> KeydSigner::sign_crl(ByteView tbs_cert_list) {
  return client_.sign_crl(key_name_, tbs_cert_list);
}

}  // namespace privyseal::authority
