/// A daemon's settings: one TOML file, read once at start.
///
/// Every getter names the file and the key in its error. Keys that nobody asked
/// for are an error too (`unknown_keys`), so that a misspelt setting is not a default.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "firmware/base/result.h"

namespace privyseal {

/// Threads: one. Ownership: the Config owns the parsed text.
class Config {
 public:
  /// kNotFound, kDenied: the file. kInvalid: not TOML; the message has the line.
  [[nodiscard]] static Result<Config> load(const std::filesystem::path& file);
  [[nodiscard]] static Result<Config> parse(std::string_view text, std::string_view name);

  Config(Config&&) noexcept;
  Config& operator=(Config&&) noexcept;
  ~Config();

  /// Whether the file has a value for `key`, of whatever type.
  [[nodiscard]] bool has(std::string_view key);

  // `key` is a dotted path: "wan.relay.host", or "lan.clear[0].host" in [[lan.clear]]. Without a fallback the
  // key is required.
  [[nodiscard]] Result<std::string> text(std::string_view key);
  [[nodiscard]] Result<std::string> text(std::string_view key, std::string_view fallback);
  [[nodiscard]] Result<std::int64_t> number(std::string_view key, std::int64_t fallback, std::int64_t least,
                                            std::int64_t most);
  [[nodiscard]] Result<bool> flag(std::string_view key, bool fallback);
  [[nodiscard]] Result<std::vector<std::string>> texts(std::string_view key);

  /// What a caller finds wrong with the value of `key`: "FILE: KEY WHY". kInvalid.
  [[nodiscard]] Error refusal(std::string_view key, std::string_view why) const;

  /// Call last. kInvalid: a key that no getter asked for.
  [[nodiscard]] Result<void> unknown_keys() const;

 private:
  struct State;
  explicit Config(std::unique_ptr<State> state);

  std::unique_ptr<State> state_;
};

}  // namespace privyseal
