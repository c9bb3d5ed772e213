/// What there is to know of a key before it is made: the kinds in one table, the roles by name.
///
/// Which role may have which kind is keyd's to say (keyd/policy.h).
///
/// Pure; everything here can be asked at compile time.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "hsm/wire.h"

namespace privyseal::hsm {

enum class KeyFamily : std::uint8_t { kEc, kEd25519, kRsa };

struct KeyKind {
  KeyType type;
  std::string_view name;   ///< in settings and on command lines
  std::string_view words;  ///< for people
  KeyFamily family;
  unsigned bits;  ///< of the curve's field, or of the modulus
};

inline constexpr std::array kKeyKinds{
    KeyKind{KeyType::kEcP256, "p256", "ECDSA, P-256", KeyFamily::kEc, 256},
    KeyKind{KeyType::kEcP384, "p384", "ECDSA, P-384", KeyFamily::kEc, 384},
    KeyKind{KeyType::kEd25519, "ed25519", "Ed25519", KeyFamily::kEd25519, 256},
    KeyKind{KeyType::kRsa2048, "rsa2048", "RSA, 2048 bits", KeyFamily::kRsa, 2048},
    KeyKind{KeyType::kRsa3072, "rsa3072", "RSA, 3072 bits", KeyFamily::kRsa, 3072},
    KeyKind{KeyType::kRsa4096, "rsa4096", "RSA, 4096 bits", KeyFamily::kRsa, 4096},
};

/// Every KeyType has a row, in the order of their numbers.
[[nodiscard]] constexpr const KeyKind& kind_of(KeyType type) {
  return kKeyKinds.at(static_cast<std::size_t>(type) - 1);
}
static_assert(std::ranges::all_of(kKeyKinds,
                                  [](const KeyKind& kind) { return &kind_of(kind.type) == &kind; }));
static_assert(kKeyKinds.size() == static_cast<std::size_t>(kLastKeyType));

/// In settings, on command lines and in the token object's label.
[[nodiscard]] constexpr std::string_view name_of(KeyRole role) {
  switch (role) {
    case KeyRole::kCjsmIdentity:
      return "cjsm-identity";
    case KeyRole::kLanIdentity:
      return "lan-identity";
    case KeyRole::kAudit:
      return "audit";
    case KeyRole::kIssuingCa:
      return "issuing-ca";
    case KeyRole::kConsoleIdentity:
      return "console-identity";
  }
  return {};
}

[[nodiscard]] constexpr std::optional<KeyType> key_type_of(std::string_view name) {
  const auto* found = std::ranges::find(kKeyKinds, name, &KeyKind::name);
  if (found == kKeyKinds.end()) return std::nullopt;
  return found->type;
}

}  // namespace privyseal::hsm
