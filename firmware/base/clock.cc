#include "firmware/base/clock.h"

#include <ctime>
#include <format>

#include "firmware/base/file.h"
#include "firmware/base/log.h"

namespace privyseal {
namespace {

constexpr const char* kKernels = "/proc/sys/kernel/random/boot_id";
// A daemon whose /proc shows processes alone (ProcSubset=pid) is told by image/tmpfiles.d.
constexpr const char* kBoxs = "/run/privyseal/boot-id";

}  // namespace

std::string boot_id() {
  constexpr std::size_t kMostBytes = 64;
  auto read = read_file(kKernels, kMostBytes);
  if (!read) read = read_file(kBoxs, kMostBytes);
  if (!read) {
    log_event(LogLevel::kWarning, "boot-id-not-known", {{"why", read.error().message}});
    return {};
  }
  std::string id(text_of(*read));
  while (id.ends_with('\n')) id.pop_back();
  return id;
}

BootTime Clock::boot_time() const {
  static const std::string boot = boot_id();  // of this machine's run, and so of this process's whole life
  timespec on{};
  if (::clock_gettime(CLOCK_BOOTTIME, &on) != 0) return {};
  return {.boot = boot, .since = std::chrono::seconds(on.tv_sec)};
}

std::string to_rfc3339(WallTime time) { return std::format("{:%FT%T}Z", time); }

std::string to_rfc5322(WallTime time) {
  return std::format("{:%a, %d %b %Y %T} +0000", std::chrono::floor<std::chrono::seconds>(time));
}

}  // namespace privyseal
