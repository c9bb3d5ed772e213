/// One SMTP command line, taken apart (RFC 5321 section 4.1.1).
///
/// Pure and total: every line gives a Command. Strict where leniency has let mail be
/// smuggled: no bare CR or LF, no NUL, no source routes, no 8-bit bytes. Only parameters of
/// extensions that we offer are known (SIZE, 8BITMIME); every other one is 555.
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
  std::optional<Address> reverse_path;  ///< nothing for <>, the sender of bounces
  std::optional<std::uint64_t> size_bytes;
  BodyType body = BodyType::k7Bit;
};
struct RcptTo {
  Address address;
};
struct Data {};
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
    std::variant<Ehlo, Helo, StartTls, MailFrom, RcptTo, Data, Rset, Noop, Vrfy, Quit, BadCommand>;

/// `line` is without its CRLF. The Command keeps no view into it.
[[nodiscard]] Command parse_command(std::string_view line);

}  // namespace privyseal::smtp
