// privyseal-gatewayd carries mail between the organisation's mail server and the CJSM relay.
//
// Talks to: mail servers on both sides (hostile bytes); keyd, through the OpenSSL provider and for
// checkpoints of its audit log; its own ledger; local programs at its door, which can only ask. An attacker
// inside could read mail in transit, have TLS handshakes signed while inside, and add false entries to the
// audit log; he could not read a key, sign anything else, unsay a signed entry, or read past mail, because
// none is kept.
// Gives up at start: new privileges, core dumps, being traced. It never had a token, a PIN or another
// database.
#include <iostream>

#include "firmware/base/cpu_crypto.h"
#include "firmware/base/log.h"
#include "firmware/base/service.h"
#include "firmware/gateway/gateway.h"

namespace {

constexpr int kFailed = 1;
constexpr int kUsage = 2;
constexpr int kBadConfiguration = 78;  // EX_CONFIG: systemd is told not to try this again

int fail_with(int code, const privyseal::Error& error) {
  privyseal::log_event(privyseal::LogLevel::kError, "gateway-not-started", {{"why", error.message}});
  return code;
}

}  // namespace

int main(int argc, char** argv) {
  using namespace privyseal;
  if (argc != 2) {
    std::cerr << "usage: privyseal-gatewayd SETTINGS.toml\n";
    return kUsage;
  }
  if (auto given_up = give_up_privileges(); !given_up) return fail_with(kFailed, given_up.error());
  log_cpu_crypto();
  const auto stop = stop_signal();
  if (!stop) return fail_with(kFailed, stop.error());
  auto settings = Config::load(argv[1]).and_then(gateway::read_settings);
  if (!settings) return fail_with(kBadConfiguration, settings.error());
  auto gateway = gateway::Gateway::open(std::move(*settings));
  if (!gateway) return fail_with(kFailed, gateway.error());
  if (auto ran = (*gateway)->run(*stop); !ran) return fail_with(kFailed, ran.error());
  return 0;
}
