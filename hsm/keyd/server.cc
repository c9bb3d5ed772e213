#include "hsm/keyd/server.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "firmware/base/log.h"
#include "firmware/base/unix_socket.h"

namespace privyseal::keyd {
namespace {

constexpr std::size_t kMaxConnectionsPerCaller = 64;
constexpr int kMessagesInARow = 32;  // then the other connections have their turn

}  // namespace

Result<Server> Server::listen(const Settings& settings, Desk& desk, Workers& signing, Workers& recording) {
  auto listener = listen_seqpacket(settings.socket, settings.socket_mode);
  if (!listener) return std::unexpected(listener.error());
  constexpr auto kSameOwner = static_cast<uid_t>(-1);
  if (settings.socket_group && ::chown(settings.socket.c_str(), kSameOwner, *settings.socket_group) != 0)
    return fail_errno("socket.group");
  UniqueFd wake(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!wake) return fail_errno("eventfd");
  return Server(std::move(*listener), std::move(wake), settings, desk, signing, recording);
}

Result<void> Server::run(int stop) {
  std::vector<pollfd> waited;
  for (;;) {
    waited.assign({{.fd = stop, .events = POLLIN, .revents = 0},
                   {.fd = wake_->get(), .events = POLLIN, .revents = 0},
                   {.fd = listener_.get(), .events = POLLIN, .revents = 0}});
    constexpr std::size_t kFirstConnection = 3;
    for (const ConnectionRef& connection : connections_)
      waited.push_back({.fd = connection->fd(), .events = connection->wanted_events(), .revents = 0});
    if (::poll(waited.data(), waited.size(), -1) < 0 && errno != EINTR) return fail_errno("poll");
    if (waited[0].revents != 0) return {};
    eventfd_t ignored = 0;
    if (waited[1].revents != 0) ::eventfd_read(wake_->get(), &ignored);
    std::size_t at = kFirstConnection;
    std::erase_if(connections_, [&](const ConnectionRef& connection) {
      const short events = waited[at++].revents;
      return events != 0 && !serve(connection, events);
    });
    if (waited[2].revents != 0) accept_one();
  }
}

void Server::accept_one() {
  UniqueFd fd(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
  if (!fd) return log_event(LogLevel::kError, "accept-failed", {{"errno", errno}});
  const auto who = peer_credentials(fd.get());
  if (!who) return log_event(LogLevel::kError, "accept-failed", {{"why", who.error().message}});
  const auto known = settings_->callers.find(who->uid);
  if (known == settings_->callers.end()) return desk_->turn_away(who->uid, who->pid);
  const Caller caller = known->second;
  if (!has_room_for(caller))
    return log_event(
        LogLevel::kWarning, "caller-refused",
        {{"caller", to_string(caller)}, {"pid", who->pid}, {"why", "it has too many connections"}});
  connections_.push_back(
      std::make_shared<Connection>(std::move(fd), Peer{.caller = caller, .pid = who->pid, .uid = who->uid}));
}

bool Server::has_room_for(Caller caller) const {
  const auto same = [&](const ConnectionRef& connection) { return connection->peer().caller == caller; };
  return std::ranges::count_if(connections_, same) < static_cast<std::ptrdiff_t>(kMaxConnectionsPerCaller);
}

bool Server::serve(const ConnectionRef& connection, short events) {
  if ((events & POLLOUT) != 0) return connection->flush();
  if ((events & POLLIN) != 0) return read_from(connection);
  return (events & (POLLHUP | POLLERR)) == 0;
}

bool Server::read_from(const ConnectionRef& connection) {
  std::array<std::byte, hsm::kMaxMessageBytes> buffer;
  for (int i = 0; i < kMessagesInARow && connection->may_send_more(); ++i) {
    const auto message = connection->receive(buffer);
    if (!message && message.error().code == ErrorCode::kTimeout) return true;
    if (!message && message.error().code != ErrorCode::kInvalid) return false;
    if (!take_message(connection, message.value_or(ByteView{}))) return false;
  }
  return true;
}

bool Server::take_message(const ConnectionRef& connection, ByteView message) {
  const Peer& peer = connection->peer();
  auto request = hsm::parse_request(message);
  if (!request) {
    log_event(LogLevel::kWarning, "request-garbled",
              {{"caller", to_string(peer.caller)}, {"pid", peer.pid}, {"why", request.error().message}});
    ::shutdown(connection->fd(), SHUT_RDWR);  // a job under way may still hold the descriptor
    return false;
  }
  const std::uint32_t id = request->id;
  const auto reject = [&](ErrorCode code, const std::string& why) {
    connection->answer({.id = id, .body = hsm::ErrorAnswer{.code = code, .message = why}});
  };
  auto permit = desk_->admit(peer, *request);
  if (!permit) {
    reject(permit.error().code, permit.error().message);
    return true;
  }
  if (const auto answer = desk_->answer_at_once(*permit, *request)) {
    connection->answer(*answer);
    return true;
  }
  connection->request_admitted();
  Workers& workers = is_recorded(permit->operation()) ? *recording_ : *signing_;
  if (!workers.take(job_for(connection, std::move(*request), std::move(*permit)))) {
    const auto busy = hsm::ErrorAnswer{.code = ErrorCode::kUnavailable, .message = "keyd has too much to do"};
    static_cast<void>(connection->answer_admitted({.id = id, .body = busy}));
  }
  return true;
}

JobRef Server::job_for(const ConnectionRef& connection, hsm::Request&& request, Permit&& permit) const {
  const std::uint32_t id = request.id;
  const auto limit =
      permit.operation() == Operation::kGenerate ? hsm::kKeydsToMakeAKey : Workers::kShortestLimit;
  return std::make_shared<Job>(
      id, limit,
      [desk = desk_, asked = std::move(request), given = std::move(permit)](WorkSession& work) {
        return desk->perform(given, asked, work);
      },
      // Weak: a descriptor is held by a connection alone, of which a caller has so many and no more.
      [weak = std::weak_ptr(connection), wake = wake_](const hsm::Answer& answer) {
        const ConnectionRef still = weak.lock();
        if (still && still->answer_admitted(answer)) ::eventfd_write(wake->get(), 1);
      });
}

}  // namespace privyseal::keyd
