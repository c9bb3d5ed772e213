#include "firmware/base/user.h"

#include <grp.h>
#include <pwd.h>

#include <charconv>
#include <optional>

namespace privyseal {
namespace {

std::optional<id_t> whole_number(std::string_view text) {
  id_t number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

}  // namespace

Result<uid_t> user_id(const std::string& name_or_number) {
  if (const auto number = whole_number(name_or_number)) return *number;
  const passwd* entry = ::getpwnam(name_or_number.c_str());
  if (entry == nullptr) return fail(ErrorCode::kNotFound, "there is no user " + name_or_number);
  return entry->pw_uid;
}

Result<gid_t> group_id(const std::string& name_or_number) {
  if (const auto number = whole_number(name_or_number)) return *number;
  const struct group* entry = ::getgrnam(name_or_number.c_str());
  if (entry == nullptr) return fail(ErrorCode::kNotFound, "there is no group " + name_or_number);
  return entry->gr_gid;
}

std::string user_name(uid_t uid) {
  const passwd* entry = ::getpwuid(uid);
  return entry == nullptr ? std::to_string(uid) : entry->pw_name;
}

}  // namespace privyseal
