#include "web-admin/pages/metrics.h"

#include "provisioning/evidence/metrics.h"

namespace privyseal::web {

Response metrics_file(Visit& visit) {
  const auto gateway = ask(visit, visit.at.settings.gateway_door, "metrics");
  const auto certificates = ask(visit, visit.at.settings.renewal_door, "cert-list");
  return file_response(
      "text/plain; version=0.0.4",
      evidence::metrics_of(gateway, certificates, visit.at.keys.condition(), visit.at.keys.uses()));
}

}  // namespace privyseal::web
