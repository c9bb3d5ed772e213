#include "firmware/gateway/rule_book.h"

#include <sys/stat.h>

#include <array>

#include "firmware/base/file.h"
#include "firmware/base/log.h"

namespace privyseal::gateway {

using namespace std::chrono_literals;
using policy::Rules;

namespace {

constexpr auto kLookEvery = 200ms;
constexpr auto kAlertEvery = 1h;
constexpr std::size_t kMaxFileBytes = 64UL << 20;  // a directory of some 200,000 rows
constexpr std::size_t kMaxLineBytes = 4096;

constexpr std::string_view kOptions = "policy.toml";
constexpr std::array<std::string_view, 6> kFiles{kOptions,      "commitments.csv", "permissions.csv",
                                                 "assured.csv", "maintenance.csv", "directory.csv"};

struct StateName {
  LineState state;
  std::string_view name;
};
constexpr std::array kStates{StateName{LineState::kActive, "active"},
                             StateName{LineState::kSuspended, "suspended"},
                             StateName{LineState::kTerminated, "terminated"}};

/// A register that is not there is an empty one.
template <class Register>
Result<void> read_register(const std::filesystem::path& file, Register& read) {
  const auto text = read_file(file, kMaxFileBytes);
  if (!text && text.error().code == ErrorCode::kNotFound) return {};
  if (!text) return std::unexpected(text.error());
  auto parsed = Register::parse(text_of(*text));
  if (!parsed) return std::unexpected(parsed.error());
  read = std::move(*parsed);
  return {};
}

Result<policy::Options> read_options(const std::filesystem::path& file) {
  const auto text = read_file(file, kMaxFileBytes);
  if (!text && text.error().code == ErrorCode::kNotFound) return policy::parse_options("", kOptions);
  if (!text) return std::unexpected(text.error());
  return policy::parse_options(text_of(*text), kOptions);
}

LineState read_line(const std::filesystem::path& file) {
  const auto text = read_file(file, kMaxLineBytes);
  if (!text && text.error().code == ErrorCode::kNotFound) return LineState::kActive;
  const auto name = text.and_then([](const Bytes& bytes) { return parse_json_object(text_of(bytes)); })
                        .and_then([](const JsonObject& object) { return json_text(object, "line"); });
  if (const auto state = line_state(name.value_or(""))) return *state;
  log_event(LogLevel::kAlert, "line-state-unreadable", {{"file", file.string()}});
  return LineState::kSuspended;
}

JsonObject window_of(const policy::Maintenance::Window& window) {
  return {{"from", to_rfc3339(window.from)}, {"until", to_rfc3339(window.until)}};
}

JsonObject registers_of(const Rules& rules, WallTime now) {
  JsonObject object{{"commitments", rules.commitments.size()},
                    {"permissions", rules.permissions.size()},
                    {"assured", rules.assured.size()},
                    {"directory", rules.directory.entries().size()},
                    {"directory_left_out", rules.directory.left_out()}};
  if (const auto oldest = rules.assured.oldest()) {
    const auto age = (day_of(now) - *oldest).count();
    object["assured_days"] = age;
    object["assured_is_old"] = age > static_cast<int>(rules.options.assured_max_days);
  }
  return object;
}

}  // namespace

std::string_view to_string(LineState state) {
  for (const StateName& name : kStates)
    if (name.state == state) return name.name;
  return "suspended";
}

std::optional<LineState> line_state(std::string_view text) {
  for (const StateName& name : kStates)
    if (name.name == text) return name.state;
  return std::nullopt;
}

Result<std::unique_ptr<RuleBook>> RuleBook::open(Places places, const Clock& clock) {
  std::unique_ptr<RuleBook> book(new RuleBook(std::move(places), clock));
  book->seen_ = book->marks();
  auto rules = book->load();
  if (!rules) return fail("policy", rules.error());
  book->now_.with([&](Now& now) {
    now.rules = std::make_shared<const Rules>(std::move(*rules));
    now.line = read_line(book->places_.line);
  });
  if (!book->places_.folder.empty()) book->watch_ = std::thread([&started = *book] { started.watch(); });
  return book;
}

RuleBook::~RuleBook() {
  {
    const std::lock_guard lock(stop_mutex_);
    stop_ = true;
  }
  stopping_.notify_all();
  if (watch_.joinable()) watch_.join();
}

Result<Rules> RuleBook::load() const {
  Rules rules = policy::default_rules();
  const auto& folder = places_.folder;
  if (folder.empty()) return rules;
  std::error_code none;
  if (!std::filesystem::is_directory(folder, none))
    return fail(ErrorCode::kNotFound, folder.string() + ": no such folder");
  auto options = read_options(folder / kOptions);
  if (!options) return std::unexpected(options.error());
  auto profile = policy::known_profile(options->terms);
  if (!profile) return std::unexpected(profile.error());
  rules.options = std::move(*options);
  rules.profile = std::move(*profile);
  auto read = read_register(folder / "commitments.csv", rules.commitments);
  if (read) read = read_register(folder / "permissions.csv", rules.permissions);
  if (read) read = read_register(folder / "assured.csv", rules.assured);
  if (read) read = read_register(folder / "maintenance.csv", rules.maintenance);
  if (read) read = read_register(folder / "directory.csv", rules.directory);
  if (!read) return std::unexpected(read.error());
  return rules;
}

RuleBook::Marks RuleBook::marks() const {
  Marks marks;
  for (const std::string_view name : kFiles) {
    struct stat facts{};
    if (::stat((places_.folder / name).c_str(), &facts) != 0) continue;
    marks[std::string(name)] = std::to_string(facts.st_ino) + ' ' + std::to_string(facts.st_size) + ' ' +
                               std::to_string(facts.st_mtim.tv_sec) + '.' +
                               std::to_string(facts.st_mtim.tv_nsec);
  }
  return marks;
}

void RuleBook::watch() {
  for (;;) {
    {
      std::unique_lock lock(stop_mutex_);
      if (stopping_.wait_for(lock, kLookEvery, [this] { return stop_; })) return;
    }
    Marks now = marks();
    if (now == seen_) continue;
    seen_ = std::move(now);
    reload();
  }
}

void RuleBook::reload() {
  auto rules = load();
  if (!rules) {
    log_event(LogLevel::kAlert, "policy-not-loaded", {{"why", rules.error().message}});
    now_.with([&](Now& now) { now.failure = rules.error().message; });
    return;
  }
  auto next = std::make_shared<const Rules>(std::move(*rules));
  now_.with([&](Now& now) {
    std::swap(now.rules, next);  // the old one ends outside of the lock
    now.failure.clear();
  });
  log_event(LogLevel::kNotice, "policy-in-use", {});
}

std::shared_ptr<const Rules> RuleBook::rules() {
  return now_.with([](Now& now) { return now.rules; });
}

LineState RuleBook::line() {
  return now_.with([](Now& now) { return now.line; });
}

Result<void> RuleBook::may_switch_line() {
  if (line() == LineState::kTerminated)
    return fail(ErrorCode::kConflict, "line: it was terminated; that is undone at the appliance itself");
  return {};
}

Result<void> RuleBook::set_line(LineState state, const std::string& by, const std::string& why) {
  if (auto may = may_switch_line(); !may) return may;
  const JsonObject object{
      {"line", to_string(state)}, {"since", to_rfc3339(clock_.now())}, {"by", by}, {"why", why}};
  // What stops mail holds even when it cannot be written; what lets it pass must be written first.
  if (state != LineState::kActive) now_.with([&](Now& now) { now.line = state; });
  const std::string text = to_text(object) + "\n";
  if (auto written = replace_file(places_.line, bytes_of(text), 0600); !written) return written;
  now_.with([&](Now& now) { now.line = state; });
  log_event(LogLevel::kNotice, "line-switched", {{"line", to_string(state)}});
  return {};
}

int RuleBook::note_full(const std::vector<policy::RateCap>& caps, int full, Rates& rates) const {
  if (full < 0) return full;
  const policy::RateCap& cap = caps.at(static_cast<std::size_t>(full));
  const WallTime now = clock_.now();
  std::erase_if(rates.alerted, [&](const auto& entry) { return entry.second + kAlertEvery <= now; });
  if (rates.alerted.emplace(cap.key, now).second)
    log_event(LogLevel::kAlert, "rate-reached",
              {{"cap", cap.key.substr(0, cap.key.find('/'))}, {"per-hour", cap.per_hour}});
  return full;
}

int RuleBook::admit(const std::vector<policy::RateCap>& caps) {
  return rates_.with(
      [&](Rates& rates) { return note_full(caps, rates.mails.admit(caps, clock_.now()), rates); });
}

int RuleBook::reached(const std::vector<policy::RateCap>& caps) {
  return rates_.with(
      [&](Rates& rates) { return note_full(caps, rates.mails.reached(caps, clock_.now()), rates); });
}

void RuleBook::count_again(const std::vector<RateCount>& counts) {
  rates_.with([&](Rates& rates) {
    for (const RateCount& count : counts) rates.mails.count(count.key, count.at);
  });
}

Result<void> RuleBook::may_release(const std::string& key) {
  if (!rates_.with([&](const Rates& rates) { return rates.mails.counts(key); }))
    return fail(ErrorCode::kNotFound, "rate: nothing was counted for it");
  return {};
}

Result<void> RuleBook::release(const std::string& key) {
  if (auto may = may_release(key); !may) return may;
  rates_.with([&](Rates& rates) {
    rates.alerted.erase(key);
    rates.mails.release(key);
  });
  return {};
}

void RuleBook::count(const std::string& what) {
  counts_.with([&](auto& counts) { ++counts[what]; });
}

JsonObject RuleBook::status() {
  const WallTime time = clock_.now();
  const auto [now_rules, failure, line] = now_.with([](Now& now) { return now; });
  JsonObject object{{"line", to_string(line)}, {"terms", now_rules->profile.version}};
  if (!places_.folder.empty()) object["folder"] = places_.folder.string();
  if (!failure.empty()) object["failure"] = failure;
  if (const auto window = now_rules->maintenance.at(time)) object["maintenance"] = window_of(*window);
  if (const auto window = now_rules->maintenance.next(time)) object["next_maintenance"] = window_of(*window);
  object["registers"] = registers_of(*now_rules, time);
  JsonArray stopped;
  for (const auto& key : rates_.with([&](Rates& rates) { return rates.mails.stopped(time); }))
    stopped.push_back(JsonObject{{"key", key.key}, {"count", key.count}});
  object["stopped"] = std::move(stopped);
  JsonObject counts;
  counts_.with([&](const auto& all) {
    for (const auto& [what, number] : all) counts[what] = number;
  });
  object["counts"] = std::move(counts);
  return object;
}

}  // namespace privyseal::gateway
