/// The audit key in the token, through keyd.
///
/// Threads: one at a time. Ownership: the client must outlive it. Errors: those of hsm::Client.
#pragma once

#include "firmware/base/audit/signer.h"
#include "hsm/client.h"

namespace privyseal::renewd {

class AuditSigner final : public audit::Signer {
 public:
  explicit AuditSigner(hsm::Client& keyd) : keyd_(keyd) {}

  [[nodiscard]] std::string name() const override { return "audit"; }
  [[nodiscard]] Result<Bytes> public_key() override {
    auto key = keyd_.find_key(name());
    if (!key) return std::unexpected(key.error());
    return std::move(key->public_key);
  }
  [[nodiscard]] Result<Bytes> sign(std::string_view text) override {
    return keyd_.sign_checkpoint(name(), text);
  }

 private:
  hsm::Client& keyd_;
};

}  // namespace privyseal::renewd
