#include <algorithm>

#include "firmware/base/audit/log.h"
#include "firmware/gateway/desk.h"
#include "firmware/policy/date.h"

namespace privyseal::gateway {
namespace {

using Type = MetricsText::Type;

double seconds_since_1970(WallTime time) {
  return std::chrono::duration<double>(time.time_since_epoch()).count();
}

/// Lists that say until when they are meant to be used.
void write_revocations(MetricsText& text, const std::vector<tls::RevocationList>& lists) {
  text.family("privyseal_crl_next_update_timestamp_seconds", Type::kGauge,
              "Until when the list of revoked certificates is meant to be used.");
  for (const tls::RevocationList& list : lists)
    if (const auto until = policy::parse_time(list.next_update))
      text.sample({{"issuer", list.issuer}}, seconds_since_1970(*until));
}

void write_firewall(MetricsText& text, const FirewallNow& now) {
  text.family("privyseal_firewall_up", Type::kGauge,
              "Whether the firewall is as it was set up; mail passes only then.");
  text.sample({}, now.is_up ? 1 : 0);
  if (!now.told) return;
  text.family("privyseal_firewall_changes_total", Type::kCounter,
              "Times that the firewall's rules were found changed since the box was started.");
  text.sample({}, static_cast<double>(now.told->changes));
  text.family("privyseal_firewall_dropped_packets_total", Type::kCounter,
              "Packets that the firewall has dropped since the box was started.");
  text.sample({}, static_cast<double>(now.told->dropped));
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
  const std::uint32_t in = facts_.sessions_in();
  const std::uint32_t all = std::max(facts_.sessions(), in);  // one may have come between the two questions
  text.family("privyseal_smtp_connections", Type::kGauge, "Mail servers that are connected now.");
  text.sample({{"direction", "out"}}, all - in);
  text.sample({{"direction", "in"}}, in);
  facts_.meter.write(text);
  text.family("privyseal_audit_entries_total", Type::kCounter,
              "Entries of the audit log since the log began.");
  text.sample({{"log", "gatewayd"}}, static_cast<double>(*size));
  text.family("privyseal_audit_write_failures_total", Type::kCounter,
              "Times that rows and entries could not be written; the mail was put off.");
  text.sample({{"log", "gatewayd"}}, static_cast<double>(facts_.write_failures()));
  if (const auto signed_at = checkpoint_state().signed_at) {
    text.family("privyseal_audit_checkpoint_timestamp_seconds", Type::kGauge,
                "When the audit log was last signed by the HSM.");
    text.sample({{"log", "gatewayd"}}, seconds_since_1970(*signed_at));
  }
  if (facts_.firewall.is_watched()) write_firewall(text, facts_.firewall.now());
  write_revocations(text, facts_.lanes.revocations());
  return JsonObject{{"text", text.text()}};
}

}  // namespace privyseal::gateway
