#include "provisioning/cli/metrics.h"

#include <format>

#include "firmware/base/file.h"
#include "provisioning/cli/text.h"
#include "provisioning/evidence/metrics.h"

namespace privyseal::cli {
namespace {

constexpr mode_t kForAll = 0644;  // node_exporter has a user of its own, and nothing in it names anybody

Result<Report> run(const Arguments& arguments, Surroundings& at) {
  const auto gateway = at.appliance.ask(Daemon::kGatewayd, {{"op", "metrics"}});
  const auto certificates = at.appliance.ask(Daemon::kRenewd, {{"op", "cert-list"}});
  const std::string text =
      evidence::metrics_of(gateway, certificates, at.appliance.keyd_health(), at.appliance.key_uses());
  Report report{.json = {{"ok", true}, {"text", text}}, .text = text};
  if (!arguments.has("out")) return report;
  const std::string file = arguments.text("out");
  if (auto written = replace_file(file, bytes_of(text), kForAll); !written)
    return std::unexpected(written.error());
  report.text = std::format("{} is written.\n", escaped(file));
  return report;
}

}  // namespace

Command metrics_command() {
  return {.words = "metrics",
          .summary = "figures for Prometheus, as text",
          .bare = {},
          .options = {{.name = "out",
                       .value = "FILE",
                       .help = "for node_exporter's textfile collector; replaced in one step",
                       .kind = Option::Kind::kOptional}},
          .what = Task{nothing_to_check, run}};
}

}  // namespace privyseal::cli
