#include "ca/authority/profile.h"

#include <algorithm>
#include <array>

#include "ca/csr.h"

namespace privyseal::authority {
namespace {

using std::chrono::days;

// Lives: what is issued to people's machines by hand lasts a year (browsers take 398 days at most);
// what renews itself lasts a quarter.
constexpr std::array kProfiles{
    // clang-format off
    //      name             life       server client names
    Profile{"smtp-listener", days{365}, true,  false, Names::kHosts},
    Profile{"mail-server",   days{365}, true,  true,  Names::kHosts},
    Profile{"web-admin",     days{365}, true,  false, Names::kHosts},
    Profile{"admin-client",  days{365}, false, true,  Names::kPerson},
    Profile{"egress-gateway", days{90}, true,  true,  Names::kHosts},
    Profile{"egress-relay",   days{90}, true,  true,  Names::kHosts},
    // clang-format on
};

// Nobody's certificate is for nothing.
static_assert(std::ranges::all_of(kProfiles, [](const Profile& p) { return p.server || p.client; }));
// A server has a host's name, and a person is never a server.
static_assert(std::ranges::all_of(kProfiles,
                                  [](const Profile& p) { return p.server == (p.names == Names::kHosts); }));

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

}  // namespace

std::span<const Profile> profiles() { return kProfiles; }

const Profile* find_profile(std::string_view name) {
  const auto found = std::ranges::find(kProfiles, name, &Profile::name);
  return found == kProfiles.end() ? nullptr : &*found;
}

bool is_at_or_below(std::string_view name, std::string_view domain) {
  if (!ca::is_dns_name(name) || !ca::is_dns_name(domain) || name.size() < domain.size()) return false;
  const std::size_t start = name.size() - domain.size();
  return std::ranges::equal(name.substr(start), domain, {}, lower, lower) &&
         (start == 0 || name[start - 1] == '.');
}

}  // namespace privyseal::authority
