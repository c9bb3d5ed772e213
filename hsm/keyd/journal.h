/// What keyd must not forget: the keys that were retired or are being made, how often each key signed, the
/// last checkpoint that was signed of each log, the latest day, and its own audit log. One SQLite database in
/// its state folder.
///
/// Every change is on the disk when its function returns. No TLS signature ever waits for it.
///
/// Threads: any. Ownership: the clock must outlive it.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "firmware/base/audit/log.h"
#include "firmware/base/clock.h"
#include "firmware/base/guarded.h"
#include "hsm/wire.h"

namespace privyseal::keyd {

class Journal {
 public:
  /// `origin` is that of keyd's own log: "<host>/keyd".
  /// kInvalid: damaged. kDenied, kUnavailable: it cannot be opened or made.
  [[nodiscard]] static Result<std::unique_ptr<Journal>> open(const std::filesystem::path& file,
                                                             const std::string& origin, const Clock& clock);

  /// All that ever were. kInvalid: there is one that cannot be read.
  [[nodiscard]] Result<std::vector<hsm::RetiredKey>> retired_keys();

  /// Call before the token makes a key pair: what a kill then leaves of it may be destroyed. Nothing else
  /// may.
  [[nodiscard]] Result<void> begin_key(ByteView id);
  /// It is whole and on the disk, or nothing of it is left.
  [[nodiscard]] Result<void> end_key(ByteView id);
  /// The ids that were begun and not ended.
  [[nodiscard]] Result<std::vector<Bytes>> unfinished_keys();

  [[nodiscard]] Result<void> record(const audit::Entry& entry);
  /// Both or neither. kConflict: it was retired before.
  [[nodiscard]] Result<void> retire(const hsm::RetiredKey& key, const audit::Entry& entry);
  /// Both or neither. kConflict: the nonce was used before.
  [[nodiscard]] Result<void> use_approval(const std::string& nonce, const audit::Entry& entry);
  /// Call before a checkpoint is signed; it is one of check_checkpoint. Packs are not remembered.
  /// kConflict: the log would go back (check_grows), or its daemon has logs of too many hosts.
  [[nodiscard]] Result<void> remember(const audit::Checkpoint& checkpoint);

  /// A run of keyd begins. False: the one before did not end in order, and its last uses are not in `uses`.
  [[nodiscard]] Result<bool> begin_run();
  /// As they were last kept; no refusals.
  [[nodiscard]] Result<std::vector<hsm::KeyUses>> uses();
  /// All or none. Keys that are not among them keep theirs.
  [[nodiscard]] Result<void> keep_uses(const std::vector<hsm::KeyUses>& uses);
  /// The run ends in order, with these. As keep_uses.
  [[nodiscard]] Result<void> end_run(const std::vector<hsm::KeyUses>& uses);

  /// The latest day that was noted; 1970-01-01: none was.
  [[nodiscard]] Result<std::chrono::sys_days> latest_day();
  [[nodiscard]] Result<void> note_day(std::chrono::sys_days day);

  /// Of keyd's own log: as audit::Log.
  [[nodiscard]] Result<std::vector<std::string>> entries(std::uint64_t after, std::uint64_t limit);
  [[nodiscard]] Result<hsm::AuditCheckpointAnswer> last_checkpoint();
  /// Has a connection of its own, so that nobody waits while the token signs.
  [[nodiscard]] Result<bool> checkpoint(audit::Signer& signer);

 private:
  struct Store {
    Database database;
    std::optional<audit::Log> log;
  };
  using StoreRef = std::unique_ptr<Store>;  // the log points into it, so it must not move

  [[nodiscard]] static Result<StoreRef> open_store(const std::filesystem::path& file,
                                                   const std::string& origin, const Clock& clock);
  Journal(StoreRef store, StoreRef signing) : store_(std::move(store)), signing_(std::move(signing)) {}

  Guarded<StoreRef> store_;
  Guarded<StoreRef> signing_;
};

}  // namespace privyseal::keyd
