#include "web-admin/server/packer.h"

#include "firmware/base/audit/door_operations.h"
#include "provisioning/evidence/embedded.h"
#include "web-admin/server/asked_as.h"

namespace privyseal::web {
namespace {

using evidence::Daemon;

/// The console's own part: its log through a connection of the packer's own, who its users are, and what
/// its settings claim of the token.
Result<JsonObject> ask_ourselves(const Settings& settings, const JsonObject& accounts,
                                 const JsonObject& request) {
  const auto operation = json_text(request, "op");
  if (!operation) return std::unexpected(operation.error());
  if (*operation == "users") return accounts;
  if (*operation == "status") return JsonObject{{evidence::kTokenClaim, settings.validated_token}};
  auto database = Database::open(settings.state / "console.db", Database::Mode::kReadOnly);
  if (!database) return std::unexpected(database.error());
  return audit::answer_door(*operation, request,
                            {.database = *database, .origin = settings.host + "/admind", .public_key = {}});
}

Result<evidence::SignedPack> make_pack(const Settings& settings, const Clock& clock,
                                       std::chrono::seconds wait, const std::stop_token& stop,
                                       const PackOrder& order) {
  const MayAsk may_ask = until_stopped(stop);
  const auto ask_others = asked_as(order.who, settings, may_ask);
  const auto ask = [&](Daemon daemon, const JsonObject& request,
                       std::chrono::milliseconds deadline) -> Result<JsonObject> {
    if (daemon != Daemon::kAdmind) return ask_others(daemon, request, deadline);
    if (auto may = may_ask(); !may) return std::unexpected(may.error());
    auto answer = ask_ourselves(settings, order.accounts, request);
    if (!answer) return fail(name_of(daemon), answer.error());
    return answer;
  };
  const auto terms = evidence::parse_terms(evidence::kTerms, "terms v10.2");
  if (!terms) return std::unexpected(terms.error());
  evidence::Appliance appliance(ask, settings.keyd_socket);
  return evidence::make_pack(
      {.appliance = appliance, .clock = clock, .folder = settings.state, .say = [](std::string_view) {}},
      order.range, wait, *terms, order.declarations);
}

}  // namespace

Packer::Packer(const Settings& settings, const Clock& clock, std::chrono::seconds wait)
    : Workshop("audit-pack-not-made",
               [&settings, &clock, wait](const std::stop_token& stop, const PackOrder& order) {
                 return make_pack(settings, clock, wait, stop, order);
               }) {}

}  // namespace privyseal::web
