/// Looks at the kernel's rules, says what it found in the state's file, and loads the rules again where
/// others are found.
///
/// What the rules must be was written down by load(), right after they were loaded and before there was a
/// network.
///
/// Threads: one. Ownership: the clock must outlive it.
#pragma once

#include <filesystem>
#include <string>

#include "firmware/base/clock.h"
#include "firmware/base/result.h"
#include "firmware/firewall/nft.h"
#include "firmware/firewall/state.h"

namespace privyseal::firewall {

/// Loads `rules` and writes down, in `expected`, what the kernel then says.
[[nodiscard]] Result<void> load(const Nft& nft, const std::filesystem::path& rules,
                                const std::filesystem::path& expected);

class Watch {
 public:
  struct Places {
    std::filesystem::path rules;     ///< what nft loads
    std::filesystem::path expected;  ///< as load() wrote it
    std::filesystem::path state;
  };

  /// Goes on with the state that an earlier process left. kInvalid, kNotFound: nothing says what the rules
  /// must be.
  [[nodiscard]] static Result<Watch> open(Places places, Nft nft, const Clock& clock);

  /// An error: the state cannot be written. Then it grows old, and gatewayd lets no mail pass.
  [[nodiscard]] Result<void> look();

 private:
  Watch(Places places, Nft nft, const Clock& clock)
      : places_(std::move(places)), nft_(std::move(nft)), clock_(clock) {}
  void load_again() const;

  Places places_;
  Nft nft_;
  const Clock& clock_;
  std::string expected_;
  State state_;
};

}  // namespace privyseal::firewall
