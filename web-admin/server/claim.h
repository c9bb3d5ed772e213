/// One-time claim codes: how a person whom an officer invited, or the very first officer, gets a passkey.
///
/// A code is good for 24 hours and once. It reads like K7QM-W3ZC-…: the first group says which claim it is,
/// the rest is the secret (80 random bits), of which the database has only the hash. Five wrong secrets void
/// a claim; who does not know its first group cannot even do that.
///
/// Threads: the one of the Database. Ownership: the Database must outlive it.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "firmware/base/clock.h"
#include "firmware/base/database.h"

namespace privyseal::web {

inline constexpr std::chrono::hours kClaimLimit{24};
inline constexpr int kMaxClaimAttempts = 5;

struct NewClaim {
  std::string code;  ///< shown once, to be told to the person
  std::string expires_at;
};

struct Claim {
  std::string id;
  std::optional<std::int64_t> user_id;  ///< none: the first officer's, who says himself what he is called
};

class Claims {
 public:
  [[nodiscard]] static Result<Claims> open(Database& database);

  /// An earlier claim for the same user (or for the first officer) is void.
  [[nodiscard]] Result<NewClaim> make(std::optional<std::int64_t> user_id, WallTime now);
  /// kDenied: wrong, used, void or too old; which of these is not told.
  [[nodiscard]] Result<Claim> check(std::string_view code, WallTime now);
  /// May the first officer still claim with a code that was made for him? Only its hash is known here.
  [[nodiscard]] Result<bool> is_open_for_first_officer(WallTime now);
  /// Removes it. kNotFound: it is not open any more.
  [[nodiscard]] Result<void> use(const Claim& claim);
  [[nodiscard]] Result<void> void_all_of(std::int64_t user_id);

 private:
  explicit Claims(Database& database) : database_(&database) {}
  Result<void> count_attempt(std::string_view id);

  Database* database_;
};

}  // namespace privyseal::web
