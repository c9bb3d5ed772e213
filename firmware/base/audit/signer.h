/// Who signs checkpoints: an HSM key on the appliance, a key in memory in a test.
#pragma once

#include <string>
#include <string_view>

#include "firmware/base/bytes.h"
#include "firmware/base/result.h"

namespace privyseal::audit {

/// Threads: one at a time.
class Signer {
 public:
  virtual ~Signer() = default;

  /// The key's name, for messages.
  [[nodiscard]] virtual std::string name() const = 0;
  /// SubjectPublicKeyInfo, DER. kUnavailable, kNotFound: the key cannot be asked for, or is not there.
  [[nodiscard]] virtual Result<Bytes> public_key() = 0;
  /// ECDSA-Sig-Value with SHA-256 over a checkpoint's text.
  [[nodiscard]] virtual Result<Bytes> sign(std::string_view text) = 0;
};

}  // namespace privyseal::audit
