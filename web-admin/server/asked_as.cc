#include "web-admin/server/asked_as.h"

#include "firmware/base/check.h"

namespace privyseal::web {

using evidence::Daemon;

evidence::Appliance::Ask asked_as(const Actor& who, const Settings& settings, MayAsk may_ask) {
  return [who, &settings, may_ask = std::move(may_ask)](
             Daemon daemon, JsonObject request, std::chrono::milliseconds deadline) -> Result<JsonObject> {
    CHECK(daemon == Daemon::kGatewayd || daemon == Daemon::kRenewd);
    if (auto may = may_ask(); !may) return std::unexpected(may.error());
    request["actor"] = JsonObject{{"name", who.name}, {"role", who.role}, {"source", who.source}};
    auto answer = ask_door(daemon == Daemon::kGatewayd ? settings.gateway_door : settings.renewal_door,
                           request, deadline);
    if (!answer) return fail(name_of(daemon), answer.error());
    return answer;
  };
}

MayAsk until_stopped(const std::stop_token& stop) {
  return [stop]() -> Result<void> {
    if (stop.stop_requested()) return fail(ErrorCode::kUnavailable, "the console is stopping");
    return {};
  };
}

}  // namespace privyseal::web
