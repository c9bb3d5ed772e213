/// Writes down what nobody waits for: refusals, keyd's start and its end, and which day it is; and has the
/// log's checkpoints signed, in the rhythm of firmware/base/audit/checkpoint_rhythm.h.
///
/// Why a thread of its own: whoever is refused, and the server's thread that refuses him, must not wait
/// for the disk or the token.
///
/// Threads: `refused` any; the others main's. Ownership: the arguments must outlive it.
#pragma once

#include <condition_variable>
#include <mutex>
#include <thread>

#include "firmware/base/audit/checkpoint_rhythm.h"
#include "firmware/base/forward_clock.h"
#include "hsm/keyd/journal.h"
#include "hsm/keyd/key_store.h"
#include "hsm/keyd/refusal_tally.h"
#include "hsm/keyd/workers.h"

namespace privyseal::keyd {

class Clerk {
 public:
  static constexpr std::string_view kAuditKey = "audit";

  /// `signing` may have one worker: nobody else may use it, so that a token that hangs holds up nothing else.
  Clerk(Journal& journal, KeyStore& keys, Workers& signing, const ForwardClock& clock)
      : journal_(journal), keys_(keys), signing_(signing), clock_(clock) {}
  ~Clerk();
  Clerk(const Clerk&) = delete;
  Clerk& operator=(const Clerk&) = delete;

  /// Call when keyd serves. A start that cannot be recorded is logged and is no reason not to serve:
  /// mail that flows is worth more than the entry, and all other acts are refused until the disk is well.
  /// `exception`: what the settings allow beyond the usual, in words, or nothing; it goes into the entry.
  void begin(const std::string& exception);
  /// Call when no more requests are served: writes the rest, the end, and signs a last checkpoint.
  void end();

  void refused(Refusal refusal);

 private:
  using Time = RefusalTally::Time;

  void work();
  void stop();
  void record(const audit::Entry& entry);
  /// True: it is on the disk.
  bool write(const RefusalTally::Due& due);
  /// Every key's uses, without its refusals.
  [[nodiscard]] std::vector<hsm::KeyUses> uses_now();
  /// What the runs before counted; a sentence about what may be missing, or nothing.
  std::string take_up_uses();
  void keep_uses();
  /// So that a clock that is set back while keyd does not run revives nothing.
  void note_day();
  void sign_if_due();
  void sign_checkpoint();

  Journal& journal_;
  KeyStore& keys_;
  Workers& signing_;
  const ForwardClock& clock_;
  // These are of `thread_`; of main before and after it.
  audit::CheckpointRhythm rhythm_;
  std::vector<hsm::KeyUses> kept_uses_;  // as they are on the disk
  std::chrono::sys_days noted_day_;
  bool knows_uses_ = false;  // false: what is on the disk is better than what could be written

  // Not a Guarded: the thread waits on a condition, which needs the bare lock.
  std::mutex mutex_;
  std::condition_variable changed_;
  RefusalTally tally_;
  bool is_stopping_ = false;

  std::thread thread_;
};

}  // namespace privyseal::keyd
