#include "web-admin/pages/dashboard.h"

#include "web-admin/pages/declarations.h"
#include "web-admin/pages/flow_chart.h"
#include "web-admin/pages/layout.h"
#include "web-admin/pages/lights.h"

namespace privyseal::web {
namespace {

constexpr int kMinutesShown = 60;

Html card(const Light& light) {
  const std::string id = "light-" + light.name;
  return el("li", {{"class", card_class(light.tone)}},
            el("div", {{"class", "ps-light__head"}},
               el("h2", {{"class", "govuk-heading-m ps-light__name"}, {"id", id}}, light.name),
               tag(light.tone, light.word)),
            el("p", {{"class", "govuk-body"}}, light.sentence),
            el("p", {{"class", "govuk-body ps-light__action"}}, link(light.path, light.action)));
}

Html today(const JsonObject& status) {
  const JsonObject* counts = json_object(status, "today");
  if (counts == nullptr) return {};
  return summary({{"Delivered today", shown(*counts, "delivered")},
                  {"Refused", shown(*counts, "refused")},
                  {"To be tried again by the sender", shown(*counts, "deferred")},
                  {"Failed", shown(*counts, "failed")}});
}

Html last_hour(const Result<JsonObject>& flow) {
  if (!flow)
    return not_answering("The mail gateway",
                         "The numbers come back when it does; nothing that was counted is lost.");
  const auto minutes = flow_of(*flow);
  return join(flow_chart(minutes), flow_table(minutes));
}

Html figures() {
  return join(
      heading("Figures for monitoring"),
      paragraph(join(link("/metrics", "All figures as text"),
                     ", as Prometheus reads them: daemons that answer, mails, handshakes, signatures and "
                     "the ends of certificates. They name nobody.")));
}

}  // namespace

Response dashboard_page(Visit& visit) {
  const Settings& settings = visit.at.settings;
  const auto gateway = ask(visit, settings.gateway_door, "status");
  const auto certificates = ask(visit, settings.renewal_door, "cert-list");
  const auto gateway_log = ask(visit, settings.gateway_door, "audit-checkpoint");
  const auto renewal_log = ask(visit, settings.renewal_door, "audit-checkpoint");
  const auto flow = ask(visit, settings.gateway_door, "mail-flow", {{"minutes", kMinutesShown}});
  const auto ready = visit.at.keys.health();
  const auto keys = visit.at.keys.list_keys();
  const JsonObject* ledger = gateway ? json_object(*gateway, "ledger") : nullptr;

  Html lights;
  for (const Light& light :
       {relay_light(gateway), certificate_light(certificates, gateway, visit.at.clock.now()),
        keys_light(ready, keys ? keys->size() : 0),
        evidence_light(gateway_log, renewal_log, ledger == nullptr ? 0 : count_of(*ledger, "mails"),
                       overdue_declarations(visit))})
    lights += card(light);
  return page(visit, Place::kDashboard, "Is it working?",
              join(el("ul", {{"class", "ps-lights"}}, lights), heading("The last hour"), last_hour(flow),
                   gateway ? join(heading("Today"), today(*gateway)) : Html(), figures()));
}

}  // namespace privyseal::web
