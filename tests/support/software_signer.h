/// An issuing CA's key in this process: for tests and practice mode's stand-in authorities, never for
/// the appliance, whose keys stay in its token.
///
/// Threads: one at a time.
#pragma once

#include <memory>
#include <string>

#include "ca/authority/signer.h"

struct evp_pkey_st;

namespace privyseal::test {

class SoftwareSigner final : public authority::Signer {
 public:
  /// A new key: "P-256" or "P-384".
  explicit SoftwareSigner(const char* group = "P-256");
  /// A key in PEM (new_key_pem). kInvalid: none.
  [[nodiscard]] static Result<std::unique_ptr<SoftwareSigner>> from_pem(const std::string& key_pem);

  [[nodiscard]] const Bytes& public_key() const override { return public_key_; }
  [[nodiscard]] Result<Bytes> sign_certificate(ByteView tbs_certificate) override;
  [[nodiscard]] Result<Bytes> sign_crl(ByteView tbs_cert_list) override;

 private:
  explicit SoftwareSigner(std::shared_ptr<evp_pkey_st> key);

  std::shared_ptr<evp_pkey_st> key_;
  Bytes public_key_;
};

}  // namespace privyseal::test
