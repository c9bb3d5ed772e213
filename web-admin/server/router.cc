#include "web-admin/server/router.h"

#include <algorithm>
#include <optional>

namespace privyseal::web {
namespace {

bool is_segment(std::string_view text) {
  return !text.empty() && text != "." && text != ".." && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
  });
}

/// Takes the text up to the next '/' off the front.
std::string_view take_segment(std::string_view& rest) {
  const auto end = rest.find('/', 1);
  const std::string_view segment = rest.substr(0, end);
  rest = end == std::string_view::npos ? std::string_view() : rest.substr(end);
  return segment;
}

std::optional<std::vector<std::string>> match(std::string_view pattern, std::string_view path) {
  std::vector<std::string> taken;
  while (!pattern.empty() && !path.empty()) {
    const std::string_view wanted = take_segment(pattern);
    const std::string_view got = take_segment(path);
    if (wanted == "/{}") {
      if (!is_segment(got.substr(1))) return {};
      taken.emplace_back(got.substr(1));
    } else if (wanted != got) {
      return {};
    }
  }
  if (!pattern.empty() || !path.empty()) return {};
  return taken;
}

}  // namespace

std::variant<Found, NoSuchPath, NoSuchMethod> find_route(std::span<const Route> routes, Method method,
                                                         std::string_view path) {
  const Method wanted = method == Method::kHead ? Method::kGet : method;
  std::string allow;
  for (const Route& route : routes) {
    auto segments = match(route.pattern, path);
    if (!segments) continue;
    if (route.method == wanted) return Found{.route = &route, .segments = std::move(*segments)};
    if (!allow.empty()) allow += ", ";
    allow += route.method == Method::kGet ? "GET, HEAD" : "POST";
  }
  if (allow.empty()) return NoSuchPath{};
  return NoSuchMethod{.allow = std::move(allow)};
}

}  // namespace privyseal::web
