#include "provisioning/health.h"

#include "hsm/client.h"

namespace privyseal::provisioning {
namespace {

Result<void> health(const Arguments& arguments, std::ostream& out) {
  hsm::Client keyd(arguments.text("socket"));
  const auto is_ready = keyd.health();
  if (!is_ready) return std::unexpected(is_ready.error());
  if (!*is_ready) return fail(ErrorCode::kUnavailable, "keyd: runs, but cannot sign now");
  out << "ready\n";
  return {};
}

}  // namespace

Command health_command() {
  return {.name = "health",
          .summary = "ask whether keyd can sign right now (exit status 0: it can)",
          .options = {socket_option()},
          .run = health};
}

}  // namespace privyseal::provisioning
