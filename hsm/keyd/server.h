/// keyd's socket: who may connect, what they ask, and who does it.
///
/// A message that cannot be parsed gets no answer and ends its connection: no
/// caller of ours sends one.
///
/// What must be written down first (is_recorded) has workers of its own: however slow the disk is,
/// handshakes are signed.
///
/// Every request has its answer at the latest when its caller gives up waiting (hsm/client.h), whatever the
/// token does; only making a key may take longer.
///
/// Threads: one; the work is done by `Workers`. Ownership: all arguments must outlive it.
#pragma once

#include <vector>

#include "firmware/base/unique_fd.h"
#include "hsm/keyd/connection.h"
#include "hsm/keyd/desk.h"
#include "hsm/keyd/settings.h"
#include "hsm/keyd/workers.h"

namespace privyseal::keyd {

class Server {
 public:
  /// kUnavailable: no descriptors. kConflict: another process serves the socket. kDenied, kNotFound: the
  /// socket's folder or group.
  [[nodiscard]] static Result<Server> listen(const Settings& settings, Desk& desk, Workers& signing,
                                             Workers& recording);

  /// Serves until `stop` becomes readable.
  [[nodiscard]] Result<void> run(int stop);

 private:
  using WakeRef = std::shared_ptr<const UniqueFd>;

  Server(UniqueFd listener, UniqueFd wake, const Settings& settings, Desk& desk, Workers& signing,
         Workers& recording)
      : listener_(std::move(listener)),
        wake_(std::make_shared<const UniqueFd>(std::move(wake))),
        settings_(&settings),
        desk_(&desk),
        signing_(&signing),
        recording_(&recording) {}

  void accept_one();
  [[nodiscard]] bool has_room_for(Caller caller) const;
  /// False: the connection is over.
  [[nodiscard]] bool serve(const ConnectionRef& connection, short events);
  [[nodiscard]] bool read_from(const ConnectionRef& connection);
  [[nodiscard]] bool take_message(const ConnectionRef& connection, ByteView message);
  [[nodiscard]] JobRef job_for(const ConnectionRef& connection, hsm::Request&& request,
                               Permit&& permit) const;

  UniqueFd listener_;
  WakeRef wake_;  ///< readable when an answer was given and the connections should be looked at again
  const Settings* settings_;
  Desk* desk_;
  Workers* signing_;
  Workers* recording_;
  std::vector<ConnectionRef> connections_;
};

}  // namespace privyseal::keyd
