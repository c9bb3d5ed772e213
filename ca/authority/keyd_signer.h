/// An issuing CA whose key lies in the token (role issuing-ca): keyd signs.
///
/// Threads: any. Ownership: the client must outlive it. Errors: those of hsm::Client.
#pragma once

#include <memory>
#include <string>

#include "ca/authority/signer.h"
#include "hsm/client.h"

namespace privyseal::authority {

class KeydSigner final : public Signer {
 public:
  /// Finds the key. kNotFound: not generated yet. kDenied: it is no issuing CA's key.
  [[nodiscard]] static Result<std::unique_ptr<KeydSigner>> open(hsm::Client& client, std::string key_name);

  [[nodiscard]] const Bytes& public_key() const override { return public_key_; }
  [[nodiscard]] Result<Bytes> sign_certificate(ByteView tbs_certificate) override;
  [[nodiscard]] Result<Bytes> sign_crl(ByteView tbs_cert_list) override;

 private:
  KeydSigner(hsm::Client& client, std::string key_name, Bytes public_key);

  hsm::Client& client_;
  const std::string key_name_;
  const Bytes public_key_;
};

}  // namespace privyseal::authority
