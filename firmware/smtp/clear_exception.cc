#include "firmware/smtp/clear_exception.h"

#include <algorithm>
#include <cstdint>
#include <format>
#include <optional>

#include "firmware/base/host_port.h"
#include "firmware/base/number.h"
#include "firmware/base/utc_time.h"

namespace privyseal::smtp {
namespace {

constexpr std::size_t kMostTextBytes = 200;

/// An address, or a network of at most 256 of them.
bool is_host_or_small_network(const std::string& text) {
  constexpr std::int64_t kMostHostBits = 8;
  const auto slash = text.find('/');
  if (!is_ip_address(text.substr(0, slash))) return false;
  const std::int64_t all = text.contains(':') ? 128 : 32;
  const std::optional<std::int64_t> bits =
      slash == std::string::npos ? all : parse_number(std::string_view(text).substr(slash + 1));
  return bits && *bits <= all && all - *bits <= kMostHostBits;
}

/// Of one line, so that it can stand in a log.
bool is_sentence(std::string_view text) {
  return !text.empty() && text.size() <= kMostTextBytes &&
         std::ranges::none_of(text, [](char c) { return (c >= 0 && c < ' ') || c == 0x7f; });
}

}  // namespace

std::string ClearException::in_words() const {
  return std::format("mail in clear is excepted until {} for {}, by {}: {}", utc_text(until), host,
                     authoriser, reason);
}

std::vector<ClearException> read_clear_exceptions(ConfigReader& reader, const std::string& key) {
  std::vector<ClearException> exceptions;
  if (!reader.has(key)) return exceptions;
  if (!reader.has(key + "[0]")) reader.refuse(key, "must be written as [[" + key + "]]");
  for (std::string one = key + "[0]"; reader.has(one); one = std::format("{}[{}]", key, exceptions.size())) {
    if (exceptions.size() == kMostClearExceptions) {
      reader.refuse(key, std::format("must not be more than {}", kMostClearExceptions));
      break;
    }
    exceptions.push_back({.host = reader.text(one + ".host"),
                          .reason = reader.text(one + ".reason"),
                          .authoriser = reader.text(one + ".authoriser"),
                          .until = reader.utc_time(one + ".until")});
    const ClearException& exception = exceptions.back();
    if (!is_host_or_small_network(exception.host))
      reader.refuse(one + ".host", "must be an address, or a network of at most 256");
    if (!is_sentence(exception.reason))
      reader.refuse(one + ".reason", "must say why, in one line of at most 200 bytes");
    if (!is_sentence(exception.authoriser))
      reader.refuse(one + ".authoriser", "must say who allowed it, in one line of at most 200 bytes");
  }
  return exceptions;
}

}  // namespace privyseal::smtp
