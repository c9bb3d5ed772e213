#include "web-admin/server/journal.h"

#include "firmware/base/log.h"
#include "firmware/base/sha256.h"

namespace privyseal::web {
namespace {

constexpr std::chrono::minutes kRefusalWindow{10};
constexpr int kMaxRefusals = 100;  // in one window

}  // namespace

Result<Journal> Journal::open(Database& database, const std::string& origin, const Clock& clock) {
  auto log = audit::Log::open(database, origin, clock);
  if (!log) return fail("audit", log.error());
  return Journal(database, std::move(*log), clock);
}

Result<void> Journal::begin(const Actor& actor, const Act& act) {
  return write(actor, act, "begun", act.why);
}

Result<void> Journal::note(const Actor& actor, const Act& act) { return write(actor, act, "ok", act.why); }

void Journal::end(const Actor& actor, const Act& act, const Result<void>& outcome) {
  const auto written = outcome ? write(actor, act, "ok", act.why)
                               : write(actor, act, to_string(outcome.error().code), outcome.error().message);
  if (!written)
    log_event(LogLevel::kAlert, "audit-outcome-not-written",
              {{"action", act.action}, {"why", written.error().message}});
}

void Journal::refused(const Actor& actor, const Act& act, std::string_view why) {
  log_event(LogLevel::kWarning, "console-refused",
            {{"action", act.action}, {"source", actor.source}, {"why", why}});
  const WallTime now = clock_->now();
  std::string more;
  if (!window_begun_ || now < *window_begun_ || now - *window_begun_ >= kRefusalWindow) {
    if (refusals_ > kMaxRefusals)
      more = "; " + std::to_string(refusals_ - kMaxRefusals) + " earlier refusals were not written";
    window_begun_ = now;
    refusals_ = 0;
  }
  if (++refusals_ > kMaxRefusals) return;
  if (auto written = write(actor, act, "denied", std::string(why) + more); !written)
    log_event(LogLevel::kAlert, "audit-refusal-not-written", {{"why", written.error().message}});
}

Result<void> Journal::write(const Actor& actor, const Act& act, std::string_view outcome,
                            std::string_view why) {
  const std::string params_hash = act.params.empty() ? "" : to_hex(sha256(bytes_of(to_text(act.params))));
  const auto seq = transaction(*database_, [&] {
    return log_.append({.actor = actor.name,
                        .role = actor.role,
                        .source = actor.source,
                        .action = std::string(act.action),
                        .object = act.object,
                        .params_hash = params_hash,
                        .outcome = std::string(outcome),
                        .why = std::string(why)});
  });
  if (!seq) return fail("audit", seq.error());
  return {};
}

}  // namespace privyseal::web
