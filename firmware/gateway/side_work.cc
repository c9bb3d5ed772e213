#include "firmware/gateway/side_work.h"

#include <array>

#include "firmware/base/log.h"
#include "hsm/audit_signer.h"

namespace privyseal::gateway {
namespace {

constexpr std::array kSides{SideName::kLan, SideName::kCjsm};  // in the order of Lanes::identities()

std::string object_of(SideName side) { return "identity/" + std::string(to_string(side)); }

}  // namespace

Result<std::unique_ptr<SideWork>> SideWork::start(Service& service) {
  std::unique_ptr<SideWork> work(new SideWork(service));
  work->note("gateway-started", "gateway", "ok", "version " PRIVYSEAL_VERSION);
  if (const auto& exception = service.settings.lan.tls12_exception) {
    log_event(LogLevel::kWarning, "tls12-excepted", {{"what", exception->in_words()}});
    work->note("tls12-excepted", "side/lan", "ok", exception->in_words());
  }
  for (const smtp::ClearException& exception : service.settings.lan.clear) {
    log_event(LogLevel::kWarning, "clear-excepted", {{"what", exception.in_words()}});
    work->note("clear-excepted", "side/lan",
               exception.is_in_force(service.forward_clock.now()) ? "ok" : "ended", exception.in_words());
  }
  for (const IdentityStatus& identity : service.lanes.identities()) work->note_switch(identity);
  if (auto started = work->start_checkpoints(); !started) return std::unexpected(started.error());
  if (auto started = work->start_watch(); !started) return std::unexpected(started.error());
  if (auto started = work->start_door(); !started) return std::unexpected(started.error());
  service.firewall.start([&started = *work](const FirewallNow& now) { started.note_firewall(now); });
  return work;
}

Result<void> SideWork::start_checkpoints() {
  const AuditSettings& audit = service_.settings.audit;
  if (audit.keyd_socket.empty()) {
    log_event(LogLevel::kWarning, "checkpoint-not-signed", {{"why", "no audit.keyd_socket is set"}});
    return {};
  }
  auto checkpoints =
      audit::CheckpointWriter::start({.database = service_.settings.ledger, .origin = audit.origin},
                                     hsm::audit_signer(audit.keyd_socket, audit.key), service_.clock);
  if (!checkpoints) return std::unexpected(checkpoints.error());
  checkpoints_ = std::move(*checkpoints);
  return {};
}

Result<void> SideWork::start_watch() {
  auto watch = IdentityWatch::start({service_.settings.lan.identity, service_.settings.cjsm.identity},
                                    [this](std::size_t folder) { return reload(kSides.at(folder)); });
  if (!watch) return fail("identity", watch.error());
  watch_ = std::move(*watch);
  return {};
}

Result<void> SideWork::start_door() {
  if (!service_.settings.door) return {};
  auto desk =
      Desk::open({.settings = service_.settings,
                  .clock = service_.clock,
                  .forward_clock = service_.forward_clock,
                  .lanes = service_.lanes,
                  .book = service_.book,
                  .firewall = service_.firewall,
                  .relays = service_.relays,
                  .mail_servers = service_.mail_servers,
                  .checkpoints = checkpoints_.get(),
                  .since = service_.clock.now(),
                  .is_draining = [this] { return service_.draining.load(); },
                  .sessions = [this] { return service_.sessions.load(); },
                  .sessions_in = [this] { return service_.sessions_in.load(); },
                  .write_failures = [this] { return service_.ledger.write_failures(); },
                  .meter = service_.meter,
                  .purge_waits = [this] { return service_.ledger.purge_waits(); },
                  .change = [this](auto act) { return service_.ledger.change(std::move(act)); },
                  .record = [this](audit::Entry entry) { return service_.ledger.record(std::move(entry)); }});
  if (!desk) return std::unexpected(desk.error());
  desk_ = std::move(*desk);
  auto door = Door::open(*service_.settings.door, Desk::grants(),
                         [this](const DoorRequest& request) { return desk_->answer(request); });
  if (!door) return std::unexpected(door.error());
  door_ = std::move(*door);
  return {};
}

void SideWork::stop() {
  service_.firewall.stop();
  watch_.reset();
  door_.reset();
}

void SideWork::note_stop() {
  note("gateway-stopped", "gateway", "ok", std::to_string(service_.sessions.load()) + " sessions were cut");
}

/// On the watch's thread. What fails is said once, however often it is tried.
bool SideWork::reload(SideName side) {
  const auto status = [&] { return service_.lanes.identities().at(side == SideName::kLan ? 0 : 1); };
  const std::string refused_before = status().refused;
  const auto switched = service_.lanes.reload(side);
  if (switched && *switched) note_switch(status());
  if (switched || switched.error().message == refused_before) return switched.has_value();
  const std::string& why = switched.error().message;
  log_event(LogLevel::kAlert, "identity-not-loaded", {{"side", to_string(side)}, {"why", why}});
  note("identity-switched", object_of(side), "failed", why);
  return false;
}

void SideWork::note_switch(const IdentityStatus& identity) {
  const std::string& serial = identity.certificate.serial;
  log_event(LogLevel::kNotice, "identity-in-use",
            {{"side", to_string(identity.side)}, {"serial", serial}, {"key", identity.key}});
  note("identity-switched", object_of(identity.side), "ok", "serial " + serial + ", key " + identity.key);
}

/// On the firewall watch's thread. The hash tells later which rules there were when.
void SideWork::note_firewall(const FirewallNow& firewall) {
  if (!firewall.is_up) {
    log_event(LogLevel::kAlert, "firewall-down", {{"why", firewall.why}});
    note("firewall-switched", "firewall", "failed", firewall.why);
    return;
  }
  log_event(LogLevel::kNotice, "firewall-up", {{"changes", firewall.told->changes}});
  note("firewall-switched", "firewall", "ok",
       "rules " + firewall.told->rules + ", changed " + std::to_string(firewall.told->changes) + " times");
}

void SideWork::note(std::string action, std::string object, std::string outcome, std::string why) {
  service_.ledger.note({.actor = std::string(kActor),
                        .role = "daemon",
                        .source = {},
                        .action = std::move(action),
                        .object = std::move(object),
                        .params_hash = {},
                        .outcome = std::move(outcome),
                        .why = std::move(why)});
}

}  // namespace privyseal::gateway
