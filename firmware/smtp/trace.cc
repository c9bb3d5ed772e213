#include "firmware/smtp/trace.h"

#include <algorithm>

#include "firmware/smtp/ascii.h"

namespace privyseal::smtp {
namespace {

constexpr std::size_t kMaxWord = 255;

/// A word of letters, digits and a few signs; anything else becomes '?', which no grammar gives a meaning
/// here.
std::string word(std::string_view text, std::string_view signs) {
  if (text.empty()) return "unknown";
  std::string clean(text.substr(0, kMaxWord));
  std::ranges::replace_if(clean, [&](char c) { return !is_alnum(c) && !signs.contains(c); }, '?');
  return clean;
}

std::string host(std::string_view name) { return word(name, ".-[]:"); }

/// RFC 5321 section 4.1.3: IPv6 literals carry a tag.
std::string address_literal(std::string_view address) {
  return (address.contains(':') ? "[IPv6:" : "[") + word(address, ".:") + "]";
}

/// Names of the IANA registry "Mail Transmission Types" (RFC 3848, RFC 6531 section 4.3).
std::string_view protocol(const TraceFacts& facts) {
  const bool is_clear = facts.tls_version.empty();
  if (facts.is_smtputf8) return is_clear ? "UTF8SMTP" : "UTF8SMTPS";
  if (!facts.is_esmtp) return "SMTP";
  return is_clear ? "ESMTP" : "ESMTPS";
}

std::string date(std::string_view text) { return word(text, " ,:+-()"); }

}  // namespace

std::string received_header(const TraceFacts& facts) {
  std::string header = "Received: from " + host(facts.client_name);
  header += "\r\n\t(" + address_literal(facts.client_address) + ")";
  if (!facts.tls_version.empty())
    header +=
        "\r\n\t(using " + word(facts.tls_version, ".-_") + " with cipher " + word(facts.cipher, ".-_") + ")";
  header += "\r\n\tby " + host(facts.hostname) + " with " + std::string(protocol(facts));
  header += " id " + word(facts.id, ".-_") + ";";
  header += "\r\n\t" + date(facts.date) + "\r\n";
  return header;
}

}  // namespace privyseal::smtp
