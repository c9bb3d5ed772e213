/// The persons who may approve that a key is destroyed: a file with a passkey a line,
///
///     # anything; empty lines are allowed, too
///     alice es256 BASE64
///     bob eddsa BASE64
///
/// first who it is (spelt as a key's name; one person may have several passkeys), then the public key as the
/// console keeps it: x || y of P-256, or the 32 bytes of Ed25519. There are at least two persons and no
/// passkey twice; or there is nobody, and then no key is ever destroyed.
///
/// On the appliance each boot writes the file anew, of what the signed provisioning file lists. keyd obeys
/// it; the console only looks who is in it.
///
/// Pure and total. Whether the bytes are a point of their curve, keyd looks (keyd/approval.h).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "firmware/base/result.h"
#include "hsm/wire.h"

namespace privyseal::hsm {

inline constexpr std::string_view kApproversFile = "/run/privyseal/approvers";  ///< on the appliance
inline constexpr std::size_t kMaxApproversBytes = 64 * 1024;

enum class PasskeyKind : std::uint8_t { kEs256, kEdDsa };

struct ApproverLine {
  std::string person;
  PasskeyKind kind;
  Bytes public_key;
  bool operator==(const ApproverLine&) const = default;
};

[[nodiscard]] std::string to_text(const ApproverLine& approver);  ///< without a line end
/// kInvalid: anything but a text of to_text.
[[nodiscard]] Result<ApproverLine> parse_approver_line(std::string_view line);
/// None: nobody may approve. kInvalid, in words and with the line's number.
[[nodiscard]] Result<std::vector<ApproverLine>> parse_approvers(std::string_view file);

}  // namespace privyseal::hsm
