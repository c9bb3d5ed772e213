/// The console as a whole: its listener, its one desk, its own door, and its orderly end.
///
/// Two threads: the loop moves bytes and TLS, the desk answers requests one after the other and alone touches
/// the database and asks the other daemons, so that nothing here needs a lock.
///
/// Threads: create, run and destroy from main.
#pragma once

#include <memory>
#include <span>

#include "firmware/base/result.h"
#include "firmware/base/unique_fd.h"
#include "web-admin/server/console.h"
#include "web-admin/server/settings.h"

namespace privyseal::web {

class Server {
 public:
  /// Opens database, identity, listener and door; nothing is accepted yet.
  [[nodiscard]] static Result<std::unique_ptr<Server>> open(Settings settings, std::span<const Route> routes,
                                                            Apology apology);
  ~Server();

  /// Serves until `stop` becomes readable.
  [[nodiscard]] Result<void> run(const UniqueFd& stop);

 private:
  class State;
  explicit Server(std::unique_ptr<State> state);

  std::unique_ptr<State> state_;
};

}  // namespace privyseal::web
