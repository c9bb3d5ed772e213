#include "web-admin/server/ledger_exporter.h"

#include "web-admin/server/asked_as.h"

namespace privyseal::web {
namespace {

Result<evidence::LedgerExport> export_ledger(const Settings& settings, const Clock& clock,
                                             const std::stop_token& stop, const LedgerOrder& order) {
  evidence::Appliance appliance(asked_as(order.who, settings, until_stopped(stop)), settings.keyd_socket);
  return evidence::export_ledger(
      {.appliance = appliance, .clock = clock, .folder = settings.state, .say = [](std::string_view) {}},
      order.range);
}

}  // namespace

LedgerExporter::LedgerExporter(const Settings& settings, const Clock& clock)
    : Workshop("ledger-export-not-made",
               [&settings, &clock](const std::stop_token& stop, const LedgerOrder& order) {
                 return export_ledger(settings, clock, stop, order);
               }) {}

}  // namespace privyseal::web
