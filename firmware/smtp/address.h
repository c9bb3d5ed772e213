/// A mail address as it stands in an SMTP envelope (RFC 5321 section 4.1.2), and the one
/// rule that says what belongs to CJSM.
///
/// Pure. Parsing is strict: no source routes, no address literals, 8-bit bytes only where they are UTF-8
/// (RFC 6531 section 3.3), and the length limits of section 4.5.3.1. What is parsed holds printable
/// characters only, so an Address can be written into a command without looking at it again.
#pragma once

#include <cstddef>
#include <expected>
#include <string>
#include <string_view>

namespace privyseal::smtp {

inline constexpr std::size_t kMaxLocalPart = 64;
inline constexpr std::size_t kMaxDomain = 255;
inline constexpr std::size_t kMaxPath = 256;  ///< with its angle brackets

struct Address {
  std::string local;   ///< what the quotes mean: "a b"@x has the local part `a b`; case kept
  std::string domain;  ///< lower case, without a trailing dot; empty only for <Postmaster>
  bool operator==(const Address&) const = default;
};

enum class AddressFault {
  kSyntax,          ///< not a mailbox of RFC 5321
  kSourceRoute,     ///< <@relay:x@y>
  kAddressLiteral,  ///< x@[192.0.2.1]
  kTooLong,
};

/// `text` is what stands between the angle brackets, never empty for a mailbox.
[[nodiscard]] std::expected<Address, AddressFault> parse_mailbox(std::string_view text);

/// The address can only be written to a server that was told SMTPUTF8 (RFC 6531 section 3.1).
[[nodiscard]] bool needs_smtputf8(const Address& address);

/// The shortest form to put between angle brackets; quotes the local part only where it must.
[[nodiscard]] std::string to_string(const Address& address);

/// A host name or domain of letters, digits, hyphens and dots; one trailing dot is allowed.
[[nodiscard]] bool is_domain(std::string_view text);

/// Lower case, one trailing dot removed. Does not check.
[[nodiscard]] std::string normal_domain(std::string_view domain);

/// True for cjsm.net and everything under it. Case-blind, on a label boundary: evilcjsm.net is not.
[[nodiscard]] bool is_cjsm_domain(std::string_view domain);

}  // namespace privyseal::smtp
