#include "firmware/smtp/address.h"

#include "firmware/base/check.h"
#include "firmware/smtp/ascii.h"
#include "firmware/smtp/utf8.h"

namespace privyseal::smtp {
namespace {

constexpr std::string_view kCjsm = "cjsm.net";
constexpr std::size_t kMaxLabel = 63;

/// Part of a character over U+007F. The whole text was seen to be UTF-8 before single bytes are judged.
constexpr bool is_8bit(char c) { return static_cast<unsigned char>(c) > 0x7f; }

constexpr bool is_atext(char c) {
  return is_alnum(c) || is_8bit(c) || std::string_view("!#$%&'*+-/=?^_`{|}~").contains(c);
}

/// Atoms with single dots between them (RFC 5321 Dot-string).
bool is_dot_string(std::string_view text) {
  bool after_dot = true;
  for (const char c : text) {
    if (c == '.' ? after_dot : !is_atext(c)) return false;
    after_dot = c == '.';
  }
  return !after_dot;
}

bool is_label(std::string_view label) {
  return !label.empty() && label.size() <= kMaxLabel && !label.starts_with('-') && !label.ends_with('-') &&
         std::ranges::all_of(label, [](char c) { return is_alnum(c) || is_8bit(c) || c == '-'; });
}

/// A domain whose labels may be U-labels (RFC 5890). They are compared as bytes and never mapped: what looks
/// like a domain of ours, or like cjsm.net, without being it, is another domain.
bool is_labels(std::string_view rest) {
  if (rest.size() > kMaxDomain) return false;
  for (;;) {
    const std::size_t dot = rest.find('.');
    if (!is_label(rest.substr(0, dot))) return false;
    if (dot == std::string_view::npos) return true;
    rest.remove_prefix(dot + 1);
  }
}

std::string_view without_trailing_dot(std::string_view domain) {
  if (domain.ends_with('.')) domain.remove_suffix(1);
  return domain;
}

/// A local part as it was written: how long it is there, and what it means.
struct LocalPart {
  std::size_t written_size;
  std::string meaning;
};

std::expected<LocalPart, AddressFault> parse_quoted(std::string_view text) {
  LocalPart local{.written_size = 1, .meaning = {}};
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (text[i] == '"') {
      // RFC 5321 lets "" be a mailbox; nobody has it, and elsewhere empty means "none".
      if (local.meaning.empty()) break;
      local.written_size = i + 1;
      return local;
    }
    if (text[i] == '\\') ++i;
    if (i == text.size() || !(is_printable(text[i]) || is_8bit(text[i]))) break;
    local.meaning += text[i];
  }
  return std::unexpected(AddressFault::kSyntax);
}

std::expected<LocalPart, AddressFault> parse_local(std::string_view text) {
  if (text.starts_with('"')) return parse_quoted(text);
  const std::string_view local = text.substr(0, text.find('@'));
  if (!is_dot_string(local)) return std::unexpected(AddressFault::kSyntax);
  return LocalPart{local.size(), std::string(local)};
}

}  // namespace

std::expected<Address, AddressFault> parse_mailbox(std::string_view text) {
  if (text.starts_with('@')) return std::unexpected(AddressFault::kSourceRoute);
  if (text.size() + 2 > kMaxPath) return std::unexpected(AddressFault::kTooLong);
  if (!is_utf8(text)) return std::unexpected(AddressFault::kSyntax);
  // The one mailbox without a domain (RFC 5321 section 4.1.1.3).
  if (equals_ignoring_case(text, "postmaster")) return Address{"postmaster", ""};
  auto local = parse_local(text);
  if (!local) return std::unexpected(local.error());
  if (local->written_size > kMaxLocalPart) return std::unexpected(AddressFault::kTooLong);
  std::string_view domain = text.substr(local->written_size);
  if (!domain.starts_with('@')) return std::unexpected(AddressFault::kSyntax);
  domain.remove_prefix(1);
  if (domain.starts_with('[')) return std::unexpected(AddressFault::kAddressLiteral);
  if (!is_labels(without_trailing_dot(domain))) return std::unexpected(AddressFault::kSyntax);
  return Address{std::move(local->meaning), normal_domain(domain)};
}

bool needs_smtputf8(const Address& address) { return !is_ascii(address.local) || !is_ascii(address.domain); }

std::string to_string(const Address& address) {
  // A line end in here would be a command of the sender's choice at the next hop.
  CHECK(std::ranges::all_of(address.local, [](char c) { return is_printable(c) || is_8bit(c); }) &&
        std::ranges::all_of(address.domain, [](char c) { return is_graphic(c) || is_8bit(c); }));
  std::string text;
  if (is_dot_string(address.local)) {
    text = address.local;
  } else {
    text = '"';
    for (const char c : address.local) {
      if (c == '"' || c == '\\') text += '\\';
      text += c;
    }
    text += '"';
  }
  if (!address.domain.empty()) text += '@' + address.domain;
  return text;
}

bool is_domain(std::string_view text) { return is_ascii(text) && is_labels(without_trailing_dot(text)); }

std::string normal_domain(std::string_view domain) { return lower(without_trailing_dot(domain)); }

bool is_cjsm_domain(std::string_view domain) {
  domain = without_trailing_dot(domain);
  if (domain.size() < kCjsm.size()) return false;
  const std::string_view before = domain.substr(0, domain.size() - kCjsm.size());
  return equals_ignoring_case(domain.substr(before.size()), kCjsm) &&
         (before.empty() || before.ends_with('.'));
}

}  // namespace privyseal::smtp
