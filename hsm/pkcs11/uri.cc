#include "hsm/pkcs11/uri.h"

#include <array>

namespace privyseal::pkcs11 {
namespace {

constexpr std::string_view kScheme = "pkcs11:";

std::unexpected<Error> refused(std::string_view why) {
  return fail(ErrorCode::kInvalid, "pkcs11 URI: " + std::string(why));
}

bool is_letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/// RFC 7512 section 2.3: pk11-pchar and pk11-qchar, without pct-encoded.
bool may_stand_in(char c, bool is_query) {
  constexpr std::string_view kBoth = "-._~:[]@!$'()*+,=";
  return is_letter_or_digit(c) || kBoth.contains(c) ||
         (is_query ? c == '/' || c == '?' || c == '|' : c == '&');
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/// None: a character that must be encoded, a wrong encoding, or a control character.
std::optional<std::string> decoded(std::string_view text, bool is_query) {
  std::string value;
  while (!text.empty()) {
    char c = text.front();
    std::size_t taken = 1;
    if (c == '%') {
      if (text.size() < 3 || hex_digit(text[1]) < 0 || hex_digit(text[2]) < 0) return std::nullopt;
      c = static_cast<char>(hex_digit(text[1]) * 16 + hex_digit(text[2]));
      taken = 3;
      if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) return std::nullopt;
    } else if (!may_stand_in(c, is_query)) {
      return std::nullopt;
    }
    value += c;
    text.remove_prefix(taken);
  }
  return value;
}

struct Attribute {
  std::string_view name;
  std::string TokenName::* field;
  std::size_t most_bytes;  ///< as CK_TOKEN_INFO has room for
};
constexpr std::array kPathAttributes{
    Attribute{"token", &TokenName::label, 32},
    Attribute{"manufacturer", &TokenName::manufacturer, 32},
    Attribute{"model", &TokenName::model, 16},
    Attribute{"serial", &TokenName::serial, 16},
};

Result<void> take_path_attribute(std::string_view name, std::string_view text, TokenName& token) {
  for (const Attribute& attribute : kPathAttributes) {
    if (attribute.name != name) continue;
    std::string& field = token.*attribute.field;
    if (!field.empty()) return refused(std::string(name) + " stands there twice");
    auto value = decoded(text, false);
    if (!value || value->empty() || value->size() > attribute.most_bytes)
      return refused(std::string(name) + " has no usable value");
    field = std::move(*value);
    return {};
  }
  return refused("only token, manufacturer, model and serial may name the token");
}

Result<void> take_query_attribute(std::string_view name, std::string_view text, TokenUri& uri) {
  if (name == "pin-value" || name == "pin-source") return refused("it must not say a PIN, nor where one is");
  if (name != "module-path") return refused("only module-path may stand behind the '?'");
  if (!uri.module_path.empty()) return refused("module-path stands there twice");
  auto value = decoded(text, true);
  if (!value || !value->starts_with('/')) return refused("module-path must be an absolute path");
  uri.module_path = std::move(*value);
  return {};
}

/// Calls `take(name, value)` for each `name=value` between separators.
template <class Take>
Result<void> for_each_attribute(std::string_view text, char separator, Take take) {
  for (;;) {
    const std::string_view one = text.substr(0, text.find(separator));
    const std::size_t equals = one.find('=');
    if (equals == std::string_view::npos) return refused("an attribute has no '='");
    if (auto taken = take(one.substr(0, equals), one.substr(equals + 1)); !taken) return taken;
    if (one.size() == text.size()) return {};
    text.remove_prefix(one.size() + 1);
  }
}

}  // namespace

Result<TokenUri> parse_token_uri(std::string_view text) {
  if (text.size() > kMaxUriBytes) return refused("it is too long");
  if (!text.starts_with(kScheme)) return refused("it does not begin with pkcs11:");
  text.remove_prefix(kScheme.size());
  const std::size_t mark = text.find('?');
  TokenUri uri;
  const auto path = for_each_attribute(text.substr(0, mark), ';', [&](auto name, auto value) {
    return take_path_attribute(name, value, uri.token);
  });
  if (!path) return std::unexpected(path.error());
  if (mark == std::string_view::npos) return uri;
  const auto query = for_each_attribute(text.substr(mark + 1), '&', [&](auto name, auto value) {
    return take_query_attribute(name, value, uri);
  });
  if (!query) return std::unexpected(query.error());
  return uri;
}

std::string to_text(const TokenName& name) {
  std::string text;
  const auto add = [&](std::string_view what, const std::string& value) {
    if (value.empty()) return;
    if (!text.empty()) text += ", ";
    text += std::string(what) + " " + value;
  };
  add("labelled", name.label);
  add("made by", name.manufacturer);
  add("of model", name.model);
  add("with serial number", name.serial);
  return text;
}

}  // namespace privyseal::pkcs11
