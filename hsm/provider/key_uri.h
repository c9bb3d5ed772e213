/// How a program names a key: "keyd://NAME", "keyd:NAME" or a PKCS #11 URI (hsm/pkcs11_uri.h); and the little
/// PEM file that holds such a name where a program takes nothing but a key file.
///
/// The parsers are pure and total. Threads: any.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "hsm/provider/key.h"
#include "hsm/provider/keys.h"

namespace privyseal::hsm::provider {

struct KeyAddress {
  std::string name;   ///< or, when it is empty:
  Bytes id;           ///< CKA_ID
  std::string label;  ///< when not empty: the token object's whole label, "privyseal:ROLE:NAME"
  bool operator==(const KeyAddress&) const = default;
};

/// kInvalid, kDenied (a PIN in it): in words.
[[nodiscard]] Result<KeyAddress> parse_key_uri(std::string_view uri);

/// The URI in a PEM file ("-----BEGIN PRIVYSEAL KEY URI-----", the URI in base64); none when the first thing
/// in the text is something else, or the base64 is none.
[[nodiscard]] std::optional<std::string> uri_in_pem(std::string_view text);

inline constexpr std::size_t kMaxPemBytes = 4096;  ///< longer than the file of any such name

/// Errors: those of Keys::find; kNotFound: its role is not the label's.
[[nodiscard]] Result<SharedKey> find_key(Keys& keys, const KeyAddress& address);

}  // namespace privyseal::hsm::provider
