#include "web-admin/pages/pending_destruction.h"

#include "hsm/key_kind.h"

namespace privyseal::web {
namespace {

Result<PendingDestruction> with_approvals(const Visit& visit, WantedDestruction wanted) {
  auto given = visit.at.destructions.approvals_of(wanted.what.nonce);
  if (!given) return std::unexpected(given.error());
  return PendingDestruction{.wanted = std::move(wanted), .given = std::move(*given)};
}

}  // namespace

Stage stage_of(const PendingDestruction& pending, WallTime now) {
  if (pending.wanted.is_done) return Stage::kDone;
  if (!pending.wanted.refusal.empty()) return Stage::kRefused;
  if (now >= pending.wanted.what.until) return Stage::kLate;
  return pending.given.size() >= kNeededApprovals ? Stage::kApproved : Stage::kOpen;
}

bool is_live(Stage stage) { return stage == Stage::kApproved || stage == Stage::kOpen; }

Html stage_tag(Stage stage) {
  switch (stage) {
    case Stage::kDone:
      return tag(Tone::kNeutral, "Destroyed");
    case Stage::kRefused:
      return tag(Tone::kBad, "Refused");
    case Stage::kLate:
      return tag(Tone::kNeutral, "Too late");
    case Stage::kApproved:
      return tag(Tone::kAttention, "Not carried out yet");
    case Stage::kOpen:
      return tag(Tone::kAttention, "Waits for approval");
  }
  return {};
}

Result<std::vector<PendingDestruction>> all_pending(const Visit& visit) {
  auto wanted = visit.at.destructions.all();
  if (!wanted) return std::unexpected(wanted.error());
  std::vector<PendingDestruction> all;
  for (WantedDestruction& each : *wanted) {
    auto pending = with_approvals(visit, std::move(each));
    if (!pending) return std::unexpected(pending.error());
    all.push_back(std::move(*pending));
  }
  return all;
}

Result<std::optional<PendingDestruction>> find_pending(const Visit& visit, std::string_view nonce) {
  auto wanted = visit.at.destructions.find(nonce);
  if (!wanted) return std::unexpected(wanted.error());
  if (!*wanted) return std::optional<PendingDestruction>();
  return with_approvals(visit, std::move(**wanted)).transform([](PendingDestruction pending) {
    return std::optional(std::move(pending));
  });
}

std::string approved_by(const PendingDestruction& pending) {
  std::string names;
  for (const GivenApproval& given : pending.given)
    names += (names.empty() ? "" : ", ") + given.user + " (" + given.approval.person + "), " +
             friendly_time(given.at);
  return names.empty() ? "Nobody yet" : names;
}

std::string_view was_for(std::string_view role) {
  if (role == name_of(hsm::KeyRole::kCjsmIdentity)) return "It showed CJSM who we are";
  if (role == name_of(hsm::KeyRole::kLanIdentity)) return "It showed your mail server who we are";
  if (role == name_of(hsm::KeyRole::kConsoleIdentity)) return "It showed your browser who we are";
  return "Not known";
}

Response records_not_read(Visit& visit) {
  return apology(visit, 503, "The console cannot read its own records",
                 "Mail is not affected. Please try again.");
}

}  // namespace privyseal::web
