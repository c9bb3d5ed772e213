/// PKCS #11 URIs (RFC 7512), as far as they name a module and a token, or a key:
///
///     pkcs11:token=privyseal;serial=0a1b?module-path=/usr/lib/softhsm/libsofthsm2.so
///     pkcs11:object=gateway;type=private
///
/// Stricter than the RFC: no attribute twice and none that we do not use, because what is named wrongly must
/// not be found. Never a PIN, nor where one is: URIs stand in configurations, process lists and logs. A URI
/// with one is refused, and the refusal does not repeat it.
///
/// Pure and total: any text gives a value or an Error.
#pragma once

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

/// One of the two is there at least.
struct KeyUri {
  std::string object;  ///< CKA_LABEL; empty: not named
  std::string id;      ///< CKA_ID, any bytes; empty: not named
  bool operator==(const KeyUri&) const = default;
};

inline constexpr std::size_t kMaxUriBytes = 1024;

/// kInvalid: no such URI, or it names anything else.
[[nodiscard]] Result<TokenUri> parse_token_uri(std::string_view text);

/// A `type` may stand beside, private or public: a pair has one name. kInvalid: no such URI, or it names
/// anything else; kDenied: it has a PIN, the place of one, or a module.
[[nodiscard]] Result<KeyUri> parse_key_uri(std::string_view text);

/// For people: "labelled privyseal with serial number 0a1b".
[[nodiscard]] std::string to_text(const TokenName& name);

}  // namespace privyseal::pkcs11
