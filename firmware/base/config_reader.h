/// Reads a Config as a list of assignments: the first error is kept, later ones are not noticed, and `finish`
/// gives it.
///
/// After an error every getter gives some value of its type, which nobody may use: call `finish` before.
///
/// Threads: one.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "firmware/base/clock.h"
#include "firmware/base/config.h"
#include "firmware/base/day.h"
#include "firmware/base/door.h"
#include "firmware/base/host_port.h"

namespace privyseal {

class ConfigReader {
 public:
  explicit ConfigReader(Config config) : config_(std::move(config)) {}

  // As Config's.
  [[nodiscard]] bool has(std::string_view key) { return config_.has(key); }
  std::string text(std::string_view key) { return taken(config_.text(key)); }
  std::string text(std::string_view key, std::string_view fallback) {
    return taken(config_.text(key, fallback));
  }
  std::vector<std::string> texts(std::string_view key) { return taken(config_.texts(key)); }
  bool flag(std::string_view key, bool fallback) { return taken(config_.flag(key, fallback)); }
  template <class Number>
  Number number(std::string_view key, Number fallback, std::int64_t least, std::int64_t most) {
    return static_cast<Number>(taken(config_.number(key, static_cast<std::int64_t>(fallback), least, most)));
  }

  /// Required, because no port is a sensible default; never 0.
  std::uint16_t port(std::string_view key);
  /// Required: an address, no name, and a port; port 0 means any free one.
  HostPort listen(std::string_view key);
  /// Required: a day of the calendar.
  Day day(std::string_view key);
  /// Required: as parse_utc_time takes it.
  WallTime utc_time(std::string_view key);
  /// The file's own `[door]`.
  std::optional<DoorSettings> door() { return taken(read_door_settings(config_)); }

  /// What another function made of the value of `key`, which its error need not name.
  template <class T>
  T taken(std::string_view key, Result<T> value) {
    if (!value) refuse(key, value.error().message);
    return value ? std::move(*value) : T{};
  }
  /// `why` goes on from the key's name: "must be ...".
  void refuse(std::string_view key, std::string_view why);

  /// Call last. The first error, or a key that nobody asked for (kInvalid; the message names file and key).
  [[nodiscard]] Result<void> finish() const;

 private:
  template <class T>
  T taken(Result<T> value) {
    if (value) return std::move(*value);
    if (!error_) error_ = value.error();
    return T{};
  }

  Config config_;
  std::optional<Error> error_;
};

}  // namespace privyseal
