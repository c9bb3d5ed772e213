#include "firmware/firewall/state.h"

#include <type_traits>
#include <utility>

#include "firmware/base/day.h"
#include "firmware/base/json.h"

namespace privyseal::firewall {
namespace {

constexpr std::string_view kUp = "up";
constexpr std::string_view kDown = "down";
constexpr std::int64_t kLastMillisecond = 253402300799999;  // of the year 9999: dates have four digits

/// A number that must be there.
Result<std::int64_t> count(const JsonObject& object, std::string_view key) {
  auto number = json_number(object, key);
  if (number && *number < 0) return fail(ErrorCode::kInvalid, std::string(key) + ": must not be negative");
  return number;
}

Result<WallTime> moment(const JsonObject& object, std::string_view key) {
  const auto number = count(object, key);
  if (!number) return std::unexpected(number.error());
  if (*number > kLastMillisecond) return fail(ErrorCode::kInvalid, std::string(key) + ": is no time");
  return WallTime(std::chrono::milliseconds(*number));
}

void add_drops(State& state, const State& before, const Look& look) {
  if (day_of(before.looked_at) != day_of(look.at)) state.dropped_today = 0;
  if (!look.counter) return;
  const bool is_same = *look.counter >= before.counter;
  const std::uint64_t more = is_same ? *look.counter - before.counter : *look.counter;
  state.counter = *look.counter;
  state.dropped += more;
  state.dropped_today += more;
}

}  // namespace

bool is_digest(std::string_view text) {
  constexpr std::size_t kDigits = 64;
  return text.size() == kDigits && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

bool finds_other_rules(const Look& look, std::string_view expected) {
  return look.rules && *look.rules != expected;
}

State after(const State& before, const Look& look, std::string_view expected) {
  State state = before;
  state.rules = expected;
  state.looked_at = look.at;
  state.looked = look.on;
  state.is_up = look.rules && *look.rules == expected;
  state.why.clear();
  if (!look.rules) state.why = "the kernel's rules cannot be read: " + look.rules.error().message;
  if (finds_other_rules(look, expected)) {
    ++state.changes;
    state.why = "the kernel had other rules than those that were loaded at start";
  }
  if (before.looked_at == WallTime{} || state.is_up != before.is_up) state.since = look.at;
  add_drops(state, before, look);
  return state;
}

std::string to_text(const State& state) {
  return privyseal::to_text(JsonObject{{"state", state.is_up ? kUp : kDown},
                                       {"why", state.why},
                                       {"since_ms", state.since.time_since_epoch().count()},
                                       {"looked_at_ms", state.looked_at.time_since_epoch().count()},
                                       {"looked_s", state.looked.count()},
                                       {"rules", state.rules},
                                       {"changes", state.changes},
                                       {"dropped", state.dropped},
                                       {"dropped_today", state.dropped_today},
                                       {"counter", state.counter}}) +
         "\n";
}

Result<State> parse_state(std::string_view text) {
  if (text.size() > kMostStateBytes) return fail(ErrorCode::kInvalid, "state: too long");
  const auto object = parse_json_object(text);
  if (!object) return std::unexpected(object.error());
  State state;
  Result<void> sound{};
  const auto take = [&](auto value, auto& into) {
    if (value)
      into = static_cast<std::remove_reference_t<decltype(into)>>(std::move(*value));
    else if (sound)
      sound = std::unexpected(value.error());
  };
  std::string word;
  std::int64_t looked = 0;
  take(json_text(*object, "state"), word);
  take(json_text(*object, "why"), state.why);
  take(moment(*object, "since_ms"), state.since);
  take(moment(*object, "looked_at_ms"), state.looked_at);
  take(count(*object, "looked_s"), looked);
  take(json_text(*object, "rules"), state.rules);
  take(count(*object, "changes"), state.changes);
  take(count(*object, "dropped"), state.dropped);
  take(count(*object, "dropped_today"), state.dropped_today);
  take(count(*object, "counter"), state.counter);
  if (!sound) return std::unexpected(sound.error());
  if (word != kUp && word != kDown) return fail(ErrorCode::kInvalid, "state: up or down");
  state.is_up = word == kUp;
  state.looked = std::chrono::seconds(looked);
  if (!is_digest(state.rules)) return fail(ErrorCode::kInvalid, "rules: must be a SHA-256");
  if (state.is_up != state.why.empty()) return fail(ErrorCode::kInvalid, "why: must be said of what is down");
  return state;
}

}  // namespace privyseal::firewall
