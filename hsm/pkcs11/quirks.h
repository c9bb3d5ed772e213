/// What each PKCS#11 module needs beyond the standard: one row a module, and a careful row for all others.
///
/// A row stands here only for a module that the tests run against; what no module needs is no field.
#pragma once

#include <array>
#include <string_view>

namespace privyseal::pkcs11 {

struct Quirks {
  std::string_view manufacturer;  ///< CK_INFO.manufacturerID begins with it; empty: any other module
  /// Tokens are files that nobody syncs, and a log-in rewrites one of them (hsm/keyd/token_files.h).
  bool keeps_unsynced_files;
  /// C_Finalize and C_Initialize in a process that goes on bring a lost token back. Where they do not, only
  /// a new process helps.
  bool can_be_initialised_again;
};

inline constexpr std::array kQuirks{
    Quirks{.manufacturer = "SoftHSM", .keeps_unsynced_files = true, .can_be_initialised_again = true},
    Quirks{.manufacturer = "", .keeps_unsynced_files = false, .can_be_initialised_again = true},
};

[[nodiscard]] constexpr const Quirks& quirks_of(std::string_view manufacturer) {
  for (const Quirks& quirks : kQuirks)
    if (manufacturer.starts_with(quirks.manufacturer)) return quirks;
  return kQuirks.back();
}

static_assert(kQuirks.back().manufacturer.empty(), "the last row is for all others");
static_assert(quirks_of("SoftHSM").keeps_unsynced_files);
static_assert(!quirks_of("Example Corp.").keeps_unsynced_files);
static_assert(!quirks_of("").keeps_unsynced_files);

}  // namespace privyseal::pkcs11
