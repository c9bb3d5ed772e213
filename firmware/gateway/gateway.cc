#include "firmware/gateway/gateway.h"

#include <poll.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <chrono>
#include <optional>
#include <thread>
#include <tuple>
#include <vector>

#include "firmware/base/file.h"
#include "firmware/base/forward_clock.h"
#include "firmware/base/log.h"
#include "firmware/base/service.h"
#include "firmware/gateway/ledger_age.h"
#include "firmware/gateway/ledger_reader.h"
#include "firmware/gateway/listener.h"
#include "firmware/gateway/session.h"
#include "firmware/gateway/side_work.h"
#include "firmware/tls/job.h"

namespace privyseal::gateway {

namespace asio = boost::asio;
using namespace std::chrono_literals;

namespace {

constexpr auto kDrainWithin = 30s;
constexpr auto kDrainPoll = 20ms;

/// One thread's event loop and the streams that wait on it.
struct Loop {
  net::io_context context{1};
  asio::executor_work_guard<net::io_context::executor_type> work{context.get_executor()};
  Waiting waiting;
  std::thread thread;
};

/// The pool ends with the run: what still waits for a signature then is ended on the thread that began it.
void run_loop(net::io_context* context) {
  const tls::JobPool jobs;
  context->run();
}

net::awaitable<void> serve(Service* service, Entrance entrance, Waiting* waiting, net::tcp::socket socket) {
  Session session(*service, entrance, *waiting, std::move(socket));
  co_await session.run();
}

}  // namespace

class Gateway::State {
 public:
  explicit State(Settings settings) : settings_(std::move(settings)) {}

  Result<void> open() {
    auto library = tls::Library::load(settings_.openssl_config);
    if (!library) return std::unexpected(library.error());
    auto lanes = Lanes::open(settings_, *library);
    if (!lanes) return std::unexpected(lanes.error());
    auto route = policy::Route::create(settings_.domains, settings_.mappings);
    if (!route) return std::unexpected(route.error());
    auto ledger = Ledger::open(settings_.ledger, settings_.audit.origin, clock_);
    if (!ledger) return std::unexpected(ledger.error());
    auto reader = LedgerReader::open(settings_.ledger);
    if (!reader) return std::unexpected(reader.error());
    const auto latest = latest_time(reader->database());
    if (!latest) return std::unexpected(latest.error());
    forward_clock_.emplace(clock_, *latest);
    const auto state = settings_.ledger.parent_path();
    auto book = RuleBook::open(
        {.folder = settings_.policy, .line = state / "line.json", .brought = state / "policy"}, clock_);
    if (!book) return std::unexpected(book.error());
    auto counted = counted_before(settings_.ledger, (*book)->rules()->options, clock_.now());
    if (!counted) return std::unexpected(counted.error());
    (*book)->count_again(*counted);
    book_ = std::move(*book);
    lanes_ = std::move(*lanes);
    route_.emplace(std::move(*route));
    ledger_ = std::move(*ledger);
    service_.reset(
        new Service{.settings = settings_,
                    .route = *route_,
                    .clock = clock_,
                    .forward_clock = *forward_clock_,
                    .ledger = *ledger_,
                    .lanes = *lanes_,
                    .book = *book_,
                    .firewall = firewall_,
                    .seats = Seats(settings_.limits.max_connections_per_client),
                    .relays = HopBoard(settings_.cjsm.hops, settings_.limits.max_connections_per_hop),
                    .mail_servers = HopBoard(settings_.lan.hops, settings_.limits.max_connections_per_hop)});
    make_loops();
    return open_listeners();
  }

  Result<void> run(const UniqueFd& stop) {
    auto beside = SideWork::start(*service_);
    if (!beside) return std::unexpected(beside.error());
    beside_ = std::move(*beside);
    for (auto& loop : loops_) loop->thread = std::thread(run_loop, &loop->context);
    for (auto& listener : listeners_) listener->start();
    if (auto written = write_status(); !written) return written;
    notify_systemd("READY=1");
    log_event(LogLevel::kInfo, "gateway-ready",
              {{"lan", listeners_[0]->port()}, {"cjsm", listeners_[1]->port()}, {"loops", loops_.size()}});
    pollfd entry{.fd = stop.get(), .events = POLLIN, .revents = 0};
    while (::poll(&entry, 1, -1) < 0 && errno == EINTR) {
    }
    drain();
    return {};
  }

  void stop_loops() {
    for (auto& loop : loops_) loop->context.stop();
    for (auto& loop : loops_)
      if (loop->thread.joinable()) loop->thread.join();
  }

  ~State() {
    if (beside_) beside_->stop();
    stop_loops();
    if (ledger_) ledger_->stop();  // its thread wakes loops: it ends before them
    beside_.reset();               // signs the last checkpoint, which covers the last entry
    // Sessions that the drain could not wait for end here, before the ledger that they know.
    listeners_.clear();
    loops_.clear();
  }

 private:
  void make_loops() {
    const std::uint32_t count =
        settings_.threads != 0 ? settings_.threads : std::max(1U, std::thread::hardware_concurrency());
    for (std::uint32_t i = 0; i < count; ++i) loops_.push_back(std::make_unique<Loop>());
  }

  Result<void> open_listeners() {
    const auto& [lan, cjsm] = std::tie(settings_.lan, settings_.cjsm);
    if (auto opened = open_listener(lan.listen, {.direction = Direction::kOut}); !opened) return opened;
    if (auto opened = open_listener(cjsm.listen, {.direction = Direction::kIn}); !opened) return opened;
    for (const auto& [side, direction] : {std::pair{&lan, Direction::kOut}, {&cjsm, Direction::kIn}}) {
      if (!side->listen_tls) continue;
      auto opened = open_listener(*side->listen_tls, {.direction = direction, .tls_first = true});
      if (!opened) return opened;
    }
    return {};
  }

  Result<void> open_listener(const HostPort& address, Entrance entrance) {
    std::vector<net::io_context*> contexts;
    contexts.reserve(loops_.size());
    for (auto& loop : loops_) contexts.push_back(&loop->context);
    auto listener = Listener::open(address, std::move(contexts),
                                   [this, entrance](std::size_t loop, net::tcp::socket socket) {
                                     start_session(*loops_[loop], entrance, std::move(socket));
                                   });
    if (!listener) return std::unexpected(listener.error());
    const HostPort bound{.host = address.host, .port = (*listener)->port()};
    const std::string_view name = entrance.direction == Direction::kOut ? "lan" : "cjsm";
    status_ += std::string(name) + (entrance.tls_first ? "_tls=" : "=") + bound.text() + "\n";
    listeners_.push_back(std::move(*listener));
    return {};
  }

  void start_session(Loop& loop, Entrance entrance, net::tcp::socket socket) {
    const bool is_in = entrance.direction == Direction::kIn;
    ++service_->sessions;
    if (is_in) ++service_->sessions_in;
    asio::co_spawn(loop.context, serve(service_.get(), entrance, &loop.waiting, std::move(socket)),
                   [service = service_.get(), is_in](const std::exception_ptr& broken) {
                     if (is_in) --service->sessions_in;
                     --service->sessions;
                     // No outside cause throws: a defect of ours ends the process, and systemd starts it
                     // again.
                     if (broken) std::rethrow_exception(broken);
                   });
  }

  Result<void> write_status() {
    if (settings_.status.empty()) return {};
    return replace_file(settings_.status, bytes_of(status_), 0644);
  }

  void drain() {
    notify_systemd("STOPPING=1");
    service_->draining = true;
    for (auto& listener : listeners_) listener->stop();
    for (auto& loop : loops_)
      asio::post(loop->context, [&waiting = loop->waiting] { waiting.interrupt_all(); });
    const auto until = std::chrono::steady_clock::now() + kDrainWithin;
    while (service_->sessions > 0 && std::chrono::steady_clock::now() < until)
      std::this_thread::sleep_for(kDrainPoll);
    log_event(LogLevel::kInfo, "gateway-stopped", {{"sessions-cut", service_->sessions.load()}});
    beside_->note_stop();
  }

  const Settings settings_;
  const SystemClock clock_;
  std::optional<ForwardClock> forward_clock_;
  std::unique_ptr<Lanes> lanes_;
  std::optional<policy::Route> route_;
  std::unique_ptr<RuleBook> book_;
  FirewallWatch firewall_{settings_.firewall, clock_};
  std::unique_ptr<Ledger> ledger_;
  std::unique_ptr<Service> service_;
  std::vector<std::unique_ptr<Loop>> loops_;
  std::vector<std::unique_ptr<Listener>> listeners_;  // lan, cjsm, and those with TLS first
  std::string status_;                                // the listeners' addresses, a line each
  std::unique_ptr<SideWork> beside_;
};

Result<std::unique_ptr<Gateway>> Gateway::open(Settings settings) {
  auto state = std::make_unique<State>(std::move(settings));
  if (auto opened = state->open(); !opened) return std::unexpected(opened.error());
  return std::unique_ptr<Gateway>(new Gateway(std::move(state)));
}

Gateway::Gateway(std::unique_ptr<State> state) : state_(std::move(state)) {}
Gateway::~Gateway() = default;

Result<void> Gateway::run(const UniqueFd& stop) { return state_->run(stop); }

}  // namespace privyseal::gateway
