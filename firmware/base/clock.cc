#include "firmware/base/clock.h"

#include <format>

namespace privyseal {

std::string to_rfc3339(WallTime time) { return std::format("{:%FT%T}Z", time); }

std::string to_rfc5322(WallTime time) {
  return std::format("{:%a, %d %b %Y %T} +0000", std::chrono::floor<std::chrono::seconds>(time));
}

}  // namespace privyseal
