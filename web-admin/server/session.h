/// Who is signed in. The server alone counts: 10 minutes without a request, or 8 hours in all, and it is
/// over.
///
/// One session a user: a new sign-in ends the old one. The cookie's value is 256 random bits, of which the
/// database has only the hash. A wall clock that went back ends sessions rather than stretch them.
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

inline constexpr std::chrono::minutes kIdleLimit{10};
inline constexpr std::chrono::hours kSessionLimit{8};
inline constexpr std::string_view kSessionCookie = "__Host-session";
/// Given to everybody who opens the sign-in or the claim page; challenges and form tokens hang on it.
inline constexpr std::string_view kVisitCookie = "__Host-visit";

class Sessions {
 public:
  [[nodiscard]] static Result<Sessions> open(Database& database);

  /// The value for the cookie. The user's earlier session is over.
  [[nodiscard]] Result<std::string> begin(std::int64_t user_id, std::string_view source, WallTime now);
  /// The user behind a cookie's value, whose idle time begins again; none: nobody, or it is over.
  [[nodiscard]] Result<std::optional<std::int64_t>> use(std::string_view cookie, WallTime now);
  [[nodiscard]] Result<void> end_all_of(std::int64_t user_id);

 private:
  explicit Sessions(Database& database) : database_(&database) {}

  Database* database_;
};

/// 256 random bits as text.
[[nodiscard]] std::string new_cookie_value();
/// "NAME=VALUE; Path=/; Secure; HttpOnly; SameSite=Strict", which ends with the browser's session.
[[nodiscard]] std::string set_cookie(std::string_view name, std::string_view value);
/// The same, but the browser forgets it.
[[nodiscard]] std::string forget_cookie(std::string_view name);
/// The value of one cookie in a Cookie header; empty: it is not there, or stands twice.
[[nodiscard]] std::string cookie_value(std::string_view header, std::string_view name);

}  // namespace privyseal::web
