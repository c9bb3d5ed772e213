#include "hsm/keyd/checkpoint.h"

#include <algorithm>
#include <array>
#include <limits>

namespace privyseal::keyd {
namespace {

using namespace std::string_view_literals;

constexpr std::size_t kMaxHostBytes = 253;  // RFC 1035 section 2.3.4, as text
constexpr std::array kDaemons{"keyd"sv, "gatewayd"sv, "renewd"sv, "admind"sv, "pack"sv};

bool is_host(std::string_view host) {
  return !host.empty() && host.size() <= kMaxHostBytes && host.front() != '.' && host.front() != '-' &&
         std::ranges::all_of(host, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                  c == '.';
         });
}

}  // namespace

std::optional<LogName> log_name_of(std::string_view origin) {
  const std::size_t slash = origin.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const LogName name{.host = origin.substr(0, slash), .daemon = origin.substr(slash + 1)};
  if (!is_host(name.host) || std::ranges::find(kDaemons, name.daemon) == kDaemons.end()) return std::nullopt;
  return name;
}

Result<audit::Checkpoint> check_checkpoint(std::string_view text) {
  auto checkpoint = audit::parse_checkpoint(text);
  if (!checkpoint) return checkpoint;
  if (!log_name_of(checkpoint->origin))
    return fail(ErrorCode::kInvalid, "checkpoint: its origin is not HOST/DAEMON");
  constexpr auto kMostEntries = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  if (checkpoint->size == 0 || checkpoint->size > kMostEntries)
    return fail(ErrorCode::kInvalid, "checkpoint: of no entries, or of too many");
  return checkpoint;
}

Result<void> check_grows(const audit::Checkpoint& last, const audit::Checkpoint& next) {
  if (next.size < last.size)
    return fail(ErrorCode::kConflict, "checkpoint: a larger one of this log was signed before");
  if (next.size == last.size && next.root != last.root)
    return fail(ErrorCode::kConflict, "checkpoint: one of this size with another root was signed before");
  return {};
}

}  // namespace privyseal::keyd
