/// What the gateway answers at its door: how it is, which mails there were, what its audit log says, and who
/// is in the directory. It reads through a connection of its own, so that no question can hold up a mail.
///
/// Five things it changes: whether the line carries mail at all, a rate that stopped a sender, legal holds,
/// the organisation's rules and registers, and whose certificates are revoked. All need a reason and stand in
/// the audit log, with the person who asked, before they are done.
///
/// Threads: the door's. Ownership: what `Facts` names must outlive it.
#pragma once

#include <functional>
#include <memory>
#include <span>

#include "firmware/base/audit/checkpoint_writer.h"
#include "firmware/base/door.h"
#include "firmware/gateway/firewall_watch.h"
#include "firmware/gateway/hop_board.h"
#include "firmware/gateway/lanes.h"
#include "firmware/gateway/ledger_reader.h"
#include "firmware/gateway/ledger_store.h"
#include "firmware/gateway/meter.h"
#include "firmware/gateway/rule_book.h"
#include "firmware/gateway/settings.h"

namespace privyseal::gateway {

class Desk {
 public:
  /// The running gateway, as far as the desk sees it.
  struct Facts {
    const Settings& settings;
    const Clock& clock;
    const Clock& forward_clock;  ///< as Service's
    Lanes& lanes;
    RuleBook& book;
    FirewallWatch& firewall;
    HopBoard& relays;
    HopBoard& mail_servers;
    audit::CheckpointWriter* checkpoints;  ///< null: no audit key is configured
    WallTime since;
    std::function<bool()> is_draining;
    std::function<std::uint32_t()> sessions;
    std::function<std::uint32_t()> sessions_in;     ///< those of them that are CJSM's
    std::function<std::uint64_t()> write_failures;  ///< of the ledger, since the start
    const Meter& meter;
    std::function<std::string()> purge_waits;  ///< as Ledger's
    /// As Ledger's: on the disk when it returns.
    std::function<Result<void>(std::function<Result<void>(LedgerStore&)>)> change;
    std::function<Result<void>(audit::Entry)> record;  ///< in the audit log, on the disk when it returns
  };

  [[nodiscard]] static Result<std::unique_ptr<Desk>> open(Facts facts);

  /// Who may ask for what.
  [[nodiscard]] static std::span<const DoorGrant> grants();

  [[nodiscard]] Result<JsonObject> answer(const DoorRequest& request);

 private:
  Desk(Facts facts, LedgerReader reader) : facts_(std::move(facts)), reader_(std::move(reader)) {}

  /// Every mail so far is found by its words. When that fails, as on a full disk, the newest may be missing;
  /// the ledger's alert tells, and the others are wanted then more than ever.
  void settle_words();

  Result<JsonObject> status(const DoorRequest& request);
  Result<JsonObject> flow(const DoorRequest& request);
  Result<JsonObject> find(const DoorRequest& request);
  Result<JsonObject> track(const DoorRequest& request);
  Result<JsonObject> partners(const DoorRequest& request);
  Result<JsonObject> extract(const DoorRequest& request);
  Result<JsonObject> switch_line(const DoorRequest& request);
  Result<JsonObject> release_rate(const DoorRequest& request);
  Result<JsonObject> take_revocations(const DoorRequest& request);
  Result<JsonObject> search_directory(const DoorRequest& request);
  Result<JsonObject> export_directory(const DoorRequest& request);
  /// What is done, as the audit log names it.
  struct Act {
    std::string object;
    std::string why;
    std::string params_hash{};
  };
  Result<void> do_recorded(const DoorRequest& request, const Act& act, const Result<void>& can,
                           const std::function<Result<void>()>& perform) const;
  Result<JsonObject> add_hold(const DoorRequest& request);
  Result<JsonObject> list_holds(const DoorRequest& request);
  Result<JsonObject> end_hold(const DoorRequest& request);
  Result<JsonObject> metrics(const DoorRequest& request);
  Result<JsonObject> show_policy(const DoorRequest& request);
  Result<JsonObject> take_policy_part(const DoorRequest& request);
  Result<JsonObject> set_policy(const DoorRequest& request);
  Result<JsonObject> remove_policy(const DoorRequest& request);
  Result<JsonObject> audit_status();
  [[nodiscard]] audit::CheckpointWriter::State checkpoint_state() const;

  const Facts facts_;
  LedgerReader reader_;
};

}  // namespace privyseal::gateway
