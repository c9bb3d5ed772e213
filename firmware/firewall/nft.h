/// The kernel's packet filter by way of the program nft(8), which is run with fixed arguments.
///
/// Why the program and not its library: what libnftables parses and prints stays out of our process, and a
/// process that hangs can be ended.
///
/// Threads: one at a time. Needs CAP_NET_ADMIN.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "firmware/base/result.h"

namespace privyseal::firewall {

class Nft {
 public:
  explicit Nft(std::filesystem::path program) : program_(std::move(program)) {}

  /// SHA-256 of all rules of all tables, in nft's own words and without what changes by itself (counters,
  /// handles), in hexadecimal. kUnavailable, kTimeout: nft did not say them.
  [[nodiscard]] Result<std::string> rules() const;
  /// Makes the file's rules those of the kernel, in one step or not at all.
  [[nodiscard]] Result<void> load(const std::filesystem::path& file) const;
  /// Packets that the counter `dropped` of our table has seen; nothing: there is no such counter.
  [[nodiscard]] std::optional<std::uint64_t> dropped() const;

 private:
  [[nodiscard]] Result<std::string> run(std::vector<std::string> arguments) const;

  std::filesystem::path program_;
};

/// The packets of the counter `dropped`, from what `nft --json list counter` prints. Pure and total; nothing:
/// it says none.
[[nodiscard]] std::optional<std::uint64_t> dropped_packets(std::string_view json);

}  // namespace privyseal::firewall
