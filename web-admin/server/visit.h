/// One request on its way through the console: what is known of it, and what pages may use to answer.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "firmware/base/clock.h"
#include "firmware/base/door.h"
#include "hsm/client.h"
#include "web-admin/server/challenge.h"
#include "web-admin/server/claim.h"
#include "web-admin/server/declaration_register.h"
#include "web-admin/server/destructions.h"
#include "web-admin/server/form.h"
#include "web-admin/server/html.h"
#include "web-admin/server/http.h"
#include "web-admin/server/journal.h"
#include "web-admin/server/session.h"
#include "web-admin/server/settings.h"
#include "web-admin/server/token_banner.h"
#include "web-admin/server/users.h"

namespace privyseal::web {

class LedgerExporter;
class Packer;

/// All that the console stands on. Threads: the desk's.
struct Services {
  const Settings& settings;
  const Clock& clock;
  Users& users;
  Sessions& sessions;
  Claims& claims;
  Challenges& challenges;
  OpenClaims& open_claims;
  DeclarationRegister& declarations;
  Destructions& destructions;
  Journal& journal;
  hsm::Client& keys;
  Database& log_reader;  ///< a further connection to the console's own log
  std::string log_origin;
  std::function<Bytes()> audit_key;  ///< public part; empty: keyd has not told it yet
  TokenBanner& token_banner;
  Packer& packer;
  LedgerExporter& ledger_exporter;
  std::function<void(std::function<void()> task)> at_desk;  ///< from any thread: has it done at the desk
};

struct Visit {
  Services& at;
  const Request& request;
  std::string source;                 ///< the peer's address
  std::vector<std::string> segments;  ///< what the route's "{}" took
  Fields query;
  Fields form;
  std::optional<User> user;  ///< set on every route that is not kAnyone
  std::string visitor;       ///< the visit cookie's value
  std::string token;         ///< for forms, and for the X-CSRF-Token header

  [[nodiscard]] Actor actor() const;
  [[nodiscard]] bool may(Access access) const { return user && web::may(user->role, access); }
};

/// Asks a daemon on behalf of the visitor. The errors are the door's.
[[nodiscard]] Result<JsonObject> ask(const Visit& visit, const std::filesystem::path& door,
                                     std::string_view operation, JsonObject request = {});

/// The daemon did not answer, or could not do just now what it was asked; it has refused nothing.
[[nodiscard]] bool is_away(const Error& error);

inline constexpr std::chrono::seconds kActWithin{20};  // an activation tries the certificate first

/// The same for what changes something: written to the audit log before, and its outcome after. While it
/// lasts the console answers nobody else.
[[nodiscard]] Result<JsonObject> perform(Visit& visit, const Act& act, const std::filesystem::path& door,
                                         std::string_view operation, JsonObject request = {},
                                         std::chrono::seconds within = kActWithin);

// Responses. The headers that every response has are put on later.
[[nodiscard]] Response html_response(const Html& html, Status status = 200);
/// 303: after a form, the browser gets the page that shows the result.
[[nodiscard]] Response redirect_to(std::string path);
[[nodiscard]] Response json_response(const JsonObject& object, Status status = 200);
[[nodiscard]] Response file_response(std::string_view type, std::string_view content);

}  // namespace privyseal::web
