/// The console's audit log is signed by keyd's audit key.
///
/// Threads: one at a time.
#pragma once

#include "firmware/base/audit/signer.h"
#include "hsm/client.h"

namespace privyseal::web {

class AuditSigner final : public audit::Signer {
 public:
  static constexpr std::string_view kKey = "audit";

  explicit AuditSigner(const std::filesystem::path& keyd) : client_(keyd) {}

  [[nodiscard]] std::string name() const override { return std::string(kKey); }
  [[nodiscard]] Result<Bytes> public_key() override {
    auto key = client_.find_key(kKey);
    if (!key) return std::unexpected(key.error());
    return std::move(key->public_key);
  }
  [[nodiscard]] Result<Bytes> sign(std::string_view text) override {
    return client_.sign_checkpoint(kKey, text);
  }

 private:
  hsm::Client client_;
};

}  // namespace privyseal::web
