#include <algorithm>

#include "firmware/base/audit/log.h"
#include "firmware/gateway/desk.h"

namespace privyseal::gateway {
namespace {

using Type = MetricsText::Type;

double seconds_since_1970(WallTime time) {
  return std::chrono::duration<double>(time.time_since_epoch()).count();
}

}  // namespace

/// {text}: Prometheus' text format.
Result<JsonObject> Desk::metrics(const DoorRequest&) {
  auto log = audit::Log::open_to_read(reader_.database(), facts_.settings.audit.origin, facts_.clock);
  if (!log) return std::unexpected(log.error());
  const auto size = log->size();
  if (!size) return std::unexpected(size.error());
  MetricsText text;
  text.family("privyseal_build_info", Type::kGauge, "Which version runs; always 1.");
  text.sample({{"version", PRIVYSEAL_VERSION}}, 1);
  text.family("privyseal_smtp_connections", Type::kGauge, "Mail servers that are connected now.");
  text.sample({}, facts_.sessions());
  facts_.meter.write(text);
  text.family("privyseal_audit_entries_total", Type::kCounter,
              "Entries of the audit log since the log began.");
  text.sample({{"log", "gatewayd"}}, static_cast<double>(*size));
  if (const auto signed_at = checkpoint_state().signed_at) {
    text.family("privyseal_audit_checkpoint_timestamp_seconds", Type::kGauge,
                "When the audit log was last signed by the HSM.");
    text.sample({{"log", "gatewayd"}}, seconds_since_1970(*signed_at));
  }
  return JsonObject{{"text", text.text()}};
}

}  // namespace privyseal::gateway
