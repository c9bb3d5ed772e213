#include "hsm/pkcs11_uri.h"

#include <algorithm>
#include <array>
#include <optional>
#include <span>

namespace privyseal::pkcs11 {
namespace {

std::unexpected<Error> refused(std::string_view why) {
  return fail(ErrorCode::kInvalid, "pkcs11 URI: " + std::string(why));
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

/// RFC 7512 section 2.3: pk11-pchar and pk11-qchar, without pct-encoded.
bool may_stand_in(char c, bool is_query) {
  constexpr std::string_view kBoth = "-._~:[]@!$'()*+,=";
  return (lower(c) >= 'a' && lower(c) <= 'z') || (c >= '0' && c <= '9') || kBoth.contains(c) ||
         (is_query ? c == '/' || c == '?' || c == '|' : c == '&');
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char small = lower(c);
  return small >= 'a' && small <= 'f' ? small - 'a' + 10 : -1;
}

/// None: a character that must be encoded, or a wrong encoding.
std::optional<std::string> decoded(std::string_view text, bool is_query) {
  std::string value;
  while (!text.empty()) {
    char c = text.front();
    std::size_t taken = 1;
    if (c == '%') {
      if (text.size() < 3 || hex_digit(text[1]) < 0 || hex_digit(text[2]) < 0) return std::nullopt;
      c = static_cast<char>(hex_digit(text[1]) * 16 + hex_digit(text[2]));
      taken = 3;
    } else if (!may_stand_in(c, is_query)) {
      return std::nullopt;
    }
    value += c;
    text.remove_prefix(taken);
  }
  return value;
}

/// Every attribute of a URI's path that some kind of URI may have.
struct Path {
  std::string token, manufacturer, model, serial, object, id, type;
};

struct Attribute {
  std::string_view name;
  std::string Path::* field;
  std::size_t most_bytes;
  bool is_text = true;  ///< else any bytes
};
// As CK_TOKEN_INFO has room for.
constexpr std::array kTokenAttributes{
    Attribute{"token", &Path::token, 32},
    Attribute{"manufacturer", &Path::manufacturer, 32},
    Attribute{"model", &Path::model, 16},
    Attribute{"serial", &Path::serial, 16},
};
constexpr std::array kKeyAttributes{
    Attribute{"object", &Path::object, 255},
    Attribute{"id", &Path::id, 255, false},
    Attribute{"type", &Path::type, 7},
};

Result<void> take_attribute(std::span<const Attribute> known, std::string_view name, std::string_view text,
                            Path& path) {
  const auto attribute = std::ranges::find(known, name, &Attribute::name);
  if (attribute == known.end()) {
    std::string names;
    for (const Attribute& one : known)
      names += (names.empty() ? "" : &one == &known.back() ? " and " : ", ") + std::string(one.name);
    return refused("only " + names + " may stand there");
  }
  std::string& field = path.*attribute->field;
  if (!field.empty()) return refused(std::string(name) + " stands there twice");
  auto value = decoded(text, false);
  if (!value || value->empty() || value->size() > attribute->most_bytes ||
      (attribute->is_text && std::ranges::any_of(*value, is_control)))
    return refused(std::string(name) + " has no usable value");
  field = std::move(*value);
  return {};
}

Result<void> take_query_attribute(std::string_view name, std::string_view text, std::string& module_path) {
  if (name == "pin-value" || name == "pin-source") return refused("it must not say a PIN, nor where one is");
  if (name != "module-path") return refused("only module-path may stand behind the '?'");
  if (!module_path.empty()) return refused("module-path stands there twice");
  auto value = decoded(text, true);
  if (!value || !value->starts_with('/') || std::ranges::any_of(*value, is_control))
    return refused("module-path must be an absolute path");
  module_path = std::move(*value);
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

/// What stands behind the scheme, whose case does not matter (RFC 3986 section 3.1).
Result<std::string_view> without_scheme(std::string_view text) {
  constexpr std::string_view kScheme = "pkcs11:";
  if (text.size() > kMaxUriBytes) return refused("it is too long");
  if (!std::ranges::equal(text.substr(0, kScheme.size()), kScheme, {}, lower))
    return refused("it does not begin with pkcs11:");
  return text.substr(kScheme.size());
}

Result<Path> parse_path(std::string_view text, std::span<const Attribute> known) {
  Path path;
  const auto parsed = for_each_attribute(
      text, ';', [&](auto name, auto value) { return take_attribute(known, name, value, path); });
  if (!parsed) return std::unexpected(parsed.error());
  return path;
}

/// Also in the path, where it does not belong, and whatever else is wrong with the URI.
bool has_pin(std::string_view text) {
  constexpr std::string_view kPin = "pin-";
  return !std::ranges::search(text, kPin, {}, lower).empty();
}

}  // namespace

Result<TokenUri> parse_token_uri(std::string_view text) {
  const auto rest = without_scheme(text);
  if (!rest) return std::unexpected(rest.error());
  const std::size_t mark = rest->find('?');
  auto path = parse_path(rest->substr(0, mark), kTokenAttributes);
  if (!path) return std::unexpected(path.error());
  TokenUri uri{.token = {.label = std::move(path->token),
                         .manufacturer = std::move(path->manufacturer),
                         .model = std::move(path->model),
                         .serial = std::move(path->serial)},
               .module_path = {}};
  if (mark == std::string_view::npos) return uri;
  const auto query = for_each_attribute(rest->substr(mark + 1), '&', [&](auto name, auto value) {
    return take_query_attribute(name, value, uri.module_path);
  });
  if (!query) return std::unexpected(query.error());
  return uri;
}

Result<KeyUri> parse_key_uri(std::string_view text) {
  const auto rest = without_scheme(text);
  if (!rest) return std::unexpected(rest.error());
  if (has_pin(*rest) || rest->contains('?'))
    return fail(ErrorCode::kDenied,
                "pkcs11 URI: a PIN, its source or a module (all that may follow a '?') has no place here");
  auto path = parse_path(*rest, kKeyAttributes);
  if (!path) return std::unexpected(path.error());
  if (!path->type.empty() && path->type != "private" && path->type != "public")
    return refused("type is neither private nor public");
  if (path->object.empty() && path->id.empty()) return refused("it has neither object nor id");
  return KeyUri{.object = std::move(path->object), .id = std::move(path->id)};
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
