/// RFC 7512 URIs, as far as they name a module and a token:
///
///     pkcs11:token=privyseal;serial=0a1b?module-path=/usr/lib/softhsm/libsofthsm2.so
///
/// Stricter than the RFC: no attribute twice and none that we do not use, because a token that is named
/// wrongly is a token that is not found. Never a PIN: settings are read by many, and a URI stands in logs.
///
/// Pure and total: any text gives a TokenUri or kInvalid.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "firmware/base/result.h"

namespace privyseal::pkcs11 {

/// What CK_TOKEN_INFO must say; what is empty may be anything.
struct TokenName {
  std::string label;
  std::string manufacturer;
  std::string model;
  std::string serial;
  bool operator==(const TokenName&) const = default;
};

struct TokenUri {
  TokenName token;
  std::string module_path;  ///< absolute; empty: not named
  bool operator==(const TokenUri&) const = default;
};

inline constexpr std::size_t kMaxUriBytes = 1024;

[[nodiscard]] Result<TokenUri> parse_token_uri(std::string_view text);

/// For people: "labelled privyseal with serial number 0a1b".
[[nodiscard]] std::string to_text(const TokenName& name);

}  // namespace privyseal::pkcs11
