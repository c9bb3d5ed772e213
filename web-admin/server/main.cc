// privyseal-admind is the web console: it shows people how the appliance is and carries out what they decide.
//
// Talks to: browsers on the management network (hostile bytes), keyd (list, uses, health, checkpoints, two
// persons' approvals of a key's end; TLS keys through the OpenSSL provider), and the other daemons through
// their doors, never to their databases. An attacker inside could see what the pages show, and ask the doors
// for what a signed-in officer may ask for; he could not read a key, sign a certificate or a request, destroy
// a key that two persons have not signed away, or read a mail.
// Gives up at start: new privileges, core dumps, being traced. It never had a token or a PIN.
#include <iostream>

#include "firmware/base/cpu_crypto.h"
#include "firmware/base/log.h"
#include "firmware/base/service.h"
#include "web-admin/pages/layout.h"
#include "web-admin/pages/routes.h"
#include "web-admin/server/server.h"

namespace {

constexpr int kFailed = 1;
constexpr int kUsage = 2;
constexpr int kBadConfiguration = 78;  // EX_CONFIG: systemd is told not to try this again

int fail_with(int code, const privyseal::Error& error) {
  privyseal::log_event(privyseal::LogLevel::kError, "console-not-started", {{"why", error.message}});
  return code;
}

}  // namespace

int main(int argc, char** argv) {
  using namespace privyseal;
  if (argc != 2) {
    std::cerr << "usage: privyseal-admind SETTINGS.toml\n";
    return kUsage;
  }
  if (auto given_up = give_up_privileges(); !given_up) return fail_with(kFailed, given_up.error());
  log_cpu_crypto();
  const auto stop = stop_signal();
  if (!stop) return fail_with(kFailed, stop.error());
  auto settings = Config::load(argv[1]).and_then(web::read_settings);
  if (!settings) return fail_with(kBadConfiguration, settings.error());
  auto server = web::Server::open(std::move(*settings), web::routes(), web::apology);
  if (!server) return fail_with(kFailed, server.error());
  if (auto ran = (*server)->run(*stop); !ran) return fail_with(kFailed, ran.error());
  return 0;
}
