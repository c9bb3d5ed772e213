/// What an issuing CA issues: a table. What a profile does not give, no request can ask for.
///
/// Pure. Threads: any.
#pragma once

#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "firmware/base/result.h"

namespace privyseal::authority {

/// Which names a request may carry into its certificate.
enum class Names {
  kHosts,   ///< 1 to 16 dNSNames, each at or below one of the CA's domains
  kPerson,  ///< a common name and no dNSName
};

struct Profile {
  std::string_view name;
  std::chrono::days life;
  bool server;  ///< EKU serverAuth
  bool client;  ///< EKU clientAuth
  Names names;
};

/// The appliance's own CA (smtp-listener, mail-server, web-admin, admin-client), then practice
/// mode's stand-in for the Egress/MoJ CA (egress-gateway, egress-relay).
[[nodiscard]] std::span<const Profile> profiles();
/// Null: no such profile.
[[nodiscard]] const Profile* find_profile(std::string_view name);

/// Whether `name` is `domain` or lies below it; both host names, case does not matter.
[[nodiscard]] bool is_at_or_below(std::string_view name, std::string_view domain);

}  // namespace privyseal::authority
