#include "firmware/base/door.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "firmware/base/log.h"
#include "firmware/base/unix_socket.h"
#include "firmware/base/user.h"

namespace privyseal {
namespace {

/// A visitor sends his one request at once, and takes the answer at once; no other waits for him longer.
constexpr std::chrono::milliseconds kPatience{1000};

constexpr std::array<ErrorCode, 7> kCodes{ErrorCode::kInvalid,    ErrorCode::kDenied,  ErrorCode::kNotFound,
                                          ErrorCode::kConflict,   ErrorCode::kTimeout, ErrorCode::kClosed,
                                          ErrorCode::kUnavailable};

ErrorCode code_named(std::string_view name) {
  const auto found = std::ranges::find(kCodes, name, [](ErrorCode code) { return to_string(code); });
  return found == kCodes.end() ? ErrorCode::kUnavailable : *found;
}

JsonObject answer_of(const Result<JsonObject>& reply) {
  JsonObject answer{{"ok", reply.has_value()}};
  if (!reply) {
    answer.emplace("code", to_string(reply.error().code));
    answer.emplace("message", reply.error().message);
    return answer;
  }
  for (const auto& [key, value] : *reply) answer.emplace(key, value);
  return answer;
}

Result<void> read_callers(Config& config, DoorSettings& settings) {
  for (const std::string caller : {"console", "provisioning", "gateway", "renewal"}) {
    const auto users = config.texts("door.callers." + caller);
    if (!users) return std::unexpected(users.error());
    for (const std::string& user : *users) {
      const auto uid = user_id(user);
      if (!uid) return fail("door.callers", uid.error());
      if (!settings.callers.emplace(*uid, caller).second)
        return fail(ErrorCode::kInvalid, "door.callers: " + user + " is listed twice");
    }
  }
  return {};
}

std::unexpected<Error> no_answer(const Error& error) {
  if (error.code != ErrorCode::kClosed) return std::unexpected(error);
  return fail(ErrorCode::kDenied, "the door was shut in our face: this user may not use it");
}

Result<Actor> actor_of(const JsonObject& request, const std::string& caller, uid_t uid) {
  const JsonObject* person = json_object(request, "actor");
  if (person == nullptr || caller != "console")
    return Actor{.name = user_name(uid), .role = caller, .source = "local"};
  Actor actor;
  for (const auto& [key, member] :
       {std::pair{"name", &actor.name}, {"role", &actor.role}, {"source", &actor.source}}) {
    auto text = json_text(*person, key);
    if (!text) return std::unexpected(text.error());
    *member = std::move(*text);
  }
  return actor;
}

}  // namespace

Result<std::optional<DoorSettings>> read_door_settings(Config& config) {
  const auto path = config.text("door.path", "");
  const auto mode = config.text("door.mode", "0660");
  const auto group = config.text("door.group", "");
  DoorSettings settings;
  if (auto read = read_callers(config, settings); !read) return std::unexpected(read.error());
  if (!path) return std::unexpected(path.error());
  if (!mode) return std::unexpected(mode.error());
  if (!group) return std::unexpected(group.error());
  if (path->empty()) return std::optional<DoorSettings>();
  settings.path = *path;
  const auto [end, error] = std::from_chars(mode->data(), mode->data() + mode->size(), settings.mode, 8);
  if (error != std::errc{} || end != mode->data() + mode->size() || settings.mode > 0777)
    return fail(ErrorCode::kInvalid, "door.mode must be octal, as \"0660\"");
  if (!group->empty()) {
    const auto gid = group_id(*group);
    if (!gid) return fail("door.group", gid.error());
    settings.group = *gid;
  }
  return settings;
}

struct Door::Visitor {
  UniqueFd connection;
  uid_t uid;
  std::string caller;
};

Result<std::unique_ptr<Door>> Door::open(DoorSettings settings, std::span<const DoorGrant> grants,
                                         Handler handler) {
  constexpr uid_t kSameOwner = static_cast<uid_t>(-1);
  auto listener = listen_seqpacket(settings.path, settings.mode);
  if (!listener) return fail("door", listener.error());
  if (settings.group && ::chown(settings.path.c_str(), kSameOwner, *settings.group) != 0)
    return fail_errno("door: " + settings.path.string());
  UniqueFd stop(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!stop) return fail_errno("eventfd");
  std::unique_ptr<Door> door(
      new Door(std::move(settings), grants, std::move(handler), std::move(*listener), std::move(stop)));
  door->thread_ = std::thread([&opened = *door] { opened.serve(); });
  return door;
}

Door::Door(DoorSettings settings, std::span<const DoorGrant> grants, Handler handler, UniqueFd listener,
           UniqueFd stop)
    : settings_(std::move(settings)),
      grants_(grants),
      handler_(std::move(handler)),
      listener_(std::move(listener)),
      stop_(std::move(stop)) {}

Door::~Door() {
  ::eventfd_write(stop_.get(), 1);
  if (thread_.joinable()) thread_.join();
}

void Door::serve() {
  std::array<pollfd, 2> waited{pollfd{.fd = listener_.get(), .events = POLLIN, .revents = 0},
                               pollfd{.fd = stop_.get(), .events = POLLIN, .revents = 0}};
  for (;;) {
    if (::poll(waited.data(), waited.size(), -1) < 0) continue;  // EINTR
    if (waited[1].revents != 0) return;
    const auto visitor = accept_one();
    if (visitor && !answer(*visitor)) log_event(LogLevel::kWarning, "door-answer-not-taken");
  }
}

std::optional<Door::Visitor> Door::accept_one() const {
  UniqueFd connection(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
  if (!connection) return std::nullopt;
  const auto peer = peer_credentials(connection.get());
  if (!peer) return std::nullopt;
  const auto caller = settings_.callers.find(peer->uid);
  if (caller == settings_.callers.end()) {
    log_event(LogLevel::kWarning, "door-refused", {{"uid", peer->uid}, {"pid", peer->pid}});
    return std::nullopt;
  }
  return Visitor{.connection = std::move(connection), .uid = peer->uid, .caller = caller->second};
}

bool Door::answer(const Visitor& visitor) const {
  std::vector<std::byte> buffer(kMaxDoorRequestBytes);
  const auto message = receive_message(visitor.connection.get(), buffer, kPatience);
  if (!message) return message.error().code == ErrorCode::kClosed;  // somebody looked whether we are here
  std::string text = to_text(answer_of(reply_to(visitor, text_of(*message))));
  if (text.size() > kMaxDoorAnswerBytes)
    text = to_text(answer_of(fail(ErrorCode::kInvalid, "the answer is too long; ask for less")));
  return send_message(visitor.connection.get(), bytes_of(text), kPatience).has_value();
}

Result<JsonObject> Door::reply_to(const Visitor& visitor, std::string_view text) const {
  auto body = parse_json_object(text);
  if (!body) return std::unexpected(body.error());
  auto operation = json_text(*body, "op");
  if (!operation) return std::unexpected(operation.error());
  if (!may(visitor.caller, *operation)) {
    log_event(LogLevel::kWarning, "door-denied", {{"caller", visitor.caller}, {"op", *operation}});
    return fail(ErrorCode::kDenied, "this caller may not ask for that");
  }
  auto actor = actor_of(*body, visitor.caller, visitor.uid);
  if (!actor) return fail("actor", actor.error());
  return handler_({.operation = std::move(*operation),
                   .caller = visitor.caller,
                   .actor = std::move(*actor),
                   .body = std::move(*body)});
}

bool Door::may(std::string_view caller, std::string_view operation) const {
  return std::ranges::any_of(grants_, [&](const DoorGrant& grant) {
    return grant.caller == caller && grant.operation == operation;
  });
}

Result<JsonObject> ask_door(const std::filesystem::path& socket, const JsonObject& request,
                            std::chrono::milliseconds deadline) {
  const auto connection = connect_seqpacket(socket, deadline);
  // No socket there is no missing row: callers take kNotFound for what the daemon itself says.
  if (!connection && connection.error().code == ErrorCode::kNotFound)
    return fail(ErrorCode::kUnavailable, connection.error().message);
  if (!connection) return std::unexpected(connection.error());
  const std::string text = to_text(request);
  if (text.size() > kMaxDoorRequestBytes) return fail(ErrorCode::kInvalid, "the request is too long");
  if (auto sent = send_message(connection->get(), bytes_of(text), deadline); !sent)
    return no_answer(sent.error());
  std::vector<std::byte> buffer(kMaxDoorAnswerBytes);
  const auto message = receive_message(connection->get(), buffer, deadline);
  if (!message) return no_answer(message.error());
  auto answer = parse_json_object(text_of(*message));
  if (!answer) return fail(ErrorCode::kUnavailable, "the door's answer makes no sense");
  const auto is_ok = json_flag(*answer, "ok", false);
  if (is_ok && *is_ok) return answer;
  return fail(code_named(json_text(*answer, "code", "").value_or("")),
              json_text(*answer, "message", "refused").value_or("refused"));
}

}  // namespace privyseal
