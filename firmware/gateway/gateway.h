/// The gateway as a whole: its loops, its two listeners, and its orderly end.
///
/// Threads: create, run and destroy from main.
#pragma once

#include <memory>

#include "firmware/base/result.h"
#include "firmware/base/unique_fd.h"
#include "firmware/gateway/settings.h"

namespace privyseal::gateway {

class Gateway {
 public:
  /// Loads keys and certificates, opens ledger and listeners; nothing is accepted yet. The settings are kept.
  [[nodiscard]] static Result<std::unique_ptr<Gateway>> open(Settings settings);
  ~Gateway();

  /// Serves until `stop` becomes readable, then finishes the mails that are in transit.
  [[nodiscard]] Result<void> run(const UniqueFd& stop);

 private:
  class State;
  explicit Gateway(std::unique_ptr<State> state);

  std::unique_ptr<State> state_;
};

}  // namespace privyseal::gateway
