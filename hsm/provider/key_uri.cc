#include "hsm/provider/key_uri.h"

#include "hsm/pkcs11_uri.h"
#include "hsm/provider/params.h"

namespace privyseal::hsm::provider {
namespace {

constexpr std::string_view kBegin = "-----BEGIN PRIVYSEAL KEY URI-----\n";
constexpr std::string_view kEnd = "-----END PRIVYSEAL KEY URI-----";

std::optional<unsigned> base64_digit(char c) {
  if (c >= 'A' && c <= 'Z') return static_cast<unsigned>(c - 'A');
  if (c >= 'a' && c <= 'z') return static_cast<unsigned>(c - 'a' + 26);
  if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0' + 52);
  if (c == '+') return 62;
  if (c == '/') return 63;
  return std::nullopt;
}

/// Lenient in nothing but line ends.
std::optional<std::string> from_base64(std::string_view text) {
  std::string decoded;
  unsigned bits = 0;
  int count = 0;
  int digits = 0;
  int padding = 0;
  for (const char c : text) {
    if (c == '\n' || c == '\r') continue;
    ++digits;
    if (c == '=') {
      ++padding;
      continue;
    }
    const auto digit = base64_digit(c);
    if (!digit || padding > 0) return std::nullopt;
    bits = bits << 6 | *digit;
    count += 6;
    if (count < 8) continue;
    count -= 8;
    decoded += static_cast<char>(bits >> count & 0xff);
  }
  if (digits % 4 != 0 || padding > 2 || padding * 2 != count || (bits & ((1U << count) - 1)) != 0)
    return std::nullopt;
  return decoded;
}

Result<KeyAddress> address_of(const pkcs11::KeyUri& uri) {
  constexpr std::string_view kOurs = "privyseal:";
  if (!uri.object.empty() && !uri.id.empty())
    return fail(ErrorCode::kInvalid, "key URI: either `object` or `id`, not both");
  if (uri.object.empty()) return KeyAddress{.name = {}, .id = copy_of(bytes_of(uri.id)), .label = {}};
  KeyAddress address{.name = uri.object, .id = {}, .label = {}};
  if (address.name.starts_with(kOurs)) {
    address.label = address.name;
    address.name.erase(0, address.name.rfind(':') + 1);
  }
  if (!is_key_name(address.name))
    return fail(ErrorCode::kInvalid, "key URI: `object` is not 1 to 32 of a-z, 0-9 and -");
  return address;
}

}  // namespace

Result<KeyAddress> parse_key_uri(std::string_view uri) {
  constexpr std::string_view kKeyd = "keyd:";
  static_assert(kKeyd.substr(0, kKeyd.size() - 1) == kStoreScheme);
  if (!is_same_name(uri.substr(0, kKeyd.size()), kKeyd))
    return pkcs11::parse_key_uri(uri).and_then(address_of);
  uri.remove_prefix(kKeyd.size());
  if (uri.starts_with("//")) uri.remove_prefix(2);
  if (!is_key_name(uri))
    return fail(ErrorCode::kInvalid, "key URI: expected keyd://NAME with 1 to 32 of a-z, 0-9 and -");
  return KeyAddress{.name = std::string(uri), .id = {}, .label = {}};
}

std::optional<std::string> uri_in_pem(std::string_view text) {
  const std::size_t begin = text.find("-----BEGIN ");
  if (begin == std::string_view::npos || !text.substr(begin).starts_with(kBegin)) return std::nullopt;
  text.remove_prefix(begin + kBegin.size());
  const std::size_t end = text.find(kEnd);
  if (end == std::string_view::npos) return std::nullopt;
  return from_base64(text.substr(0, end));
}

Result<SharedKey> find_key(Keys& keys, const KeyAddress& address) {
  const auto info = address.name.empty() ? keys.find_by_id(address.id) : keys.find(address.name);
  if (info && !address.label.empty() &&
      address.label != "privyseal:" + std::string(name_of(info->role)) + ":" + info->name)
    return fail(ErrorCode::kNotFound, "key " + info->name + ": it has another role");
  return info.and_then(key_of);
}

}  // namespace privyseal::hsm::provider
