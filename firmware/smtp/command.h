/// One SMTP command line, taken apart (RFC 5321 section 4.1.1).
///
/// Pure and total: every line gives a Command. Strict where leniency has let mail be
/// smuggled: no bare CR or LF, no NUL, no source routes, 8-bit bytes only in addresses and there only as
/// UTF-8. Only parameters of extensions that we offer are known (SIZE, 8BITMIME, SMTPUTF8, DSN,
/// REQUIRETLS); every other one is 555.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "firmware/smtp/address.h"

namespace privyseal::smtp {

enum class BodyType { k7Bit, k8BitMime };

struct Ehlo {
  std::string domain;  ///< or an address literal with its brackets; the client's claim, never proof
};
struct Helo {
  std::string domain;
};
struct StartTls {};
struct MailFrom {
  std::optional<Address> reverse_path{};  ///< nothing for <>, the sender of bounces
  std::optional<std::uint64_t> size_bytes{};
  BodyType body = BodyType::k7Bit;
  bool smtputf8 = false;     ///< RFC 6531: addresses and header may hold UTF-8
  bool require_tls = false;  ///< RFC 8689: never without TLS, on the whole way
  // RFC 3461, checked and then kept as it was written; empty: not given.
  std::string ret{};    ///< "FULL" or "HDRS", in any case
  std::string envid{};  ///< xtext
};
struct RcptTo {
  Address address;
  // As above.
  std::string notify{};  ///< "NEVER", or some of SUCCESS, FAILURE, DELAY with commas
  std::string orcpt{};   ///< "rfc822;" and xtext
};
struct Data {};
/// RFC 3030 section 2; so many bytes of the mail follow the line.
struct Bdat {
  std::uint64_t size_bytes;
  bool is_last = false;
};
struct Rset {};
struct Noop {};
struct Vrfy {};
struct Quit {};
/// The line is no command of ours; the reply that the client must get.
struct BadCommand {
  int code;
  std::string_view enhanced;  ///< static text
  std::string_view text;      ///< static text
};

using Command =
    std::variant<Ehlo, Helo, StartTls, MailFrom, RcptTo, Data, Bdat, Rset, Noop, Vrfy, Quit, BadCommand>;

/// `line` is without its CRLF. The Command keeps no view into it.
[[nodiscard]] Command parse_command(std::string_view line);

}  // namespace privyseal::smtp
