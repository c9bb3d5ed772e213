#include "web-admin/server/packer.h"

#include <condition_variable>
#include <mutex>

#include "firmware/base/audit/door_operations.h"
#include "firmware/base/log.h"
#include "provisioning/evidence/embedded.h"

namespace privyseal::web {
namespace {

using evidence::Daemon;

/// The console's own part: its log through a connection of the packer's own, who its users are, and what
/// its settings claim of the token.
Result<JsonObject> ask_ourselves(const Settings& settings, const JsonObject& accounts,
                                 const JsonObject& request) {
  const auto operation = json_text(request, "op");
  if (!operation) return std::unexpected(operation.error());
  if (*operation == "users") return accounts;
  if (*operation == "status") return JsonObject{{evidence::kTokenClaim, settings.validated_token}};
  auto database = Database::open(settings.state / "console.db", Database::Mode::kReadOnly);
  if (!database) return std::unexpected(database.error());
  return audit::answer_door(*operation, request,
                            {.database = *database, .origin = settings.host + "/admind", .public_key = {}});
}

/// As the visitor asks: his name stands in the other daemons' logs.
Result<JsonObject> ask_as(const Actor& who, const std::filesystem::path& door, JsonObject request,
                          std::chrono::milliseconds deadline) {
  request["actor"] = JsonObject{{"name", who.name}, {"role", who.role}, {"source", who.source}};
  return ask_door(door, request, deadline);
}

void wait_for_end(const std::stop_token& stop, std::chrono::seconds most) {
  std::mutex mutex;
  std::condition_variable_any never;
  std::unique_lock lock(mutex);
  static_cast<void>(never.wait_for(lock, stop, most, [] { return false; }));
}

}  // namespace

Result<void> Packer::start(Order order, Done done) {
  if (is_stopped_) return fail(ErrorCode::kUnavailable, "the console is stopping");
  const bool is_under_way = state_.with(
      [](const State& state) { return state.order.has_value() && !state.failure && state.pack == nullptr; });
  if (is_under_way) return fail(ErrorCode::kConflict, "a pack is being made already");
  thread_ = {};
  state_.with([&](State& state) { state = {.order = order, .failure = {}, .pack = {}}; });
  thread_ = std::jthread([this, order = std::move(order),
                          done = std::move(done)](const std::stop_token& stop) { work(stop, order, done); });
  return {};
}

void Packer::stop() {
  is_stopped_ = true;
  thread_ = {};
}

void Packer::work(const std::stop_token& stop, const Order& order, const Done& done) {
  const auto made = make(stop, order);
  if (!made) log_event(LogLevel::kWarning, "audit-pack-not-made", {{"why", made.error().message}});
  done(made);
  state_.with([&](State& state) {
    if (made)
      state.pack = *made;
    else
      state.failure = made.error();
  });
  wait_for_end(stop, kKeptFor);
  state_.with([](State& state) { state = {}; });
}

Result<Packer::Made> Packer::make(const std::stop_token& stop, const Order& order) const {
  const auto ask = [&](Daemon daemon, const JsonObject& request,
                       std::chrono::milliseconds deadline) -> Result<JsonObject> {
    if (stop.stop_requested()) return fail(ErrorCode::kUnavailable, "the console is stopping");
    auto answer =
        daemon == Daemon::kAdmind
            ? ask_ourselves(settings_, order.accounts, request)
            : ask_as(order.who, daemon == Daemon::kGatewayd ? settings_.gateway_door : settings_.renewal_door,
                     request, deadline);
    if (!answer) return fail(name_of(daemon), answer.error());
    return answer;
  };
  const auto terms = evidence::parse_terms(evidence::kTerms, "terms v10.2");
  if (!terms) return std::unexpected(terms.error());
  evidence::Appliance appliance(ask, settings_.keyd_socket);
  auto pack = evidence::make_pack(
      {.appliance = appliance, .clock = clock_, .folder = settings_.state, .say = [](std::string_view) {}},
      order.range, wait_, *terms, order.declarations);
  if (!pack) return std::unexpected(pack.error());
  return std::make_shared<const evidence::SignedPack>(std::move(*pack));
}

}  // namespace privyseal::web
