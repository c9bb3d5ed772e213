/// The checks that look at what the appliance recorded, by name.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "provisioning/evidence/checks.h"

namespace privyseal::evidence {

using EvidenceCheck = std::pair<Standing, std::string> (*)(const Facts& facts);

/// Null: there is none of that name.
[[nodiscard]] EvidenceCheck find_evidence_check(std::string_view name);

/// The columns of the ledger that name or describe a person: the pack lists them.
[[nodiscard]] bool is_personal_column(std::string_view name);

/// How long a row is kept before it may be purged: the longest six months.
inline constexpr std::chrono::days kRetention{184};

}  // namespace privyseal::evidence
