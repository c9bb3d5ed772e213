/// An audit key in memory, where the appliance has one in its HSM.
///
/// Threads: one. Ownership: owns the key.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "firmware/base/audit/signer.h"

namespace privyseal::test {

class AuditKey final : public audit::Signer {
 public:
  AuditKey();  // P-256
  ~AuditKey() override;
  AuditKey(const AuditKey&) = delete;  // one key, one object
  AuditKey& operator=(const AuditKey&) = delete;

  [[nodiscard]] std::string name() const override { return "audit"; }
  [[nodiscard]] Result<Bytes> public_key() override;
  [[nodiscard]] Result<Bytes> sign(std::string_view text) override;

  /// For programs that read PEM.
  [[nodiscard]] std::string public_key_pem() const;
  /// From now on sign() gives this.
  void fail_with(Error error) { error_ = std::move(error); }

 private:
  struct Key;
  std::unique_ptr<Key> key_;
  std::optional<Error> error_;
};

}  // namespace privyseal::test
