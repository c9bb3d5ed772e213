#include "ca/alarm.h"

#include <array>
#include <chrono>

namespace privyseal::ca {
namespace {

using std::chrono::days;

// Days before the end at which it is said again (and 0: it is over).
constexpr std::array<std::int64_t, 6> kMarks{1, 3, 7, 14, 30, 60};
constexpr std::int64_t kCriticalDays = 7;
// The listener may need a moment to see the new certificate, and be restarted meanwhile.
constexpr std::int64_t kPatience = 3;

std::int64_t days_left(const Generation& active, WallTime now) {
  return std::chrono::ceil<days>(active.not_after - now).count();
}

/// The smallest mark that has been passed; -1: none. A certificate that lives shorter than twice 60 days
/// is not announced from its first day on: only its last third counts.
std::int64_t mark_of(const Generation& active, WallTime now) {
  if (active.not_after <= now) return 0;
  if (active.not_after - now > (active.not_after - active.not_before) / 3) return -1;
  for (const std::int64_t mark : kMarks)
    if (days_left(active, now) <= mark) return mark;
  return -1;
}

std::string end_text(const Generation* active, WallTime now) {
  if (active == nullptr) return "there is no certificate in use";
  if (active->not_after <= now) return "the certificate in use ended at " + to_rfc3339(active->not_after);
  const auto left = days_left(*active, now);
  return "the certificate in use ends in " + std::to_string(left) + (left == 1 ? " day" : " days");
}

Alarm alarm(std::string cause, const std::string& detail, const Generation* active, WallTime now) {
  const std::int64_t mark = active == nullptr ? -1 : mark_of(*active, now);
  return {.cause = std::move(cause),
          .is_critical = active == nullptr || (mark >= 0 && mark <= kCriticalDays),
          .why = detail.empty() ? end_text(active, now) : detail + "; " + end_text(active, now),
          .detail = detail,
          .days_left = mark};
}

/// What stands in the way of the next certificate.
std::optional<Alarm> failure_of(const IdentityState& identity, const Generation* active, WallTime now) {
  const Generation* candidate = unfinished_of(identity);
  if (candidate != nullptr && candidate->failures > 0)
    return alarm("renewal-failing", candidate->why, active, now);
  const Generation* last = identity.generations.empty() ? nullptr : &identity.generations.back();
  if (last != nullptr && last->state == GenerationState::kFailed)
    return alarm("given-up", last->why, active, now);
  return std::nullopt;
}

std::optional<Alarm> retire_failure_of(const IdentityState& identity, const Generation* active,
                                       WallTime now) {
  for (const Generation& generation : identity.generations)
    if (generation.key_made && !generation.key_retired && generation.failures > 0 &&
        (generation.state == GenerationState::kRetiring || generation.state == GenerationState::kRolledBack))
      return alarm("retire-failing", generation.why, active, now);
  return std::nullopt;
}

}  // namespace

std::optional<Alarm> alarm_of(const IdentityState& identity, WallTime now) {
  const Generation* active = active_of(identity);
  auto failure = failure_of(identity, active, now);
  if (active != nullptr && active->not_after <= now)
    return alarm("expired", failure ? failure->detail : "", active, now);
  if (active != nullptr && !active->live && active->failures >= kPatience)
    return alarm("not-served", active->why, active, now);
  if (failure) return failure;
  if (active != nullptr && mark_of(*active, now) > 0 && renew_at(*active, identity.rules) <= now) {
    const bool needs_human = identity.rules.issuer == Issuer::kManual && unfinished_of(identity) == nullptr;
    return alarm("expiring", needs_human ? "nobody has asked for the next certificate" : "", active, now);
  }
  return retire_failure_of(identity, active, now);
}

bool is_news(const std::optional<StandingAlarm>& standing, const Alarm& alarm) {
  if (!standing) return true;
  const Alarm& old = standing->alarm;
  return old.cause != alarm.cause || old.detail != alarm.detail || old.days_left != alarm.days_left ||
         (alarm.is_critical && !old.is_critical);
}

}  // namespace privyseal::ca
