/// What keyd counts of each key, by the names that programs read: in figures and in a pack's keys.json.
///
/// Pure. Threads: any.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "hsm/wire.h"

namespace privyseal::evidence {

struct NamedUse {
  std::string_view name;
  std::uint64_t hsm::KeyUses::* count;
};

/// All but `refused`, which is no use.
inline constexpr std::array kNamedUses{NamedUse{"tls_client", &hsm::KeyUses::tls_client},
                                       NamedUse{"tls_server", &hsm::KeyUses::tls_server},
                                       NamedUse{"tls12_server", &hsm::KeyUses::tls12_server},
                                       NamedUse{"csr", &hsm::KeyUses::csr},
                                       NamedUse{"certificate", &hsm::KeyUses::certificate},
                                       NamedUse{"crl", &hsm::KeyUses::crl},
                                       NamedUse{"ocsp", &hsm::KeyUses::ocsp},
                                       NamedUse{"checkpoint", &hsm::KeyUses::checkpoint}};

static_assert(sizeof(hsm::KeyUses) ==
                  sizeof(std::string) + (kNamedUses.size() + 1) * sizeof(hsm::KeyUses::refused),
              "a use that keyd counts has no name here");
static_assert(
    [] {
      for (std::size_t i = 0; i < kNamedUses.size(); ++i)
        for (std::size_t j = 0; j < i; ++j)
          if (kNamedUses[i].count == kNamedUses[j].count || kNamedUses[i].name == kNamedUses[j].name)
            return false;
      return true;
    }(),
    "a use stands here twice");

}  // namespace privyseal::evidence
