#include "firmware/gateway/rule_book.h"

#include <algorithm>
#include <array>

#include "firmware/base/file.h"
#include "firmware/base/log.h"

namespace privyseal::gateway {

using namespace std::chrono_literals;
using policy::Rules;

namespace {

constexpr auto kLookEvery = 200ms;
constexpr auto kAlertEvery = 1h;
constexpr std::size_t kMaxLineBytes = 4096;

struct StateName {
  LineState state;
  std::string_view name;
};
constexpr std::array kStates{StateName{LineState::kActive, "active"},
                             StateName{LineState::kSuspended, "suspended"},
                             StateName{LineState::kTerminated, "terminated"}};

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
  const bool may_change = !places.folder.empty();
  std::unique_ptr<RuleBook> book(new RuleBook(std::move(places), clock));
  if (auto loaded = book->load_first(); !loaded) return fail("policy", loaded.error());
  book->now_.with([&](Now& now) { now.line = read_line(book->line_file_); });
  if (may_change) book->watch_ = std::thread([&started = *book] { started.watch(); });
  return book;
}

/// What cannot be read is an error only where provisioning gave it.
Result<void> RuleBook::load_first() {
  const std::lock_guard lock(loading_);
  if (!files_.brought().empty()) files_.drop_spool();
  seen_ = files_.marks();
  auto loaded = files_.load();
  if (!loaded && files_.has_brought()) {
    auto given = files_.load({.kind = RuleFiles::Change::Kind::kWithoutAnyBrought});
    if (!given) return std::unexpected(given.error());
    publish(std::move(*given));
    log_event(LogLevel::kAlert, "policy-not-loaded", {{"why", loaded.error().message}});
    now_.with([&](Now& now) {
      now.is_held = true;
      now.fail(loaded.error());
    });
    return {};
  }
  if (!loaded) return std::unexpected(loaded.error());
  publish(std::move(*loaded));
  return {};
}

RuleBook::~RuleBook() {
  {
    const std::lock_guard lock(stop_mutex_);
    stop_ = true;
  }
  stopping_.notify_all();
  if (watch_.joinable()) watch_.join();
}

void RuleBook::publish(RuleFiles::Loaded loaded) {
  auto next = std::make_shared<const Rules>(std::move(loaded.rules));
  now_.with([&](Now& now) {
    std::swap(now.rules, next);  // the old one ends outside of the lock
    now.files = std::move(loaded.files);
    now.failure.clear();
    now.is_held = false;
  });
}

void RuleBook::watch() {
  for (;;) {
    {
      std::unique_lock lock(stop_mutex_);
      if (stopping_.wait_for(lock, kLookEvery, [this] { return stop_; })) return;
    }
    look_for_changes();
  }
}

void RuleBook::look_for_changes() {
  const std::lock_guard lock(loading_);
  RuleFiles::Marks marks = files_.marks();
  if (marks == seen_) return;
  seen_ = std::move(marks);
  reload();
}

void RuleBook::reload() {
  auto loaded = files_.load();
  if (!loaded) {
    log_event(LogLevel::kAlert, "policy-not-loaded", {{"why", loaded.error().message}});
    now_.with([&](Now& now) { now.fail(loaded.error()); });
    return;
  }
  publish(std::move(*loaded));
  log_event(LogLevel::kNotice, "policy-in-use", {});
}

Result<void> RuleBook::add_to_spool(std::uint64_t after, ByteView content) {
  const std::lock_guard lock(loading_);
  return files_.add_to_spool(after, content);
}

Result<RuleBook::Change> RuleBook::try_brought(const std::string& name, std::string_view sha256) {
  Change change;
  change.lock_ = std::unique_lock(loading_);
  change.name_ = name;
  auto tried =
      files_.load({.kind = RuleFiles::Change::Kind::kTrySpool, .name = name, .sha256 = std::string(sha256)});
  if (!tried) {
    files_.drop_spool();
    return std::unexpected(tried.error());
  }
  change.loaded_ = std::move(*tried);
  return change;
}

Result<RuleBook::Change> RuleBook::try_without(const std::string& name) {
  Change change;
  change.lock_ = std::unique_lock(loading_);
  change.name_ = name;
  change.is_removal_ = true;
  if (!files_.is_brought(name))
    return fail(ErrorCode::kNotFound, name + ": none was brought, so there is none to remove");
  auto tried = files_.load({.kind = RuleFiles::Change::Kind::kWithoutBrought, .name = name});
  // While mail is held, files that cannot be read must go one after the other.
  if (!tried && !now_.with([](const Now& now) { return now.is_held; })) return std::unexpected(tried.error());
  if (tried) change.loaded_ = std::move(*tried);
  return change;
}

Result<void> RuleBook::use(Change change) {
  auto done = change.is_removal_ ? files_.remove_brought(change.name_) : files_.use_spool_as(change.name_);
  seen_ = files_.marks();
  if (!done || !change.loaded_) {
    reload();  // whatever is there now
    return done;
  }
  publish(std::move(*change.loaded_));
  log_event(LogLevel::kNotice, "policy-in-use", {});
  return {};
}

const RuleFiles::File* RuleBook::Change::file() const {
  if (!loaded_) return nullptr;
  const auto found = std::ranges::find(loaded_->files, name_, &RuleFiles::File::name);
  return found == loaded_->files.end() ? nullptr : &*found;
}

RuleBook::FilesNow RuleBook::files() {
  return now_.with([](const Now& now) { return FilesNow{.files = now.files, .failure = now.failure}; });
}

std::shared_ptr<const Rules> RuleBook::rules() {
  return now_.with([](Now& now) { return now.rules; });
}

LineState RuleBook::line() {
  return now_.with([](const Now& now) { return now.line_for_mail(); });
}

Result<void> RuleBook::may_switch_line() {
  if (line() == LineState::kTerminated)
    return fail(ErrorCode::kConflict, "line: it was terminated, and no request takes that back");
  return {};
}

Result<void> RuleBook::set_line(LineState state, const std::string& by, const std::string& why) {
  if (auto may = may_switch_line(); !may) return may;
  const JsonObject object{
      {"line", to_string(state)}, {"since", to_rfc3339(clock_.now())}, {"by", by}, {"why", why}};
  // What stops mail holds even when it cannot be written; what lets it pass must be written first.
  if (state != LineState::kActive) now_.with([&](Now& now) { now.line = state; });
  const std::string text = to_text(object) + "\n";
  if (auto written = replace_file(line_file_, bytes_of(text), 0600); !written) return written;
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
  const Now now = now_.with([](const Now& all) { return all; });
  JsonObject object{{"line", to_string(now.line_for_mail())}, {"terms", now.rules->profile.version}};
  if (!files_.given().empty()) object["folder"] = files_.given().string();
  if (!now.failure.empty()) object["failure"] = now.failure;
  if (now.is_held) object["held"] = true;
  if (const auto window = now.rules->maintenance.at(time)) object["maintenance"] = window_of(*window);
  if (const auto window = now.rules->maintenance.next(time)) object["next_maintenance"] = window_of(*window);
  object["registers"] = registers_of(*now.rules, time);
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
