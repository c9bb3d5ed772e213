#include "hsm/destruction.h"

#include <algorithm>
#include <format>
#include <optional>
#include <sstream>

namespace privyseal::hsm {
namespace {

constexpr std::string_view kTitle = "privyseal: destroy a retired key\n";
constexpr std::size_t kNonceDigits = 32;
constexpr std::size_t kMaxHostBytes = 253;

/// The value of the line "NAME value\n" that `rest` begins with, which is taken off it.
std::optional<std::string> take_line(std::string_view& rest, std::string_view name) {
  const std::size_t end = rest.find('\n');
  if (end == std::string_view::npos || !rest.starts_with(name) || end <= name.size() ||
      rest[name.size()] != ' ')
    return std::nullopt;
  std::string value(rest.substr(name.size() + 1, end - name.size() - 1));
  rest.remove_prefix(end + 1);
  return value;
}

bool is_host(std::string_view host) {
  return !host.empty() && host.size() <= kMaxHostBytes && std::ranges::all_of(host, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
  });
}

bool is_nonce(std::string_view nonce) {
  return nonce.size() == kNonceDigits &&
         std::ranges::all_of(nonce, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

}  // namespace

std::string to_text(const Destruction& destruction) {
  return std::format("{}host {}\nkey {}\nuntil {:%FT%TZ}\nnonce {}\n", kTitle, destruction.host,
                     destruction.key, destruction.until, destruction.nonce);
}

Result<Destruction> parse_destruction(std::string_view text) {
  const auto malformed = fail(ErrorCode::kInvalid, "it is no request to destroy a key");
  if (text.size() > kMaxDestructionBytes || !text.starts_with(kTitle)) return malformed;
  std::string_view rest = text.substr(kTitle.size());
  auto host = take_line(rest, "host");
  auto key = take_line(rest, "key");
  const auto until = take_line(rest, "until");
  auto nonce = take_line(rest, "nonce");
  if (!host || !key || !until || !nonce || !is_host(*host) || !is_key_name(*key) || !is_nonce(*nonce))
    return malformed;
  Destruction destruction{
      .host = std::move(*host), .key = std::move(*key), .until = {}, .nonce = std::move(*nonce)};
  std::istringstream time(*until);
  if (!(time >> std::chrono::parse("%FT%TZ", destruction.until)) || to_text(destruction) != text)
    return malformed;
  return destruction;
}

}  // namespace privyseal::hsm
