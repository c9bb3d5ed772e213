/// A daemon's door: what local programs (the console, the command line) may ask it.
///
/// A Unix SEQPACKET socket; one JSON object is one message. A request is
/// `{"op":"mail-track", ...}`, an answer `{"ok":true, ...}` or
/// `{"ok":false,"code":"not-found","message":"..."}`. Who may ask for what is a table of the
/// daemon; what is not listed is denied and logged. The kernel says who the caller is.
///
/// Asking on behalf of a person, the console adds `"actor":{"name","role","source"}`; from other callers
/// the actor is their Unix user, whatever the request says.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <thread>

#include "firmware/base/config.h"
#include "firmware/base/json.h"
#include "firmware/base/result.h"
#include "firmware/base/unique_fd.h"

namespace privyseal {

inline constexpr std::size_t kMaxDoorRequestBytes = 96 * 1024;
inline constexpr std::size_t kMaxDoorAnswerBytes = 128 * 1024;

/// Who is behind a request, as the audit log names him.
struct Actor {
  std::string name;
  std::string role;    ///< the console's role, or the caller's name in the daemon's table
  std::string source;  ///< the person's network address, or "local"
};

struct DoorRequest {
  std::string operation;
  std::string caller;  ///< "console", "provisioning"
  Actor actor;
  JsonObject body;  ///< the whole request
};

struct DoorGrant {
  std::string_view caller;
  std::string_view operation;
};

struct DoorSettings {
  std::filesystem::path path;
  mode_t mode = 0660;
  std::optional<gid_t> group;
  std::map<uid_t, std::string> callers;  ///< a user who is not listed cannot use the door
};

///     [door]
///     path = "/run/privyseal-gateway/door"
///     mode = "0660"
///     group = "privyseal-console"     # optional
///     [door.callers]                  # users, by name or number; one user is one caller
///     console = ["privyseal-console"]
///     provisioning = ["root", "privyseal-admin"]
///
/// None: the file has no [door]. kInvalid: the message names the key.
[[nodiscard]] Result<std::optional<DoorSettings>> read_door_settings(Config& config);

class Door {
 public:
  using Handler = std::function<Result<JsonObject>(const DoorRequest&)>;

  /// Begins to serve. `grants` and what `handler` uses must outlive the door.
  /// `handler` runs on the door's own thread, one request at a time; it gives the answer without "ok".
  /// kConflict: another process serves the socket.
  [[nodiscard]] static Result<std::unique_ptr<Door>> open(DoorSettings settings,
                                                          std::span<const DoorGrant> grants, Handler handler);
  /// Waits for the request under way.
  ~Door();
  Door(const Door&) = delete;  // its thread knows its address
  Door& operator=(const Door&) = delete;

 private:
  Door(DoorSettings settings, std::span<const DoorGrant> grants, Handler handler, UniqueFd listener,
       UniqueFd stop);

  void serve();
  struct Visitor;
  std::optional<Visitor> accept_one() const;
  [[nodiscard]] bool answer(const Visitor& visitor) const;
  [[nodiscard]] Result<JsonObject> reply_to(const Visitor& visitor, std::string_view text) const;
  [[nodiscard]] bool may(std::string_view caller, std::string_view operation) const;

  const DoorSettings settings_;
  const std::span<const DoorGrant> grants_;
  const Handler handler_;
  const UniqueFd listener_;
  const UniqueFd stop_;  // an eventfd
  std::thread thread_;
};

/// One request and its answer, on a connection of its own. An answer with "ok":false comes back as that
/// error. kUnavailable: nobody is behind the door, or what he says is no answer. kTimeout. kDenied: we
/// may not even knock.
[[nodiscard]] Result<JsonObject> ask_door(const std::filesystem::path& socket, const JsonObject& request,
                                          std::chrono::milliseconds deadline);

}  // namespace privyseal
