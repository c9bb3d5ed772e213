/// The certificate daemon as a whole: one loop with a renewal per identity, the door, an orderly end.
///
/// Threads: create, run and destroy from main. The door has a thread of its own; what it is asked is done
/// on the loop.
#pragma once

#include <memory>

#include "ca/renewd/settings.h"
#include "firmware/base/result.h"
#include "firmware/base/unique_fd.h"

namespace privyseal::renewd {

class Renewd {
 public:
  /// Opens the database and loads OpenSSL with the key provider; nothing is done yet.
  [[nodiscard]] static Result<std::unique_ptr<Renewd>> open(Settings settings);
  ~Renewd();

  /// Works until `stop` becomes readable.
  [[nodiscard]] Result<void> run(const UniqueFd& stop);

 private:
  class State;
  explicit Renewd(std::unique_ptr<State> state);

  std::unique_ptr<State> state_;
};

}  // namespace privyseal::renewd
