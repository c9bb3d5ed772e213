#include "web-admin/server/challenge.h"

#include <algorithm>

#include "firmware/base/random.h"

namespace privyseal::web {
namespace {

constexpr std::size_t kChallengeBytes = 32;
constexpr std::chrono::minutes kOpenClaimLimit{15};

template <class Map>
void make_room(Map& open) {
  if (open.size() < kMaxChallenges) return;
  open.erase(std::ranges::min_element(open, {}, [](const auto& entry) { return entry.second.put_at; }));
}

bool is_within(WallTime begun, WallTime now, std::chrono::minutes limit) {
  return now >= begun && now - begun < limit;
}

}  // namespace

const Challenge& Challenges::put(const std::string& visit, Challenge about, WallTime now) {
  open_.erase(visit);
  make_room(open_);
  about.bytes = random_bytes(kChallengeBytes);
  return open_.emplace(visit, Open{.challenge = std::move(about), .put_at = now}).first->second.challenge;
}

std::optional<Challenge> Challenges::take(const std::string& visit, Ceremony ceremony, WallTime now) {
  auto node = open_.extract(visit);
  if (node.empty() || !is_within(node.mapped().put_at, now, kChallengeLimit) ||
      node.mapped().challenge.ceremony != ceremony)
    return {};
  return std::move(node.mapped().challenge);
}

void OpenClaims::put(const std::string& visit, Claim claim, WallTime now) {
  open_.erase(visit);
  make_room(open_);
  open_.emplace(visit, Open{.claim = std::move(claim), .put_at = now});
}

std::optional<Claim> OpenClaims::find(const std::string& visit, WallTime now) const {
  const auto found = open_.find(visit);
  if (found == open_.end() || !is_within(found->second.put_at, now, kOpenClaimLimit)) return {};
  return found->second.claim;
}

}  // namespace privyseal::web
