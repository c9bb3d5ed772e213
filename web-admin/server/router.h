/// Which path is which page, and who may open it: a table.
///
/// Pure. Threads: any.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "web-admin/server/http.h"
#include "web-admin/server/role.h"

namespace privyseal::web {

struct Visit;

/// Answers one request that passed every check of its route.
using Page = Response (*)(Visit&);

struct Route {
  Method method;             ///< kGet answers HEAD as well
  std::string_view pattern;  ///< "/mail/{}": a "{}" takes one segment of [A-Za-z0-9._-]
  Access access;
  Page page;
};

struct Found {
  const Route* route;
  std::vector<std::string> segments;  ///< what the "{}" took, in order
};
struct NoSuchPath {};
struct NoSuchMethod {
  std::string allow;  ///< the Allow header's value
};

[[nodiscard]] std::variant<Found, NoSuchPath, NoSuchMethod> find_route(std::span<const Route> routes,
                                                                       Method method, std::string_view path);

}  // namespace privyseal::web
