/// Users and groups of this system, by name or number.
#pragma once

#include <sys/types.h>

#include <string>

#include "firmware/base/result.h"

namespace privyseal {

/// kNotFound: there is no such user; a number need not be anybody's.
[[nodiscard]] Result<uid_t> user_id(const std::string& name_or_number);
[[nodiscard]] Result<gid_t> group_id(const std::string& name_or_number);
/// The user's name, or his number as text.
[[nodiscard]] std::string user_name(uid_t uid);

}  // namespace privyseal
