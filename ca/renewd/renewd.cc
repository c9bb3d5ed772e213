#include "ca/renewd/renewd.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <future>
#include <thread>
#include <vector>

#include "ca/renewd/desk.h"
#include "ca/renewd/renewal.h"
#include "firmware/base/audit/checkpoint_rhythm.h"
#include "firmware/base/log.h"
#include "firmware/base/service.h"
#include "hsm/audit_signer.h"

namespace privyseal::renewd {

namespace asio = boost::asio;

namespace {

// keyd answers within two seconds a call, and an operation makes a handful of them.
constexpr std::chrono::seconds kAnswerWithin{20};

/// No outside cause throws: a defect of ours ends the process, and systemd starts it again.
void rethrow(const std::exception_ptr& broken) {
  if (broken) std::rethrow_exception(broken);
}

}  // namespace

class Renewd::State {
 public:
  explicit State(Settings settings)
      : settings_(std::move(settings)),
        keyd_(settings_.keyd_socket),
        signer_(hsm::audit_signer(settings_.keyd_socket)) {}

  Result<void> open() {
    auto library = tls::Library::load(settings_.openssl_config);
    if (!library) return std::unexpected(library.error());
    auto store = ca::Store::open(settings_.state / "renewd.db", settings_.host + "/renewd", clock_);
    if (!store) return std::unexpected(store.error());
    store_ = std::move(*store);
    services_.reset(new Services{.store = *store_,
                                 .clock = clock_,
                                 .keys = Keys(keyd_),
                                 .library = *library,
                                 .est = {},
                                 .issuing = nullptr,
                                 .state = settings_.state});
    if (settings_.est) services_->est.emplace(*library, *settings_.est);
    if (settings_.authority)
      services_->issuing = std::make_unique<Issuing>(*store_, keyd_, clock_, *settings_.authority,
                                                     settings_.state / "authority");
    for (IdentitySettings& identity : settings_.identities)
      renewals_.push_back(std::make_unique<Renewal>(loop_, *services_, std::move(identity)));
    desk_.emplace(*services_, renewals_, *signer_);
    return {};
  }

  Result<void> run(const UniqueFd& stop) {
    if (settings_.door) {
      auto door = Door::open(*settings_.door, grants(),
                             [this](const DoorRequest& request) { return on_loop(request); });
      if (!door) return std::unexpected(door.error());
      door_ = std::move(*door);
    }
    for (auto& renewal : renewals_) asio::co_spawn(loop_, renewal->run(), rethrow);
    asio::co_spawn(loop_, keep_checkpoints(), rethrow);
    asio::posix::stream_descriptor signal(loop_, stop.get());
    signal.async_wait(asio::posix::stream_descriptor::wait_read,
                      [this](const boost::system::error_code& /*error*/) { end(); });
    notify_systemd("READY=1");
    log_event(LogLevel::kInfo, "renewd-ready", {{"identities", renewals_.size()}});
    loop_.run();
    static_cast<void>(signal.release());  // the descriptor is main's
    closer_.join();
    sign_log();
    log_event(LogLevel::kInfo, "renewd-stopped");
    return {};
  }

 private:
  /// On the door's thread: one request at a time.
  Result<JsonObject> on_loop(const DoorRequest& request) {
    // Shared: when the loop is late the answer comes to nobody.
    auto answer = std::make_shared<std::promise<Result<JsonObject>>>();
    auto answered = answer->get_future();
    asio::post(loop_, [this, answer, request] { answer->set_value(desk_->answer(request)); });
    if (answered.wait_for(kAnswerWithin) != std::future_status::ready)
      return fail(ErrorCode::kTimeout, "renewd is busy");
    return answered.get();
  }

  /// On the loop. The door waits for its request under way, which needs the loop: another thread closes it.
  void end() {
    notify_systemd("STOPPING=1");
    for (auto& renewal : renewals_) renewal->stop();
    closer_ = std::thread([this] {
      door_.reset();
      // What still waits for a network is given up: it is asked for again at the next start.
      asio::post(loop_, [this] { loop_.stop(); });
    });
  }

  net::awaitable<void> keep_checkpoints() {
    asio::steady_timer timer(loop_);
    for (;;) {
      timer.expires_after(audit::CheckpointRhythm::kLookEvery);
      co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
      const auto size = store_->log().size();
      if (!size || rhythm_.is_due(*size, std::chrono::steady_clock::now())) sign_log();
    }
  }

  /// What fails at every look is said once.
  void sign_log() {
    const auto size = store_->log().size();
    const auto done = store_->log().checkpoint(*signer_);
    if (done && size) rhythm_.signed_now(*size, std::chrono::steady_clock::now());
    const std::string why = done ? "" : done.error().message;
    if (!why.empty() && why != not_signed_) log_event(LogLevel::kWarning, "audit-not-signed", {{"why", why}});
    not_signed_ = why;
  }

  Settings settings_;
  const SystemClock clock_;
  hsm::Client keyd_;
  const std::unique_ptr<audit::Signer> signer_;
  std::unique_ptr<ca::Store> store_;
  audit::CheckpointRhythm rhythm_;
  std::unique_ptr<Services> services_;
  std::string not_signed_;
  // Coroutines that the end has cut short know what stands above, and timers in renewals know the loop.
  net::io_context loop_{1};
  asio::executor_work_guard<net::io_context::executor_type> work_{loop_.get_executor()};
  std::vector<std::unique_ptr<Renewal>> renewals_;
  std::optional<Desk> desk_;
  std::unique_ptr<Door> door_;
  std::thread closer_;
};

Result<std::unique_ptr<Renewd>> Renewd::open(Settings settings) {
  auto state = std::make_unique<State>(std::move(settings));
  if (auto opened = state->open(); !opened) return std::unexpected(opened.error());
  return std::unique_ptr<Renewd>(new Renewd(std::move(state)));
}

Renewd::Renewd(std::unique_ptr<State> state) : state_(std::move(state)) {}
Renewd::~Renewd() = default;

Result<void> Renewd::run(const UniqueFd& stop) { return state_->run(stop); }

}  // namespace privyseal::renewd
