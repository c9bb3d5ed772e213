/// Writes down what nobody waits for: refusals, keyd's start and its end; and has the log's checkpoints
/// signed, at most one a minute.
///
/// Why a thread of its own: whoever is refused, and the server's thread that refuses him, must not wait
/// for the disk or the token.
///
/// Threads: `refused` any; the others main's. Ownership: the arguments must outlive it.
#pragma once

#include <condition_variable>
#include <mutex>
#include <thread>

#include "hsm/keyd/journal.h"
#include "hsm/keyd/key_store.h"
#include "hsm/keyd/refusal_tally.h"

namespace privyseal::keyd {

class Clerk {
 public:
  static constexpr std::chrono::seconds kCheckpointEvery{60};
  static constexpr std::string_view kAuditKey = "audit";

  Clerk(Journal& journal, KeyStore& keys, Token& token) : journal_(journal), keys_(keys), work_(token) {}
  ~Clerk();
  Clerk(const Clerk&) = delete;
  Clerk& operator=(const Clerk&) = delete;

  /// Call when keyd serves. A start that cannot be recorded is logged and is no reason not to serve:
  /// mail that flows is worth more than the entry, and all other acts are refused until the disk is well.
  void begin();
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
  void sign_checkpoint();

  Journal& journal_;
  KeyStore& keys_;
  WorkSession work_;  // of `thread_`; of main before and after it

  // Not a Guarded: the thread waits on a condition, which needs the bare lock.
  std::mutex mutex_;
  std::condition_variable changed_;
  RefusalTally tally_;
  bool is_stopping_ = false;

  std::thread thread_;
};

}  // namespace privyseal::keyd
