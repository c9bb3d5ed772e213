/// What each PKCS#11 module needs beyond the standard: one row a module, and a careful row for all others.
///
/// A row stands here only for a module that the tests run against; what no module needs is no field.
#pragma once

#include <p11-kit/pkcs11.h>

#include <algorithm>
#include <array>
#include <span>
#include <string_view>

namespace privyseal::pkcs11 {

struct Quirks {
  std::string_view manufacturer;  ///< CK_INFO.manufacturerID begins with it; empty: any other module
  /// Tokens are files that nobody syncs, and a log-in rewrites one of them (hsm/keyd/token_files.h).
  bool keeps_unsynced_files;
  /// C_Finalize and C_Initialize in a process that goes on bring a lost token back. Where they do not, only
  /// a new process helps.
  bool can_be_initialised_again;
  /// What the module does not take or does not keep truly: keyd neither asks for it nor reads it. That a key
  /// is no weaker for that is what the attacks of tests/integration/modules_test.py are for.
  std::span<const CK_ATTRIBUTE_TYPE> lacking_attributes{};

  /// CKM_RSA_PKCS wants a key that may also decrypt; CKM_SHA256_RSA_PKCS does not.
  bool hashes_for_pkcs1 = false;

  [[nodiscard]] constexpr bool lacks(CK_ATTRIBUTE_TYPE type) const {
    return std::ranges::find(lacking_attributes, type) != lacking_attributes.end();
  }
};

/// Its database has no column for CKA_COPYABLE, and says that no key pair was made in it.
inline constexpr std::array<CK_ATTRIBUTE_TYPE, 2> kLackingInNss{CKA_COPYABLE, CKA_LOCAL};

/// It has views of its own of what a public key, which is used outside of the token, may do.
inline constexpr std::array<CK_ATTRIBUTE_TYPE, 2> kLackingInTpm2{CKA_VERIFY, CKA_ENCRYPT};

inline constexpr std::array kQuirks{
    Quirks{.manufacturer = "SoftHSM", .keeps_unsynced_files = true, .can_be_initialised_again = true},
    Quirks{.manufacturer = "Mozilla Foundation",
           .keeps_unsynced_files = false,
           .can_be_initialised_again = true,
           .lacking_attributes = kLackingInNss},
    Quirks{.manufacturer = "tpm2-software.github.io",
           .keeps_unsynced_files = false,
           .can_be_initialised_again = true,
           .lacking_attributes = kLackingInTpm2,
           .hashes_for_pkcs1 = true},
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
static_assert(quirks_of("Mozilla Foundation").lacks(CKA_COPYABLE));
static_assert(!quirks_of("SoftHSM").lacks(CKA_COPYABLE) && !quirks_of("").lacks(CKA_COPYABLE));
static_assert(!quirks_of("").keeps_unsynced_files);

}  // namespace privyseal::pkcs11
