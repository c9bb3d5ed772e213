/// Questions that were put to authenticators and not answered yet: each good for five minutes and one answer.
///
/// Also what a claim code that was right has opened, until its passkey is made. In memory only: a restart
/// asks again.
///
/// Threads: one.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>

#include "firmware/base/clock.h"
#include "firmware/base/sha256.h"
#include "web-admin/server/claim.h"
#include "web-admin/server/passkey.h"
#include "web-admin/server/users.h"

namespace privyseal::web {

inline constexpr std::chrono::minutes kChallengeLimit{5};
inline constexpr std::size_t kMaxChallenges = 256;
inline constexpr std::size_t kMaxChallengesPerSource = 16;

/// What the question was about.
struct Challenge {
  Bytes bytes = {};
  Ceremony ceremony = Ceremony::kGet;
  // For kCreate: whose passkey it will be.
  std::optional<Claim> claim = {};
  NewUser person = {};
  Bytes handle = {};
};

class Challenges {
 public:
  /// Puts a new question to a visitor at the address `source`; his earlier one is forgotten. Beyond the
  /// limits the oldest is forgotten of the address that has most, so that a stranger takes nobody's but his
  /// own.
  const Challenge& put(const std::string& visit, const std::string& source, Challenge about, WallTime now);
  /// The question, which is gone with this whatever the answer is worth. None: there was none, or it is too
  /// old.
  [[nodiscard]] std::optional<Challenge> take(const std::string& visit, Ceremony ceremony, WallTime now);

 private:
  struct Open {
    Challenge challenge;
    std::string source;
    WallTime put_at;
  };
  [[nodiscard]] std::size_t held_by(const std::string& source) const;
  void forget_oldest_of(const std::string& source);

  std::map<std::string, Open> open_;  // by the visitor's cookie
};

/// Claims whose code was typed right, by the visitor's cookie.
class OpenClaims {
 public:
  void put(const std::string& visit, Claim claim, WallTime now);
  [[nodiscard]] std::optional<Claim> find(const std::string& visit, WallTime now) const;
  void forget(const std::string& visit) { open_.erase(visit); }

 private:
  struct Open {
    Claim claim;
    WallTime put_at;
  };
  std::map<std::string, Open> open_;
};

}  // namespace privyseal::web
