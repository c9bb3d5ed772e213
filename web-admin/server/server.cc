#include "web-admin/server/server.h"

#include <poll.h>
#include <sys/socket.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <future>
#include <optional>
#include <thread>

#include "firmware/base/audit/checkpoint_writer.h"
#include "firmware/base/file.h"
#include "firmware/base/log.h"
#include "firmware/base/service.h"
#include "hsm/audit_signer.h"
#include "web-admin/server/admission.h"
#include "web-admin/server/connection.h"
#include "web-admin/server/identity.h"
#include "web-admin/server/ledger_exporter.h"
#include "web-admin/server/own_door.h"
#include "web-admin/server/packer.h"
#include "web-admin/server/store.h"

namespace privyseal::web {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

constexpr auto kAwait = asio::as_tuple(asio::use_awaitable);
constexpr std::chrono::seconds kLookAtIdentityEvery{2};
constexpr std::chrono::milliseconds kPauseWhenExhausted{100};  // out of descriptors

net::awaitable<Answered> answer_at_desk(Console* console, Request request, std::string source) {
  co_return console->answer(request, std::move(source));
}

/// Wherever an exception reaches, no outside cause threw it: a defect of ours ends the process.
void end_on_defect(const std::exception_ptr& broken) {
  if (broken) std::rethrow_exception(broken);
}

std::string host_and_port(const net::tcp::endpoint& endpoint) {
  const std::string host = endpoint.address().to_string();
  return (endpoint.address().is_v6() ? "[" + host + "]" : host) + ":" + std::to_string(endpoint.port());
}

}  // namespace

class Server::State {
 public:
  State(Settings settings, std::span<const Route> routes, Apology apology)
      : settings_(std::move(settings)), routes_(routes), apology_(apology), keys_(settings_.keyd_socket) {}

  Result<void> open() {
    auto library = tls::Library::load(settings_.openssl_config);
    if (!library) return std::unexpected(library.error());
    auto identity = Identity::open(std::move(*library), settings_.identity);
    if (!identity) return std::unexpected(identity.error());
    identity_.emplace(std::move(*identity));
    if (auto opened = open_records(); !opened) return opened;
    services_.emplace(
        Services{.settings = settings_,
                 .clock = clock_,
                 .users = store_->users(),
                 .sessions = store_->sessions(),
                 .claims = store_->claims(),
                 .challenges = challenges_,
                 .open_claims = open_claims_,
                 .declarations = store_->declarations(),
                 .destructions = store_->destructions(),
                 .journal = store_->journal(),
                 .keys = keys_,
                 .log_reader = *log_reader_,
                 .log_origin = origin(),
                 .audit_key = [this] { return checkpoints_->state().public_key; },
                 .token_banner = token_banner_,
                 .packer = packer_,
                 .ledger_exporter = ledger_exporter_,
                 .at_desk = [this](std::function<void()> task) { asio::post(desk_, std::move(task)); }});
    console_.emplace(*services_, routes_, apology_);
    if (auto listening = listen(); !listening) return listening;
    if (auto noted = note_life("console-started"); !noted) return noted;
    return open_door();
  }

  Result<void> run(const UniqueFd& stop) {
    asio::co_spawn(loop_, accept_all(this), end_on_defect);
    asio::co_spawn(loop_, watch_identity(this), end_on_defect);
    loop_thread_ = std::thread([this] { loop_.run(); });
    if (auto written = write_status(); !written) return written;
    notify_systemd("READY=1");
    log_event(LogLevel::kInfo, "console-ready", {{"listen", host_and_port(endpoint())}});
    pollfd entry{.fd = stop.get(), .events = POLLIN, .revents = 0};
    while (::poll(&entry, 1, -1) < 0 && errno == EINTR) {
    }
    notify_systemd("STOPPING=1");
    log_event(LogLevel::kInfo, "console-stopped");
    return {};
  }

  ~State() {
    door_.reset();  // its requests are answered at the desk
    loop_.stop();
    if (loop_thread_.joinable()) loop_thread_.join();
    // At the desk, as every order; what it has to say of its end is done there behind this.
    asio::post(desk_, [this] {
      packer_.stop();
      ledger_exporter_.stop();
    });
    desk_.join();
    if (const auto noted = note_life("console-stopped"); !noted)
      log_event(LogLevel::kWarning, "console-stop-not-recorded", {{"why", noted.error().message}});
    if (checkpoints_) checkpoints_->stop();
  }

 private:
  [[nodiscard]] std::string origin() const { return settings_.host + "/admind"; }

  Result<void> open_records() {
    const std::filesystem::path file = settings_.state / "console.db";
    auto store = Store::open(file, origin(), clock_);
    if (!store) return std::unexpected(store.error());
    store_ = std::move(*store);
    auto reader = Database::open(file, Database::Mode::kReadOnly);
    if (!reader) return std::unexpected(reader.error());
    log_reader_.emplace(std::move(*reader));
    auto checkpoints = audit::CheckpointWriter::start({.database = file, .origin = origin()},
                                                      hsm::audit_signer(settings_.keyd_socket), clock_);
    if (!checkpoints) return std::unexpected(checkpoints.error());
    checkpoints_ = std::move(*checkpoints);
    return {};
  }

  /// While no request is at the desk.
  Result<void> note_life(std::string_view action) {
    if (!store_) return {};
    return store_->journal().note({.name = "privyseal-admind", .role = "daemon", .source = "local"},
                                  {.action = action, .object = "console"});
  }

  /// At the port that systemd opened for us, else at our own.
  Result<void> listen() {
    auto inherited = inherited_socket();
    if (!inherited) return std::unexpected(inherited.error());
    return *inherited ? listen_at(std::move(**inherited)) : listen_anew();
  }

  Result<void> listen_at(UniqueFd port) {
    int family = 0;
    socklen_t length = sizeof(family);
    if (::getsockopt(port.get(), SOL_SOCKET, SO_DOMAIN, &family, &length) != 0)
      return fail_errno("SO_DOMAIN");
    error_code error;
    acceptor_.assign(family == AF_INET6 ? net::tcp::v6() : net::tcp::v4(), port.get(), error);
    if (error) return fail(ErrorCode::kUnavailable, "listen: " + error.message());
    static_cast<void>(port.release());  // the acceptor's now
    return {};
  }

  Result<void> listen_anew() {
    error_code error;
    const net::tcp::endpoint wanted(asio::ip::make_address(settings_.listen.host, error),
                                    settings_.listen.port);
    if (!error) acceptor_.open(wanted.protocol(), error);
    if (!error) acceptor_.set_option(net::tcp::acceptor::reuse_address(true), error);
    if (!error) acceptor_.bind(wanted, error);
    if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
    if (error) return fail(ErrorCode::kUnavailable, "listen: " + error.message());
    return {};
  }

  Result<void> open_door() {
    if (!settings_.door) return {};
    auto door = Door::open(*settings_.door, kDoorGrants,
                           [this](const DoorRequest& request) { return answer_door_at_desk(request); });
    if (!door) return std::unexpected(door.error());
    door_ = std::move(*door);
    return {};
  }

  /// The door's thread waits; the desk answers.
  Result<JsonObject> answer_door_at_desk(const DoorRequest& request) {
    std::promise<Result<JsonObject>> answer;
    asio::post(desk_, [&] { answer.set_value(answer_door(*services_, request)); });
    return answer.get_future().get();
  }

  [[nodiscard]] net::tcp::endpoint endpoint() const {
    error_code ignored;
    return acceptor_.local_endpoint(ignored);
  }

  Result<void> write_status() {
    if (settings_.status.empty()) return {};
    return replace_file(settings_.status, bytes_of("console=" + host_and_port(endpoint()) + "\n"), 0644);
  }

  void start_connection(net::tcp::socket socket) {
    error_code gone;
    const std::string source = socket.remote_endpoint(gone).address().to_string();
    if (gone) return;
    if (!admission_.enter(source, std::chrono::steady_clock::now())) {
      log_event(LogLevel::kWarning, "connection-refused", {{"source", source}});
      return;
    }
    ConnectionSettings settings{
        .desk =
            [this](Request request, std::string from) {
              return asio::co_spawn(desk_, answer_at_desk(&*console_, std::move(request), std::move(from)),
                                    asio::use_awaitable);
            },
        .context = identity_->context(),
        .signed_in =
            [this](const std::string& from) {
              admission_.signed_in(from, std::chrono::steady_clock::now());
            }};
    asio::co_spawn(loop_, serve_connection(std::move(settings), std::move(socket)),
                   [this, source](const std::exception_ptr& broken) {
                     admission_.leave(source);
                     end_on_defect(broken);
                   });
  }

  static net::awaitable<void> accept_all(State* state) {
    for (;;) {
      auto [error, socket] = co_await state->acceptor_.async_accept(kAwait);
      if (!error) {
        state->start_connection(std::move(socket));
        continue;
      }
      log_event(LogLevel::kError, "accept-failed", {{"why", error.message()}});
      asio::steady_timer pause(state->loop_, kPauseWhenExhausted);
      co_await pause.async_wait(kAwait);
    }
  }

  static net::awaitable<void> watch_identity(State* state) {
    asio::steady_timer timer(state->loop_);
    for (;;) {
      timer.expires_after(kLookAtIdentityEvery);
      co_await timer.async_wait(kAwait);
      state->identity_->refresh();
    }
  }

  const Settings settings_;
  const std::span<const Route> routes_;
  const Apology apology_;
  const SystemClock clock_;
  hsm::Client keys_;
  std::unique_ptr<Store> store_;
  std::optional<Database> log_reader_;
  std::unique_ptr<audit::CheckpointWriter> checkpoints_;
  Challenges challenges_;
  OpenClaims open_claims_;
  std::optional<Services> services_;
  std::optional<Console> console_;
  TokenBanner token_banner_{settings_};
  Packer packer_{settings_, clock_};
  LedgerExporter ledger_exporter_{settings_, clock_};
  asio::thread_pool desk_{1};
  net::io_context loop_{1};
  std::optional<Identity> identity_;  // the loop's
  Admission admission_;               // the loop's
  net::tcp::acceptor acceptor_{loop_};
  std::unique_ptr<Door> door_;
  std::thread loop_thread_;
};

Result<std::unique_ptr<Server>> Server::open(Settings settings, std::span<const Route> routes,
                                             Apology apology) {
  auto state = std::make_unique<State>(std::move(settings), routes, apology);
  if (auto opened = state->open(); !opened) return std::unexpected(opened.error());
  return std::unique_ptr<Server>(new Server(std::move(state)));
}

Server::Server(std::unique_ptr<State> state) : state_(std::move(state)) {}
Server::~Server() = default;

Result<void> Server::run(const UniqueFd& stop) { return state_->run(stop); }

}  // namespace privyseal::web
