#include "ca/renewd/renewal.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <random>

#include "firmware/base/file.h"
#include "firmware/base/log.h"

namespace privyseal::renewd {

using ca::GenerationState;
using ca::IdentityState;
using ca::Issuer;
using ca::Step;
using Kind = Step::Kind;
using std::chrono::milliseconds;

namespace {

// How often an idle identity looks at the clock again: alarms have marks in days, and clocks may be set.
constexpr milliseconds kLongestPause = std::chrono::hours(1);
constexpr std::size_t kMaxRootsBytes = 64 * 1024;
constexpr std::int64_t kPermille = 1000;

bool is_wait(const Step& step) {
  return step.kind == Kind::kNothing || step.kind == Kind::kWaitUntil || step.kind == Kind::kWaitForHuman;
}

std::string key_uri(const ca::Generation& generation) { return "keyd:" + generation.key; }

}  // namespace

std::int64_t Renewal::random_permille() {
  thread_local std::minstd_rand random{std::random_device{}()};
  return std::uniform_int_distribution<std::int64_t>(0, kPermille)(random);
}

Renewal::Renewal(net::io_context& loop, Services& services, IdentitySettings settings)
    : services_(services),
      settings_(std::move(settings)),
      folder_(services.state / "identities" / settings_.name),
      timer_(loop) {}

void Renewal::stop() {
  stopping_ = true;
  timer_.cancel();
}

net::awaitable<void> Renewal::pause(milliseconds most) {
  timer_.expires_after(std::min(most, kLongestPause));
  co_await timer_.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
}

net::awaitable<void> Renewal::run() {
  while (!stopping_) {
    Result<void> done;
    milliseconds rest = settings_.rules.retry_first;
    auto state = identity();
    if (!state) {
      done = std::unexpected(state.error());
    } else {
      done = review_alarm(*state);
      const Step step = ca::next_step(*state, now());
      if (done && !is_wait(step)) {
        done = co_await take(step, std::move(*state));
        if (done) continue;
      } else if (done) {
        rest = step.until - now();
      }
    }
    if (!done)
      log_event(LogLevel::kError, "renewal-stands-still",
                {{"identity", settings_.name}, {"why", done.error().message}});
    if (!stopping_) co_await pause(rest);
  }
}

Result<IdentityState> Renewal::identity() const {
  auto generations = services_.store.generations(settings_.name);
  if (!generations) return std::unexpected(generations.error());
  const auto on_disk = folder_.active();
  if (!on_disk) return std::unexpected(on_disk.error());
  return IdentityState{
      .rules = settings_.rules, .generations = std::move(*generations), .active_on_disk = *on_disk};
}

Result<std::optional<ca::StandingAlarm>> Renewal::alarm() const {
  return services_.store.alarm(settings_.name);
}

net::awaitable<Result<void>> Renewal::take(Step step, IdentityState identity) {
  const ca::Generation* generation = ca::find(identity, step.generation);
  if (generation != nullptr && step.kind == Kind::kSubmit) {
    const ca::Generation* active = ca::active_of(identity);
    co_return co_await submit(*generation,
                              active == nullptr ? std::nullopt : std::optional<ca::Generation>(*active));
  }
  if (generation != nullptr && step.kind == Kind::kProbe) co_return co_await probe(*generation);
  if (generation != nullptr && step.kind == Kind::kProveLive) co_return co_await prove_live(*generation);
  co_return take_now(step, identity, daemon());
}

/// The steps that wait for no network (keyd answers within its deadline).
Result<void> Renewal::take_now(const Step& step, const IdentityState& identity, const Actor& actor) {
  const ca::Generation* generation = ca::find(identity, step.generation);
  if (generation == nullptr) return start(identity, actor);
  switch (step.kind) {
    case Kind::kGenerate:
      return make_key(*generation, actor);
    case Kind::kMakeCsr:
      return make_csr(*generation, actor);
    case Kind::kJudge:
      return judge(*generation, identity, actor);
    case Kind::kActivate:
      return activate_now(identity, *generation, actor);
    case Kind::kRollBack:
      return roll_back_now(identity, *generation, actor);
    case Kind::kRetire:
      return retire(*generation, actor);
    case Kind::kGiveUp: {
      const std::string why =
          "the certificate ended at " + to_rfc3339(generation->not_after) + ", before it was served";
      return record({ca::given_up(*generation, why, now())}, {"generation-failed", "failed", why}, actor);
    }
    default:
      return {};
  }
}

Result<void> Renewal::start(const IdentityState& identity, const Actor& actor) {
  const auto number = services_.keys.next_number(settings_.name);
  if (!number) return std::unexpected(number.error());
  auto generation = ca::started(identity, settings_.name, *number, random_permille(), now());
  if (!generation) return std::unexpected(generation.error());
  return record({std::move(*generation)}, {"generation-started"}, actor);
}

Result<void> Renewal::start_instead_of(std::int64_t number, const IdentityState& identity,
                                       const Actor& actor) {
  const ca::Generation* candidate = ca::find(identity, number);
  const std::string replaced = candidate == nullptr ? "" : ca::words_of(*candidate);
  const auto next_number = services_.keys.next_number(settings_.name);
  if (!next_number) return std::unexpected(next_number.error());
  auto changed = ca::started_instead_of(identity, number, "given up for a new request", settings_.name,
                                        *next_number, random_permille(), now());
  if (!changed) return std::unexpected(changed.error());
  return record(std::move(*changed), {"generation-started", "ok", "in place of " + replaced}, actor);
}

Result<void> Renewal::make_key(const ca::Generation& generation, const Actor& actor) {
  const auto made = services_.keys.make(generation.key, settings_.role, settings_.key_type);
  if (made) return record({ca::with_key(generation)}, {"key-made"}, actor);
  if (made.error().code != ErrorCode::kConflict)
    return delay(generation, "key-not-made", made.error().message);
  return record({ca::given_up(generation, made.error().message, now())},
                {"generation-failed", "failed", made.error().message}, actor);
}

Result<void> Renewal::make_csr(const ca::Generation& generation, const Actor& actor) {
  auto csr = services_.keys.request(generation.key, settings_.subject);
  if (csr) return record({ca::requested(generation, std::move(*csr), now())}, {"request-made"}, actor);
  if (csr.error().code != ErrorCode::kNotFound)
    return delay(generation, "request-not-made", csr.error().message);
  return record({ca::given_up(generation, csr.error().message, now())},
                {"generation-failed", "failed", csr.error().message}, actor);
}

std::filesystem::path Renewal::roots() const {
  return settings_.rules.issuer == Issuer::kLocal ? services_.issuing->root_file() : settings_.roots;
}

Result<std::vector<ca::Certificate>> Renewal::root_certificates() const {
  if (settings_.rules.issuer == Issuer::kLocal) {
    auto root = services_.issuing->root();
    if (!root) return std::unexpected(root.error());
    return std::vector{std::move(*root)};
  }
  const auto text = read_file(settings_.roots, kMaxRootsBytes);
  if (!text) return std::unexpected(text.error());
  return ca::parse_certificates(*text);
}

Result<ca::Judgement> Renewal::judgement_of(const ca::Generation& generation, const IdentityState& identity,
                                            std::string_view chain) const {
  auto public_key = services_.keys.public_key(generation.key);
  if (!public_key) return std::unexpected(public_key.error());
  auto roots = root_certificates();
  if (!roots) return fail("the pinned roots", roots.error());
  const ca::Generation* active = ca::active_of(identity);
  const auto offered = ca::parse_certificates(bytes_of(chain));
  if (!offered)
    return ca::Judgement{
        .refusals = {{ca::Reason::kNoCertificate, offered.error().message}}, .warnings = {}, .chain = {}};
  return ca::judge({.public_key = std::move(*public_key),
                    .dns_names = settings_.subject.dns_names,
                    .needs_server = true,
                    .needs_client = settings_.is_client(),
                    .roots = std::move(*roots),
                    .active_fingerprint = active == nullptr ? std::string() : active->fingerprint},
                   *offered, now());
}

ca::Generation Renewal::accepted_as(ca::Generation generation, const ca::Judgement& judgement) {
  const ca::Certificate& leaf = judgement.chain.front();
  generation.judged = true;
  generation.chain = ca::to_pem(judgement.chain);
  generation.subject = leaf.subject;
  generation.issuer = leaf.issuer;
  generation.serial = leaf.serial;
  generation.fingerprint = leaf.fingerprint;
  generation.not_before = leaf.not_before;
  generation.not_after = leaf.not_after;
  // Where the relay refused the one before, only a trial that passes ends the alarm.
  if (generation.refused_trials > 0) return generation;
  generation.failures = 0;
  generation.why.clear();
  return generation;
}

const Actor& Renewal::daemon() {
  static const Actor daemon{.name = "renewd", .role = "daemon", .source = "local"};
  return daemon;
}

Result<void> Renewal::judge(const ca::Generation& generation, const IdentityState& identity,
                            const Actor& actor) {
  const auto judgement = judgement_of(generation, identity, generation.chain);
  if (!judgement) return delay(generation, "certificate-not-judged", judgement.error().message);
  if (judgement->is_accepted())
    return record({accepted_as(generation, *judgement)}, {"certificate-accepted"}, actor);
  const std::string why = "the certificate that came was refused: " + judgement->refusal_text();
  const auto wait = ca::retry_after(generation.failures + 1, random_permille(), settings_.rules.retry_first);
  return record({ca::refused(generation, why, now() + wait, now())}, {"certificate-refused", "failed", why},
                actor);
}

Result<void> Renewal::activate_now(const IdentityState& identity, const ca::Generation& generation,
                                   const Actor& actor) {
  if (auto written = folder_.write(generation.number, generation.chain, key_uri(generation)); !written)
    return written;
  if (auto moved = folder_.activate(generation.number); !moved) return moved;
  return record(ca::activated(identity, generation.number, now()), {"activated"}, actor);
}

Result<void> Renewal::roll_back_now(const IdentityState& identity, const ca::Generation& generation,
                                    const Actor& actor) {
  if (auto written = folder_.write(generation.number, generation.chain, key_uri(generation)); !written)
    return written;
  if (auto moved = folder_.activate(generation.number); !moved) return moved;
  return record(ca::rolled_back(identity, generation.number, now()), {"rolled-back"}, actor);
}

Result<void> Renewal::retire(const ca::Generation& generation, const Actor& actor) {
  if (auto done = services_.keys.retire(generation.key); !done)
    return delay(generation, "key-not-retired", done.error().message);
  return record({ca::retired(generation, now())}, {"key-retired"}, actor);
}

bool Renewal::is_unchanged(const ca::Generation& generation) const {
  const auto state = identity();
  const ca::Generation* current = state ? ca::find(*state, generation.number) : nullptr;
  return current != nullptr && *current == generation;
}

audit::Entry Renewal::entry(const Event& event, std::int64_t generation, const Actor& actor) const {
  return {.actor = actor.name,
          .role = actor.role,
          .source = actor.source,
          .action = event.action,
          .object = settings_.name + (generation > 0 ? "/" + std::to_string(generation) : ""),
          .outcome = event.outcome,
          .why = event.why};
}

Result<void> Renewal::record(std::vector<ca::Generation> changed, Event event, const Actor& actor) {
  const auto number = changed.back().number;
  if (auto written = services_.store.record(settings_.name, changed, entry(event, number, actor)); !written)
    return fail("renewd.db", written.error());
  log_event(event.outcome == "ok" ? LogLevel::kInfo : LogLevel::kWarning, event.action,
            {{"identity", settings_.name}, {"generation", number}, {"why", event.why}});
  return {};
}

Result<void> Renewal::delay(const ca::Generation& generation, std::string action, const std::string& why,
                            std::optional<milliseconds> wait) {
  const auto rest =
      wait.value_or(ca::retry_after(generation.failures + 1, random_permille(), settings_.rules.retry_first));
  return record({ca::delayed(generation, why, now() + rest)}, {std::move(action), "failed", why}, daemon());
}

Result<void> Renewal::review_alarm(const IdentityState& identity) {
  const auto standing = alarm();
  if (!standing) return std::unexpected(standing.error());
  const auto current = ca::alarm_of(identity, now());
  if (!current && !*standing) return {};
  if (current && !ca::is_news(*standing, *current)) return {};
  Event event{.action = current ? "alarm" : "alarm-over",
              .outcome = current ? (current->is_critical ? "critical" : "warning") : "ok",
              .why = current ? current->why : ""};
  std::optional<ca::StandingAlarm> next;
  if (current) {
    // It stands since its cause does, whatever else changed about it.
    const bool goes_on = *standing && (*standing)->alarm.cause == current->cause;
    next = ca::StandingAlarm{.alarm = *current, .since = goes_on ? (*standing)->since : now()};
  }
  if (auto written = services_.store.record_alarm(settings_.name, next, entry(event, 0, daemon())); !written)
    return written;
  log_event(current ? LogLevel::kAlert : LogLevel::kNotice,
            current ? "certificate-alarm" : "certificate-alarm-over",
            {{"identity", settings_.name}, {"level", event.outcome}, {"why", event.why}});
  return {};
}

}  // namespace privyseal::renewd
