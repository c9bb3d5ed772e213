#include "hsm/audit_signer.h"

#include "hsm/client.h"

namespace privyseal::hsm {
namespace {

class AuditSigner final : public audit::Signer {
 public:
  AuditSigner(const std::filesystem::path& keyd_socket, std::string key_name)
      : client_(keyd_socket), key_name_(std::move(key_name)) {}

  [[nodiscard]] std::string name() const override { return key_name_; }

  [[nodiscard]] Result<Bytes> public_key() override {
    return client_.find_key(key_name_).transform([](const KeyInfo& key) { return key.public_key; });
  }

  [[nodiscard]] Result<Bytes> sign(std::string_view text) override {
    return client_.sign_checkpoint(key_name_, text);
  }

 private:
  Client client_;
  const std::string key_name_;
};

}  // namespace

std::unique_ptr<audit::Signer> audit_signer(const std::filesystem::path& keyd_socket, std::string key_name) {
  return std::make_unique<AuditSigner>(keyd_socket, std::move(key_name));
}

}  // namespace privyseal::hsm
