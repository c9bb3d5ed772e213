#include "firmware/gateway/session.h"

#include <array>
#include <functional>

#include "firmware/base/log.h"
#include "firmware/base/proxy_header.h"
#include "firmware/gateway/own_look.h"
#include "firmware/policy/refusal.h"
#include "firmware/tls/keys.h"

namespace privyseal::gateway {

using namespace std::chrono_literals;
using policy::Refusal;
using smtp::Reply;

namespace {

constexpr auto kReplyWithin = 60s;
constexpr auto kHandshakeWithin = 30s;
constexpr auto kProxyWithin = 10s;
constexpr int kStartTlsFirst = 530;

smtp::ServerSession::Options options_of(const Settings& settings, const Pace& pace, bool normalize,
                                        std::function<bool()> may_be_clear) {
  return {.hostname = settings.host,
          .chunking = !normalize,  // a repair changes how many bytes there are
          .max_size_bytes = settings.limits.max_message_bytes,
          .max_recipients = settings.limits.max_recipients,
          .max_mails = settings.limits.max_mails_per_session,
          .max_bad_commands = pace.max_bad_commands,
          .max_idle_commands = pace.max_idle_commands,
          .replies = policy::session_replies(),
          .may_be_clear = std::move(may_be_clear)};
}

}  // namespace

Session::Session(Service& service, Entrance entrance, Waiting& waiting, net::tcp::socket socket)
    : service_(service),
      entrance_(entrance),
      lane_(service.lanes.current(entrance.direction)),
      waiting_(waiting),
      until_(std::chrono::steady_clock::now() + service.settings.limits.session),
      stream_(std::move(socket)),
      client_ip_(stream_.peer_ip()),
      reader_(smtp::kMaxCommandLine),
      protocol_(options_of(service.settings, service.pace(), lane_->normalize,
                           [this] { return clear_exception() != nullptr; })),
      client_{.address = stream_.peer_address(), .name = {}, .is_esmtp = true, .session = {}} {
  if (lane_->normalize) repair_.emplace(smtp::LineRepair::Where::kCommands);
}

net::awaitable<void> Session::run() {
  waiting_.add(stream_);
  co_await converse();
  co_await drop_mail("the sender went away");
  if (unheard_) {
    log_event(LogLevel::kNotice, "verdict-unheard", {{"client", client_.address}});
    note_lost();
  }
  waiting_.remove(stream_);
}

/// Until the connection ends; every path that ends it by our will has said why.
net::awaitable<void> Session::converse() {
  if (lane_->proxies.contains(client_ip_)) {
    if (const auto heard = co_await hear_proxy(); !heard) {
      log_event(LogLevel::kWarning, "proxy-refused",
                {{"proxy", client_.address}, {"why", heard.error().message}});
      co_return;
    }
  }
  if (!lane_->clients.contains(client_ip_)) {
    log_event(LogLevel::kWarning, "client-refused", {{"client", client_.address}, {"why", "not listed"}});
    co_await refuse_and_close(Refusal::kClientNotListed);
    co_return;
  }
  if (service_.sessions > service_.settings.limits.max_connections) {
    co_await refuse_and_close(Refusal::kTooManyConnections);
    co_return;
  }
  const auto seat = service_.seats.take(client_ip_);
  if (!seat) {
    log_event(LogLevel::kWarning, "client-refused",
              {{"client", client_.address}, {"why", "too many connections"}});
    co_await refuse_and_close(Refusal::kTooManyConnections);
    co_return;
  }
  if (entrance_.tls_first && co_await shake_hands_first() == Next::kClose) co_return;
  Next next = co_await send(protocol_.greeting());
  while (next == Next::kContinue) {
    const auto command = co_await next_command();
    if (!command) co_return;
    protocol_.next_hop_offers(service_.hop_of(lane_->direction).offer());
    next = co_await perform(protocol_.on(*command));
  }
}

/// The header, and not a byte behind it, which belongs to the client. Says whose connection this is from here
/// on; a proxy that speaks for itself must be listed among the clients to hear more.
net::awaitable<Result<void>> Session::hear_proxy() {
  std::array<std::byte, kMaxProxyHeader> header{};
  std::size_t size = kProxyFixedBytes;
  for (std::size_t have = 0; have < size;) {
    const auto got = co_await stream_.read_some(std::span(header).subspan(have, size - have), kProxyWithin);
    if (!got) co_return std::unexpected(got.error());
    have += *got;
    if (have != kProxyFixedBytes) continue;
    const auto whole = proxy_header_size(ByteView(header).first(have));
    if (!whole) co_return std::unexpected(whole.error());
    size = *whole;
  }
  const auto told = parse_proxy_header(ByteView(header).first(size));
  if (!told) co_return std::unexpected(told.error());
  if (told->is_local) co_return Result<void>();
  boost::system::error_code no_address;
  client_ip_ = boost::asio::ip::make_address(told->address, no_address);
  if (no_address) co_return fail(ErrorCode::kInvalid, "proxy: no address");
  client_.address = told->address + ":" + std::to_string(told->port);
  co_return Result<void>();
}

/// Nothing: as next_line.
net::awaitable<std::optional<smtp::Command>> Session::next_command() {
  if (ahead_) co_return std::exchange(ahead_, std::nullopt);
  const auto line = co_await next_line();
  if (!line) co_return std::nullopt;
  co_return smtp::parse_command(*line);
}

/// The next command if it is here already; a fault waits for next_line.
std::optional<smtp::Command> Session::buffered_command() {
  const auto next = reader_.next();
  if (next.state != smtp::LineReader::State::kLine) return std::nullopt;
  return smtp::parse_command(next.line);
}

/// Between two mails: why there shall be no further one.
std::optional<Refusal> Session::must_end() const {
  return protocol_.has_open_mail() ? std::nullopt : is_over_time();
}

std::optional<Refusal> Session::is_over_time() const {
  if (service_.draining) return Refusal::kShuttingDown;
  if (std::chrono::steady_clock::now() >= until_) return Refusal::kSessionUsedUp;
  return std::nullopt;
}

/// Nothing: the connection is over, and what was to be said about that has been said.
net::awaitable<std::optional<std::string>> Session::next_line() {
  const auto since =
      std::chrono::steady_clock::now();  // of the whole line, or one byte now and then would do
  for (;;) {
    const auto next = reader_.next();
    if (next.state == smtp::LineReader::State::kLine) co_return std::string(next.line);
    if (next.state == smtp::LineReader::State::kFault) {
      log_event(LogLevel::kWarning, "client-refused",
                {{"client", client_.address}, {"why", smtp::to_string(*next.fault)}});
      co_await refuse_and_close(next.fault == smtp::LineFault::kTooLong ? Refusal::kLineTooLong
                                : next.fault == smtp::LineFault::kNul   ? Refusal::kNulByte
                                                                        : Refusal::kBareNewline);
      co_return std::nullopt;
    }
    if (const auto why = must_end()) {
      co_await refuse_and_close(*why);
      co_return std::nullopt;
    }
    if (co_await flush() == Next::kClose) co_return std::nullopt;
    const auto room = reader_.prepare(kCommandChunkBytes);
    const auto now = std::chrono::steady_clock::now();
    auto within = service_.pace().command - (now - since);
    if (!protocol_.has_open_mail()) within = std::min(within, until_ - now);
    const auto got = co_await stream_.read_some_interruptible(room, std::max(within, within.zero()));
    if (!got && got.error().code != ErrorCode::kTimeout) co_return std::nullopt;
    if (!got) {
      const Refusal silent = service_.draining ? Refusal::kShuttingDown : Refusal::kInputTooSlow;
      co_await refuse_and_close(must_end().value_or(silent));
      co_return std::nullopt;
    }
    note_heard();
    if (!repair_) {
      reader_.commit(*got);
      continue;
    }
    const Bytes read(room.begin(), room.begin() + static_cast<std::ptrdiff_t>(*got));
    reader_.append(repair_->feed(read));
  }
}

net::awaitable<Session::Next> Session::perform(smtp::Action action) {
  return std::visit([this](auto&& what) { return on(std::forward<decltype(what)>(what)); },
                    std::move(action));
}

net::awaitable<Session::Next> Session::send(Reply reply) {
  send_later(reply);
  co_return co_await flush();
}

/// For replies inside a group: all go out with the last one, or when there is nothing more to read (RFC 2920
/// section 3.2).
Session::Next Session::send_later(const Reply& reply) {
  if (reply.code == kStartTlsFirst) service_.meter.refused_plaintext();
  replies_ += smtp::serialise(reply);
  return Next::kContinue;
}

net::awaitable<Session::Next> Session::flush() {
  if (replies_.empty()) co_return Next::kContinue;
  const std::string text = std::exchange(replies_, {});
  const auto sent = co_await stream_.write(bytes_of(text), kReplyWithin);
  co_return sent ? Next::kContinue : Next::kClose;
}

/// The reply to an action whose outcome the protocol must know.
net::awaitable<Session::Next> Session::answer(Reply reply) {
  protocol_.answered(reply);
  co_return co_await send(std::move(reply));
}

net::awaitable<Session::Next> Session::refuse_and_close(Refusal refusal) {
  if (entrance_.tls_first && !stream_.secure()) {  // in clear it would hear nothing that it understands
    stream_.cut();
    co_return Next::kClose;
  }
  co_await drop_mail(
      "the session was broken off");  // the next hop need not wait while the client is heard out
  if (co_await send(policy::reply_of(refusal)) == Next::kContinue)
    co_await stream_.close_after_reading(kHearOutWithin);
  co_return Next::kClose;
}

net::awaitable<Session::Next> Session::on(smtp::SendReply action) {
  co_return co_await send(std::move(action.reply));
}

net::awaitable<Session::Next> Session::on(smtp::CloseSession action) {
  co_await drop_mail("the sender ended the session");
  const bool by_quit = action.reply.is_positive();
  note_lost();  // a QUIT that was sent with the mail tells nothing
  if (co_await send(std::move(action.reply)) == Next::kClose) co_return Next::kClose;
  if (by_quit)
    stream_.close();
  else
    co_await stream_.close_after_reading(kHearOutWithin);
  co_return Next::kClose;
}

net::awaitable<Session::Next> Session::on(smtp::ShakeHands action) {
  if (!reader_.buffered().empty()) {
    log_event(LogLevel::kWarning, "client-refused",
              {{"client", client_.address}, {"why", "spoke before TLS was up"}});
    co_return co_await refuse_and_close(Refusal::kSpokeOutOfTurn);
  }
  // A handshake that cannot be signed would end in an alert that tells the client nothing.
  const auto context = listener();
  const tls::Keys keys = co_await tls::ask_keys(context);
  if (keys == tls::Keys::kBusy) co_return co_await refuse_and_close(Refusal::kTooManyConnections);
  if (keys == tls::Keys::kAway) co_return co_await refuse_and_close(Refusal::kStartTlsUnavailable);
  if (co_await send(std::move(action.reply)) == Next::kClose) co_return Next::kClose;
  co_return co_await shake_hands(context);
}

/// Null: this client must use TLS now.
const smtp::ClearException* Session::clear_exception() const {
  return lane_->clear_hosts.find(client_ip_, service_.forward_clock.now());
}

/// As the lane is now: who was revoked since the session began is not let in.
std::shared_ptr<const tls::Context> Session::listener() const {
  return service_.lanes.current(entrance_.direction)
      ->listener_for(client_ip_, day_of(service_.forward_clock.now()));
}

net::awaitable<Session::Next> Session::shake_hands(std::shared_ptr<const tls::Context> context) {
  auto facts = co_await stream_.handshake(
      std::move(context), std::min<tls::Stream::Duration>(kHandshakeWithin, service_.pace().command));
  if (!facts) {
    service_.meter.failed_handshake(Meter::Role::kServer);
    log_failed_handshake(facts.error().message);
    co_return Next::kClose;
  }
  service_.meter.handshake(Meter::Role::kServer, *facts);
  client_.session = std::move(*facts);
  protocol_.secured();
  co_return Next::kContinue;
}

/// On a listener where TLS comes first. What cannot be done then can only be closed.
net::awaitable<Session::Next> Session::shake_hands_first() {
  const auto context = listener();
  if (co_await tls::ask_keys(context) != tls::Keys::kReady) {
    log_failed_handshake("the keys are away");
    co_return Next::kClose;
  }
  co_return co_await shake_hands(context);
}

void Session::log_failed_handshake(std::string_view why) const {
  const Settings& settings = service_.settings;
  const SideSettings& side = lane_->direction == Direction::kIn ? settings.cjsm : settings.lan;
  const bool is_own = is_own_look(client_ip_, side.listen, why);
  log_event(is_own ? LogLevel::kInfo : LogLevel::kWarning, is_own ? "own-port-looked-at" : "handshake-failed",
            {{"client", client_.address}, {"side", to_string(lane_->direction)}, {"why", why}});
}

}  // namespace privyseal::gateway
