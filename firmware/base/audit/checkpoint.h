/// A signed statement "this log had so many entries, with this root": C2SP's tlog-checkpoint in a signed
/// note.
///
///     gateway.lawfirm.example/gatewayd
///     1234
///     base64 of the root
///
///     — gateway.lawfirm.example/gatewayd base64 of the key id and the signature
///
/// What is signed is the text up to and with the newline before the blank line (ECDSA with SHA-256, DER).
/// The key id is the first 4 bytes of SHA-256(origin || 0x0A || 0x02 || SubjectPublicKeyInfo).
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "firmware/base/bytes.h"
#include "firmware/base/result.h"
#include "firmware/base/sha256.h"

namespace privyseal::audit {

struct Checkpoint {
  std::string origin{};  ///< "<host>/<daemon>"
  std::uint64_t size = 0;
  Digest root{};

  bool operator==(const Checkpoint&) const = default;
};

using KeyId = std::array<std::byte, 4>;

struct SignedCheckpoint {
  Checkpoint checkpoint;
  KeyId key_id{};
  Bytes signature{};
};

/// 1 to 255 printable ASCII characters without blank and '+'.
[[nodiscard]] bool is_origin(std::string_view origin);

/// The text that is signed. The origin must be one.
[[nodiscard]] std::string checkpoint_text(const Checkpoint& checkpoint);
/// Total and strict: checkpoint_text gives back exactly `text`. kInvalid: anything else.
[[nodiscard]] Result<Checkpoint> parse_checkpoint(std::string_view text);

[[nodiscard]] KeyId key_id(std::string_view origin, ByteView public_key);
[[nodiscard]] std::string note_of(const Checkpoint& checkpoint, ByteView public_key, ByteView signature);
/// Total and strict: one signature, by the origin. kInvalid: anything else.
[[nodiscard]] Result<SignedCheckpoint> parse_note(std::string_view note);

/// kInvalid: the key (SubjectPublicKeyInfo) is none. kDenied: it did not sign this.
[[nodiscard]] Result<void> check_signature(const SignedCheckpoint& checkpoint, ByteView public_key);

}  // namespace privyseal::audit
