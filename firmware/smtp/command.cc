#include "firmware/smtp/command.h"

#include <algorithm>
#include <array>
#include <expected>
#include <utility>
#include <vector>

#include "firmware/smtp/ascii.h"
#include "firmware/smtp/dsn.h"
#include "firmware/smtp/utf8.h"

namespace privyseal::smtp {
namespace {

using Parser = Command (*)(std::string_view arguments);

BadCommand syntax_error(std::string_view text) { return {501, "5.5.4", text}; }

// RFC 5321 section 4.1.3, loosely: the text between the brackets is only ever shown, never used.
bool is_address_literal(std::string_view text) {
  if (text.size() < 3 || text.size() > kMaxDomain || !text.starts_with('[') || !text.ends_with(']'))
    return false;
  return std::ranges::all_of(text.substr(1, text.size() - 2),
                             [](char c) { return is_alnum(c) || c == '.' || c == ':' || c == '-'; });
}

template <class Hello>
Command parse_hello(std::string_view arguments) {
  if (!is_domain(arguments) && !is_address_literal(arguments)) return syntax_error("Give your host name");
  return Hello{std::string(arguments)};
}

template <class Plain>
Command parse_plain(std::string_view arguments) {
  if (!arguments.empty()) return syntax_error("This command takes no parameter");
  return Plain{};
}

Command parse_noop(std::string_view) { return Noop{}; }

Command parse_vrfy(std::string_view arguments) {
  if (arguments.empty()) return syntax_error("Give a mailbox");
  return Vrfy{};
}

Command parse_unimplemented(std::string_view) { return BadCommand{502, "5.5.1", "Command not implemented"}; }

/// "<path> rest" in two; nothing if there is no path. A '>' inside quotes does not end it.
struct PathAndRest {
  std::string_view path;  ///< without its brackets
  std::string_view rest;
};
std::optional<PathAndRest> split_path(std::string_view text) {
  if (!text.starts_with('<')) return std::nullopt;
  bool in_quotes = false;
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (in_quotes && text[i] == '\\') {
      ++i;
    } else if (text[i] == '"') {
      in_quotes = !in_quotes;
    } else if (text[i] == '>' && !in_quotes) {
      return PathAndRest{text.substr(1, i - 1), text.substr(i + 1)};
    }
  }
  return std::nullopt;
}

/// `enhanced` tells a bad sender (5.1.7) from a bad recipient (5.1.3).
BadCommand bad_mailbox(AddressFault fault, std::string_view enhanced) {
  switch (fault) {
    case AddressFault::kSyntax:
      return {501, enhanced, "This is not a mail address"};
    case AddressFault::kSourceRoute:
      return {501, enhanced, "Source routes are not accepted"};
    case AddressFault::kAddressLiteral:
      return {553, enhanced, "Give a domain, not a network address"};
    case AddressFault::kTooLong:
      return {501, enhanced, "The mail address is too long"};
  }
  return {501, enhanced, "This is not a mail address"};
}

struct Parameter {
  std::string_view keyword;
  std::optional<std::string_view> value;
};

bool is_keyword(std::string_view text) {
  return !text.empty() && is_alnum(text.front()) &&
         std::ranges::all_of(text, [](char c) { return is_alnum(c) || c == '-'; });
}

bool is_value(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return is_graphic(c) && c != '='; });
}

std::expected<Parameter, BadCommand> parse_parameter(std::string_view text) {
  const std::size_t equals = text.find('=');
  Parameter parameter{text.substr(0, equals), std::nullopt};
  if (equals != std::string_view::npos) parameter.value = text.substr(equals + 1);
  if (!is_keyword(parameter.keyword) || (parameter.value && !is_value(*parameter.value))) {
    return std::unexpected(syntax_error("A parameter is malformed"));
  }
  return parameter;
}

/// Everything after the path: each parameter after exactly one space, none twice.
std::expected<std::vector<Parameter>, BadCommand> parse_parameters(std::string_view rest) {
  std::vector<Parameter> parameters;
  while (!rest.empty()) {
    if (!rest.starts_with(' ')) return std::unexpected(syntax_error("A space is missing after the address"));
    rest.remove_prefix(1);
    const std::string_view word = rest.substr(0, rest.find(' '));
    rest.remove_prefix(word.size());
    const auto parameter = parse_parameter(word);
    if (!parameter) return std::unexpected(parameter.error());
    const bool seen = std::ranges::any_of(parameters, [&](const Parameter& earlier) {
      return equals_ignoring_case(earlier.keyword, parameter->keyword);
    });
    if (seen) return std::unexpected(syntax_error("A parameter is given twice"));
    parameters.push_back(*parameter);
  }
  return parameters;
}

BadCommand unknown_parameter() { return {555, "5.5.4", "A parameter is not supported"}; }

using Applied = std::expected<void, BadCommand>;

Applied apply_size(MailFrom& mail, const Parameter& parameter) {
  mail.size_bytes = number_from(parameter.value.value_or(""));
  if (!mail.size_bytes) return std::unexpected(syntax_error("SIZE needs a number"));
  return {};
}

Applied apply_body(MailFrom& mail, const Parameter& parameter) {
  const std::string_view value = parameter.value.value_or("");
  const bool is_8bit = equals_ignoring_case(value, "8BITMIME");
  if (!is_8bit && !equals_ignoring_case(value, "7BIT")) {
    return std::unexpected(syntax_error("BODY is 7BIT or 8BITMIME"));
  }
  mail.body = is_8bit ? BodyType::k8BitMime : BodyType::k7Bit;
  return {};
}

Applied apply_smtputf8(MailFrom& mail, const Parameter& parameter) {
  if (parameter.value) return std::unexpected(syntax_error("SMTPUTF8 takes no value"));
  mail.smtputf8 = true;
  return {};
}

Applied apply_require_tls(MailFrom& mail, const Parameter& parameter) {
  if (parameter.value) return std::unexpected(syntax_error("REQUIRETLS takes no value"));
  mail.require_tls = true;
  return {};
}

Applied apply_ret(MailFrom& mail, const Parameter& parameter) {
  if (!parameter.value || !is_dsn_ret(*parameter.value))
    return std::unexpected(syntax_error("RET is FULL or HDRS"));
  mail.ret = *parameter.value;
  return {};
}

Applied apply_envid(MailFrom& mail, const Parameter& parameter) {
  if (!parameter.value || !is_dsn_envid(*parameter.value))
    return std::unexpected(syntax_error("ENVID is no xtext of at most 100 characters"));
  mail.envid = *parameter.value;
  return {};
}

Applied apply_notify(RcptTo& recipient, const Parameter& parameter) {
  if (!parameter.value || !is_dsn_notify(*parameter.value))
    return std::unexpected(syntax_error("NOTIFY is NEVER, or some of SUCCESS,FAILURE,DELAY"));
  recipient.notify = *parameter.value;
  return {};
}

Applied apply_orcpt(RcptTo& recipient, const Parameter& parameter) {
  if (!parameter.value || !is_dsn_orcpt(*parameter.value))
    return std::unexpected(syntax_error("ORCPT is no address type, semicolon and xtext"));
  recipient.orcpt = *parameter.value;
  return {};
}

template <class Whose>
struct KnownParameter {
  std::string_view keyword;
  Applied (*apply)(Whose&, const Parameter&);
};
constexpr std::array kMailParameters{
    KnownParameter<MailFrom>{"SIZE", apply_size},
    KnownParameter<MailFrom>{"BODY", apply_body},
    KnownParameter<MailFrom>{"SMTPUTF8", apply_smtputf8},
    KnownParameter<MailFrom>{"REQUIRETLS", apply_require_tls},
    KnownParameter<MailFrom>{"RET", apply_ret},
    KnownParameter<MailFrom>{"ENVID", apply_envid},
};
constexpr std::array kRcptParameters{
    KnownParameter<RcptTo>{"NOTIFY", apply_notify},
    KnownParameter<RcptTo>{"ORCPT", apply_orcpt},
};

template <class Whose, std::size_t Size>
Applied apply_all(Whose& whose, const std::array<KnownParameter<Whose>, Size>& known, std::string_view text) {
  const auto parameters = parse_parameters(text);
  if (!parameters) return std::unexpected(parameters.error());
  for (const Parameter& parameter : *parameters) {
    const auto* row = std::ranges::find_if(known, [&](const KnownParameter<Whose>& one) {
      return equals_ignoring_case(one.keyword, parameter.keyword);
    });
    if (row == known.end()) return std::unexpected(unknown_parameter());
    if (const auto applied = row->apply(whose, parameter); !applied) return applied;
  }
  return {};
}

bool starts_with_keyword(std::string_view text, std::string_view keyword) {
  return equals_ignoring_case(text.substr(0, keyword.size()), keyword);
}

Command parse_mail(std::string_view arguments) {
  constexpr std::string_view kFrom = "FROM:";
  const auto parts = starts_with_keyword(arguments, kFrom) ? split_path(arguments.substr(kFrom.size()))
                                                           : std::optional<PathAndRest>();
  if (!parts) return syntax_error("The form is MAIL FROM:<address>");
  MailFrom mail;
  if (!parts->path.empty()) {
    auto sender = parse_mailbox(parts->path);
    if (!sender) return bad_mailbox(sender.error(), "5.1.7");
    mail.reverse_path = std::move(*sender);
  }
  if (const auto applied = apply_all(mail, kMailParameters, parts->rest); !applied) return applied.error();
  if (mail.reverse_path && needs_smtputf8(*mail.reverse_path) && !mail.smtputf8)
    return BadCommand{553, "5.6.7", "This address needs SMTPUTF8"};
  return mail;
}

Command parse_rcpt(std::string_view arguments) {
  constexpr std::string_view kTo = "TO:";
  const auto parts = starts_with_keyword(arguments, kTo) ? split_path(arguments.substr(kTo.size()))
                                                         : std::optional<PathAndRest>();
  if (!parts) return syntax_error("The form is RCPT TO:<address>");
  auto address = parse_mailbox(parts->path);
  if (!address) return bad_mailbox(address.error(), "5.1.3");
  RcptTo recipient{.address = std::move(*address), .notify = {}, .orcpt = {}};
  if (const auto applied = apply_all(recipient, kRcptParameters, parts->rest); !applied)
    return applied.error();
  return recipient;
}

Command parse_bdat(std::string_view arguments) {
  const std::string_view number = arguments.substr(0, arguments.find(' '));
  const std::string_view rest = arguments.substr(number.size());
  const auto size = number_from(number);
  const bool is_last = equals_ignoring_case(rest, " LAST");
  // Without its size nobody knows where the next command begins: the session cannot go on.
  if (!size || !(rest.empty() || is_last)) return BadCommand{521, "5.5.4", "The form is BDAT size [LAST]"};
  return Bdat{.size_bytes = *size, .is_last = is_last};
}

constexpr std::array<std::pair<std::string_view, Parser>, 19> kVerbs{{
    {"EHLO", parse_hello<Ehlo>},   {"HELO", parse_hello<Helo>},   {"STARTTLS", parse_plain<StartTls>},
    {"MAIL", parse_mail},          {"RCPT", parse_rcpt},          {"DATA", parse_plain<Data>},
    {"RSET", parse_plain<Rset>},   {"NOOP", parse_noop},          {"VRFY", parse_vrfy},
    {"QUIT", parse_plain<Quit>},   {"EXPN", parse_unimplemented}, {"HELP", parse_unimplemented},
    {"AUTH", parse_unimplemented}, {"BDAT", parse_bdat},          {"ETRN", parse_unimplemented},
    {"TURN", parse_unimplemented}, {"SEND", parse_unimplemented}, {"SOML", parse_unimplemented},
    {"SAML", parse_unimplemented},
}};

// RFC 5321 section 4.1.1 asks servers to tolerate white space before the CRLF.
std::string_view without_trailing_space(std::string_view line) {
  return line.substr(0, line.find_last_not_of(" \t") + 1);
}

}  // namespace

Command parse_command(std::string_view line) {
  line = without_trailing_space(line);
  const auto is_control = [](char c) { return (c >= 0 && c < ' ') || c == '\x7f'; };
  if (std::ranges::any_of(line, is_control))
    return BadCommand{500, "5.5.2", "A control character in a command"};
  const std::string_view verb = line.substr(0, line.find(' '));
  const std::string_view arguments = line.substr(std::min(verb.size() + 1, line.size()));
  const auto* known =
      std::ranges::find_if(kVerbs, [&](const auto& row) { return equals_ignoring_case(verb, row.first); });
  // Only an address may hold other characters, and its parser judges them.
  const bool may_be_utf8 =
      known != kVerbs.end() && (known->second == parse_mail || known->second == parse_rcpt);
  if (!may_be_utf8 && !is_ascii(line)) return BadCommand{501, "5.5.2", "An 8-bit character in a command"};
  if (known != kVerbs.end()) return known->second(arguments);
  return BadCommand{500, "5.5.1", "Command not recognised"};
}

}  // namespace privyseal::smtp
