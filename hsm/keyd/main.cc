// privyseal-keyd: holds the token, and with it every private key of the appliance.
//
// It talks to the token's PKCS#11 module and, on a Unix socket, to the users that its
// configuration names; it has no network. It signs messages whose meaning it has checked,
// never digests, and only what its policy table grants the caller (policy.h).
// An attacker inside it could use every key, and with SoftHSM read them; he gains nothing else:
// no mail and no other daemon's data passes here. At start it gives up core dumps, being
// traced, new privileges and the OpenSSL configuration, and before it serves other programs, processes and
// networks (syscall_filter.h); the unit takes network and files away.
#include <cstdlib>
#include <optional>

#include "firmware/base/forward_clock.h"
#include "firmware/base/log.h"
#include "firmware/base/service.h"
#include "hsm/keyd/clerk.h"
#include "hsm/keyd/journal.h"
#include "hsm/keyd/known_answers.h"
#include "hsm/keyd/process.h"
#include "hsm/keyd/server.h"
#include "hsm/keyd/syscall_filter.h"

namespace privyseal::keyd {
namespace {

constexpr std::chrono::seconds kToLoadKeys{60};

/// What the settings allow beyond the usual, in words; said at each start, so that nobody forgets it.
std::string allowed_by(const Settings& settings, const ForwardClock& clock) {
  std::string approvals = settings.approvals.in_words();
  if (!settings.approvers_fault.empty()) {
    log_event(LogLevel::kError, "approvers-not-read", {{"why", settings.approvers_fault}});
    approvals = "nobody may approve that a key is destroyed: " + settings.approvers_fault;
  }
  if (!settings.tls12_exception) return approvals;
  const std::string words = settings.tls12_exception->in_words();
  const bool has_ended =
      settings.tls12_exception->has_ended(std::chrono::floor<std::chrono::days>(clock.now()));
  log_event(LogLevel::kWarning, has_ended ? "exception-has-ended" : "exception-in-force", {{"what", words}});
  return approvals.empty() ? words : words + "; " + approvals;
}

Result<void> serve(const char* config_file) {
  const auto settings = load_settings(config_file);
  if (!settings) return std::unexpected(settings.error());
  if (auto prepared = prepare_process(*settings); !prepared) return prepared;
  const auto stop = stop_signal();
  if (!stop) return std::unexpected(stop.error());
  if (auto known = check_known_answers(); !known) return known;
  const SystemClock clock;
  const auto journal = Journal::open(settings->state / "keyd.db", settings->audit_origin, clock);
  if (!journal) return std::unexpected(journal.error());
  const auto latest = (*journal)->latest_day();
  if (!latest) return std::unexpected(latest.error());
  const ForwardClock forward_clock(clock, *latest);
  const auto token = Token::open(*settings);
  if (!token) return std::unexpected(token.error());
  KeyStore keys(**token, **journal);
  {
    WorkSession first(**token);
    first.set_deadline(std::chrono::steady_clock::now() + kToLoadKeys);
    if (auto loaded = keys.load(first); !loaded) return loaded;
  }
  std::optional<Workers> for_clerk(std::in_place, 1, **token);
  Clerk clerk(**journal, keys, *for_clerk, forward_clock);
  Desk desk(keys, **journal, clerk, **token, clock, forward_clock,
            {.signatures_per_second = settings->signatures_per_second,
             .tls12_exception = settings->tls12_exception,
             .approvals = settings->approvals,
             .host = settings->audit_origin.substr(0, settings->audit_origin.find('/'))});
  std::optional<Workers> signing(std::in_place, settings->workers, **token);
  std::optional<Workers> recording(std::in_place, 1, **token);
  auto server = Server::listen(*settings, desk, *signing, *recording);
  if (!server) return std::unexpected(server.error());
  clerk.begin(allowed_by(*settings, forward_clock));
  if (auto confined = install_syscall_filter(); !confined) return confined;
  log_event(LogLevel::kNotice, "keyd-ready",
            {{"keys", keys.all().size()}, {"approvers", settings->approvals.approvers.size()}});
  notify_systemd("READY=1");
  auto served = server->run(stop->get());
  notify_systemd("STOPPING=1");
  signing.reset();  // what was admitted is still done, and recorded before the end is
  recording.reset();
  clerk.end();
  for_clerk.reset();
  (*token)->log_call_counts();
  // A thread that is in the module, perhaps for ever, may come back to all of this at any moment.
  if ((*token)->gate().hung_calls() != 0 || (*token)->is_lost()) std::_Exit(served ? 0 : 1);
  return served;
}

}  // namespace
}  // namespace privyseal::keyd

int main(int argc, char** argv) {
  using namespace privyseal;
  constexpr int kAskAHuman = 78;  // EX_CONFIG: the unit does not restart after it
  if (argc != 2) {
    log_event(LogLevel::kError, "usage", {{"call", "privyseal-keyd CONFIG.toml"}});
    return kAskAHuman;
  }
  const auto served = keyd::serve(argv[1]);
  if (served) return 0;
  log_event(LogLevel::kError, "keyd-ended",
            {{"code", to_string(served.error().code)}, {"why", served.error().message}});
  const bool is_for_a_human =
      served.error().code == ErrorCode::kDenied || served.error().code == ErrorCode::kInvalid;
  return is_for_a_human ? kAskAHuman : 1;
}
