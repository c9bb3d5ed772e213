// privyseal-renewd keeps the appliance's certificates alive: request, import, trial, activation, retirement.
//
// SECURITY. Talks to: the enrolment server and the relay (hostile bytes, always inside our own TLS rules but
// for an SMTP greeting), keyd, local programs at its door, its own database. It writes the folders that
// gatewayd and admind read their certificates from.
// An attacker inside could have requests signed for keys of the appliance's identities, retire old keys, have
// certificates issued by the appliance's own authority, and put a wrong certificate into service (the gateway
// refuses one that is not its key's); he could not read a key, sign a mail's handshake as a server, or see
// mail. Gives up at start: new privileges, core dumps, being traced. It never had a token or a PIN.
#include <iostream>

#include "ca/renewd/renewd.h"
#include "firmware/base/cpu_crypto.h"
#include "firmware/base/log.h"
#include "firmware/base/service.h"

namespace {

constexpr int kFailed = 1;
constexpr int kUsage = 2;
constexpr int kBadConfiguration = 78;  // EX_CONFIG: systemd is told not to try this again

int fail_with(int code, const privyseal::Error& error) {
  privyseal::log_event(privyseal::LogLevel::kError, "renewd-not-started", {{"why", error.message}});
  return code;
}

}  // namespace

int main(int argc, char** argv) {
  using namespace privyseal;
  if (argc != 2) {
    std::cerr << "usage: privyseal-renewd SETTINGS.toml\n";
    return kUsage;
  }
  if (auto given_up = give_up_privileges(); !given_up) return fail_with(kFailed, given_up.error());
  log_cpu_crypto();
  const auto stop = stop_signal();
  if (!stop) return fail_with(kFailed, stop.error());
  auto settings = Config::load(argv[1]).and_then(renewd::read_settings);
  if (!settings) return fail_with(kBadConfiguration, settings.error());
  auto renewd = renewd::Renewd::open(std::move(*settings));
  if (!renewd) return fail_with(kFailed, renewd.error());
  if (auto ran = (*renewd)->run(*stop); !ran) return fail_with(kFailed, ran.error());
  return 0;
}
