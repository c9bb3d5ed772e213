#include "web-admin/server/challenge.h"

#include <algorithm>

#include "firmware/base/random.h"

namespace privyseal::web {
namespace {

constexpr std::size_t kChallengeBytes = 32;
constexpr std::chrono::minutes kOpenClaimLimit{15};

bool is_within(WallTime begun, WallTime now, std::chrono::minutes limit) {
  return now >= begun && now - begun < limit;
}

}  // namespace

const Challenge& Challenges::put(const std::string& visit, const std::string& source, Challenge about,
                                 WallTime now) {
  open_.erase(visit);
  if (held_by(source) >= kMaxChallengesPerSource) forget_oldest_of(source);
  if (open_.size() >= kMaxChallenges) {
    const auto most =
        std::ranges::max_element(open_, {}, [&](const auto& entry) { return held_by(entry.second.source); });
    forget_oldest_of(std::string(most->second.source));
  }
  about.bytes = random_bytes(kChallengeBytes);
  Open open{.challenge = std::move(about), .source = source, .put_at = now};
  return open_.emplace(visit, std::move(open)).first->second.challenge;
}

std::size_t Challenges::held_by(const std::string& source) const {
  return static_cast<std::size_t>(
      std::ranges::count_if(open_, [&](const auto& entry) { return entry.second.source == source; }));
}

void Challenges::forget_oldest_of(const std::string& source) {
  auto oldest = open_.end();
  for (auto at = open_.begin(); at != open_.end(); ++at)
    if (at->second.source == source && (oldest == open_.end() || at->second.put_at < oldest->second.put_at))
      oldest = at;
  if (oldest != open_.end()) open_.erase(oldest);
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
  if (open_.size() >= kMaxChallenges)
    open_.erase(std::ranges::min_element(open_, {}, [](const auto& entry) { return entry.second.put_at; }));
  open_.emplace(visit, Open{.claim = std::move(claim), .put_at = now});
}

std::optional<Claim> OpenClaims::find(const std::string& visit, WallTime now) const {
  const auto found = open_.find(visit);
  if (found == open_.end() || !is_within(found->second.put_at, now, kOpenClaimLimit)) return {};
  return found->second.claim;
}

}  // namespace privyseal::web
