#include "firmware/policy/date.h"

#include <string>

#include "firmware/base/utc_time.h"

namespace privyseal::policy {

std::optional<WallTime> parse_time(std::string_view text) {
  constexpr std::string_view kWithoutSeconds = "YYYY-MM-DDTHH:MMZ";
  if (text.size() != kWithoutSeconds.size() || !text.ends_with('Z')) return parse_utc_time(text);
  text.remove_suffix(1);
  return parse_utc_time(std::string(text) + ":00Z");
}

}  // namespace privyseal::policy
