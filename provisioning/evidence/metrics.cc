#include "provisioning/evidence/metrics.h"

#include <chrono>

#include "firmware/base/metrics_text.h"
#include "provisioning/evidence/named_uses.h"
#include "provisioning/evidence/reading.h"
#include "provisioning/evidence/text.h"

namespace privyseal::evidence {
namespace {

using Type = MetricsText::Type;

void write_uses(MetricsText& text, const std::vector<hsm::KeyUses>& uses) {
  text.family("privyseal_hsm_operations_total", Type::kCounter,
              "Signatures by the HSM's keys since they were made, and what keyd refused since it started.");
  for (const auto& [use, count] : kNamedUses) {
    std::uint64_t sum = 0;
    for (const hsm::KeyUses& key : uses) sum += key.*count;
    text.sample({{"use", std::string(use)}, {"result", "ok"}}, static_cast<double>(sum));
  }
  std::uint64_t refused = 0;
  for (const hsm::KeyUses& key : uses) refused += key.refused;
  text.sample({{"use", "any"}, {"result", "refused"}}, static_cast<double>(refused));
}

void write_certificates(MetricsText& text, const JsonObject& answer) {
  text.family("privyseal_certificate_not_after_timestamp_seconds", Type::kGauge,
              "When the certificate in use ends.");
  for (const JsonObject* identity : objects_at(answer, "identities"))
    if (const auto ends = parse_time(shown(object_at(*identity, "active"), "not_after")))
      text.sample({{"use", shown(*identity, "name")}},
                  std::chrono::duration<double>(ends->time_since_epoch()).count());
}

}  // namespace

std::string metrics_of(const Result<JsonObject>& gateway, const Result<JsonObject>& certificates,
                       const Result<hsm::Health>& keyd, const Result<std::vector<hsm::KeyUses>>& uses) {
  MetricsText text;
  text.family("privyseal_up", Type::kGauge, "Whether the daemon answers.");
  text.sample({{"daemon", "gatewayd"}}, gateway ? 1 : 0);
  text.sample({{"daemon", "renewd"}}, certificates ? 1 : 0);
  text.sample({{"daemon", "keyd"}}, keyd ? 1 : 0);
  text.family("privyseal_hsm_up", Type::kGauge, "Whether keyd can sign.");
  text.sample({}, keyd && keyd->ready ? 1 : 0);
  if (uses) write_uses(text, *uses);
  if (certificates) write_certificates(text, *certificates);
  return text.text() + (gateway ? json_text(*gateway, "text").value_or("") : "");
}

}  // namespace privyseal::evidence
