/// What the gateway does beside carrying mail: checkpoints of its audit log, new certificates, the
/// firewall's state, its door.
///
/// Each has a thread of its own, and none of them can make a mail wait.
///
/// Threads: create, stop and destroy from main. Ownership: the service must outlive it.
#pragma once

#include <memory>

#include "firmware/base/audit/checkpoint_writer.h"
#include "firmware/base/door.h"
#include "firmware/gateway/desk.h"
#include "firmware/gateway/identity_watch.h"
#include "firmware/gateway/service.h"

namespace privyseal::gateway {

class SideWork {
 public:
  /// Errors: the ledger's file, the identity folders or the door cannot be opened.
  [[nodiscard]] static Result<std::unique_ptr<SideWork>> start(Service& service);
  /// Signs one last checkpoint: destroy it when the ledger has stopped.
  ~SideWork() = default;

  /// Sees no further certificate, no change of the firewall, and answers no further question.
  void stop();
  /// Puts the orderly end into the audit log.
  void note_stop();

 private:
  explicit SideWork(Service& service) : service_(service) {}
  [[nodiscard]] Result<void> start_checkpoints();
  [[nodiscard]] Result<void> start_watch();
  [[nodiscard]] Result<void> start_door();
  [[nodiscard]] bool reload(SideName side);
  void note_switch(const IdentityStatus& identity);
  void note_firewall(const FirewallNow& firewall);
  void note(std::string action, std::string object, std::string outcome, std::string why);

  Service& service_;
  std::unique_ptr<audit::CheckpointWriter> checkpoints_;  // none: no keyd socket is set
  std::unique_ptr<IdentityWatch> watch_;
  std::unique_ptr<Desk> desk_;
  std::unique_ptr<Door> door_;
};

}  // namespace privyseal::gateway
