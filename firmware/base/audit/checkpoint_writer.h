/// Signs checkpoints of one log beside the daemon's work: every minute if something came in, and at the end.
///
/// Why a thread and a connection of its own: the signature comes from another process, which may be slow or
/// away, and nobody who writes to the log may wait for that. A checkpoint that cannot be made is missing
/// and is said to be (log, state()); the daemon's work goes on.
///
/// Threads: any. Ownership: the clock must outlive it.
#pragma once

#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "firmware/base/audit/log.h"
#include "firmware/base/audit/signer.h"
#include "firmware/base/clock.h"

namespace privyseal::audit {

class CheckpointWriter {
 public:
  struct Options {
    std::filesystem::path database;  ///< where the log is; its tables must be there
    std::string origin;
    std::chrono::milliseconds every{60000};
  };
  struct State {
    std::optional<WallTime> signed_at;  ///< the last checkpoint that this process made
    std::string failure;                ///< why the last try failed; empty: it did not
    Bytes public_key;                   ///< of the audit key; empty: not heard of yet
  };

  /// Errors as Database::open and Log::open. The signer is not asked yet.
  [[nodiscard]] static Result<std::unique_ptr<CheckpointWriter>> start(Options options,
                                                                       std::unique_ptr<Signer> signer,
                                                                       const Clock& clock);
  ~CheckpointWriter();                                 // as stop()
  CheckpointWriter(const CheckpointWriter&) = delete;  // its thread knows its address
  CheckpointWriter& operator=(const CheckpointWriter&) = delete;

  /// One last checkpoint. Call when nothing is appended any more.
  void stop();

  [[nodiscard]] State state();

 private:
  CheckpointWriter(Options options, std::unique_ptr<Database> database, Log log,
                   std::unique_ptr<Signer> signer, const Clock& clock);
  void run();
  void write();
  void note(Result<bool> written);

  const Options options_;
  const std::unique_ptr<Database> database_;  // this and the next two: the thread's alone
  Log log_;
  const std::unique_ptr<Signer> signer_;
  const Clock& clock_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;  // guarded by mutex_
  State state_;            // guarded by mutex_
  std::thread thread_;     // last: it uses all of the above
};

}  // namespace privyseal::audit
