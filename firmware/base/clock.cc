#include "firmware/base/clock.h"

#include <ctime>
#include <format>

#include "firmware/base/file.h"

namespace privyseal {

std::string boot_id() {
  constexpr std::size_t kMostBytes = 64;
  const auto read = read_file("/proc/sys/kernel/random/boot_id", kMostBytes);
  if (!read) return {};
  std::string id(text_of(*read));
  while (id.ends_with('\n')) id.pop_back();
  return id;
}

BootTime Clock::boot_time() const {
  timespec on{};
  if (::clock_gettime(CLOCK_BOOTTIME, &on) != 0) return {};
  return {.boot = boot_id(), .since = std::chrono::seconds(on.tv_sec)};
}

std::string to_rfc3339(WallTime time) { return std::format("{:%FT%T}Z", time); }

std::string to_rfc5322(WallTime time) {
  return std::format("{:%a, %d %b %Y %T} +0000", std::chrono::floor<std::chrono::seconds>(time));
}

}  // namespace privyseal
