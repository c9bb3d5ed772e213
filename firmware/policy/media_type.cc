#include "firmware/policy/media_type.h"

#include <algorithm>

#include "firmware/base/words.h"
#include "firmware/smtp/ascii.h"

namespace privyseal::policy {
namespace {

constexpr std::size_t kMostParameters = 64;  // each is compared with all before it

bool is_token_byte(char c) {
  return smtp::is_graphic(c) && !std::string_view("()<>@,;:\\\"/[]?=").contains(c);
}

/// What of `rest` is left behind the token is left in it.
std::string take_token(std::string_view& rest) {
  const auto end = std::ranges::find_if_not(rest, is_token_byte);
  std::string token(rest.begin(), end);
  rest.remove_prefix(token.size());
  return token;
}

void skip_blanks(std::string_view& rest) {
  rest.remove_prefix(std::min(rest.find_first_not_of(" \t"), rest.size()));
}

/// `rest` begins behind the opening quotation mark.
std::optional<std::string> take_quoted(std::string_view& rest) {
  std::string value;
  while (!rest.empty()) {
    const bool is_escaped = rest.front() == '\\' && rest.size() > 1;
    if (rest.front() == '"') {
      rest.remove_prefix(1);
      return value;
    }
    value += rest[is_escaped ? 1 : 0];
    rest.remove_prefix(is_escaped ? 2 : 1);
  }
  return std::nullopt;
}

std::optional<std::string> take_value(std::string_view& rest) {
  if (rest.starts_with('"')) {
    rest.remove_prefix(1);
    return take_quoted(rest);
  }
  std::string token = take_token(rest);
  if (token.empty()) return std::nullopt;
  return token;
}

std::optional<MediaType::Parameter> take_parameter(std::string_view& rest) {
  std::string name = smtp::lower(take_token(rest));
  skip_blanks(rest);
  if (name.empty() || !rest.starts_with('=')) return std::nullopt;
  rest.remove_prefix(1);
  skip_blanks(rest);
  auto value = take_value(rest);
  if (!value) return std::nullopt;
  return MediaType::Parameter{.name = std::move(name), .value = std::move(*value)};
}

std::optional<std::string> take_name(std::string_view& rest) {
  std::string name = take_token(rest);
  if (name.empty()) return std::nullopt;
  if (rest.starts_with('/')) {
    rest.remove_prefix(1);
    const std::string subtype = take_token(rest);
    if (subtype.empty()) return std::nullopt;
    name += '/' + subtype;
  }
  return smtp::lower(name);
}

}  // namespace

const std::string* MediaType::find(std::string_view lower_name) const {
  const auto found = std::ranges::find(parameters, lower_name, &Parameter::name);
  return found == parameters.end() ? nullptr : &found->value;
}

bool MediaType::has(std::string_view lower_name) const {
  return std::ranges::any_of(parameters, [&](const Parameter& parameter) {
    return std::string_view(parameter.name).substr(0, parameter.name.find('*')) == lower_name;
  });
}

std::optional<MediaType> parse_media_type(std::string_view value) {
  std::string_view rest = trimmed(value);
  auto name = take_name(rest);
  if (!name) return std::nullopt;
  MediaType type{.name = std::move(*name), .parameters = {}};
  for (skip_blanks(rest); !rest.empty(); skip_blanks(rest)) {
    if (!rest.starts_with(';')) return std::nullopt;
    rest.remove_prefix(1);
    skip_blanks(rest);
    if (rest.empty()) break;  // many programs end with a semicolon
    auto parameter = take_parameter(rest);
    if (type.parameters.size() == kMostParameters) return std::nullopt;
    if (!parameter || type.find(parameter->name) != nullptr) return std::nullopt;
    type.parameters.push_back(std::move(*parameter));
  }
  return type;
}

}  // namespace privyseal::policy
