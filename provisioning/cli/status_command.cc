#include "provisioning/cli/status_command.h"

#include "provisioning/cli/status.h"

namespace privyseal::cli {
namespace {

/// A daemon that does not answer is a red line here, not the end of the command.
Result<Report> status(const Arguments&, Surroundings& at) {
  const WallTime now = at.clock.now();
  const auto gateway = at.appliance.ask(Daemon::kGatewayd, {{"op", "status"}});
  const auto keyd = at.appliance.keyd_health();
  const auto console = at.appliance.ask(Daemon::kAdmind, {{"op", "status"}});
  const Crypto crypto = crypto_of(keyd, gateway, console);
  const std::vector<Light> lights{
      mail_light(gateway, now),
      key_light(keyd, at.appliance.keys(), at.appliance.key_uses()),
      certificate_light(at.appliance.ask(Daemon::kRenewd, {{"op", "cert-list"}}), now),
      console_light(console),
  };
  const bool is_green = worst_of(lights) == Colour::kGreen;
  return Report{.json = status_json(lights, crypto, now),
                .text = status_text(lights, crypto, now),
                .status = is_green ? ExitStatus::kOk : ExitStatus::kWarning};
}

}  // namespace

Command status_command() {
  return {.words = "status",
          .summary = "four lights: mail, keys, certificates, console",
          .bare = {},
          .options = {},
          .what = Task{nothing_to_check, status}};
}

}  // namespace privyseal::cli
