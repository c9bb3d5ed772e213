/// What two people approve when a retired key is to be destroyed, as one text that has one spelling:
///
///     privyseal: destroy a retired key
///     host gateway.lawfirm.example
///     key cjsm-1
///     until 2026-11-22T18:00:00Z
///     nonce 00112233445566778899aabbccddeeff
///
/// each line with its end. A key's name is given once only, so it says which key is meant; the host is the
/// one in the origin of keyd's audit log. An approval is a passkey's signature (WebAuthn) whose challenge is
/// the SHA-256 of the text.
///
/// Pure and total.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "firmware/base/result.h"
#include "hsm/wire.h"

namespace privyseal::hsm {

inline constexpr std::chrono::hours kLongestApproval{7 * 24};  ///< from now until `until`, at most
inline constexpr std::chrono::hours kToCollectApprovals{24};   ///< what our own requests give

struct Destruction {
  std::string host;
  std::string key;
  std::chrono::sys_seconds until;
  std::string nonce;  ///< 32 digits of [0-9a-f]
  bool operator==(const Destruction&) const = default;
};

[[nodiscard]] std::string to_text(const Destruction& destruction);
/// kInvalid: anything but a text of to_text.
[[nodiscard]] Result<Destruction> parse_destruction(std::string_view text);

}  // namespace privyseal::hsm
