/// One request to destroy a retired key as the pages show it: what was asked for, who has approved, how far
/// it is.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "web-admin/pages/layout.h"
#include "web-admin/server/visit.h"

namespace privyseal::web {

inline constexpr std::size_t kNeededApprovals = 2;

struct PendingDestruction {
  WantedDestruction wanted;
  std::vector<GivenApproval> given;
};

/// What a request is, and may still become.
enum class Stage {
  kDone,
  kRefused,   ///< by keyd
  kLate,      ///< nobody can approve it any more
  kApproved,  ///< by two, but keyd has not decided
  kOpen,
};
[[nodiscard]] Stage stage_of(const PendingDestruction& pending, WallTime now);
/// It may still destroy the key.
[[nodiscard]] bool is_live(Stage stage);
[[nodiscard]] Html stage_tag(Stage stage);

[[nodiscard]] Result<std::vector<PendingDestruction>> all_pending(const Visit& visit);
[[nodiscard]] Result<std::optional<PendingDestruction>> find_pending(const Visit& visit,
                                                                     std::string_view nonce);

/// "Alice Archer (alice), 22 November 2026 at 07:30 UTC"
[[nodiscard]] std::string approved_by(const PendingDestruction& pending);
/// What a retired key did. `role`: hsm::name_of.
[[nodiscard]] std::string_view was_for(std::string_view role);

[[nodiscard]] Response records_not_read(Visit& visit);

}  // namespace privyseal::web
