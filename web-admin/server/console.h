/// Every check between a request and its page, in one place and in one order.
///
///     Host is one of ours -> the path is a route -> who is it (session) -> may he (role) ->
///     for what changes something: Origin is ours, the form's token is his -> the page
///
/// Each refusal is written to the audit log.
///
/// Threads: one, the desk's. Ownership: services and routes must outlive it.
#pragma once

#include <span>
#include <string>

#include "web-admin/server/router.h"
#include "web-admin/server/visit.h"

namespace privyseal::web {

/// A page that says why there is no other.
using Apology = Response (*)(Visit&, Status, std::string_view title, std::string_view text);

struct Answered {
  Response response;
  bool is_signed_in = false;
};

class Console {
 public:
  Console(Services& services, std::span<const Route> routes, Apology apology);

  [[nodiscard]] Answered answer(const Request& request, std::string source);

 private:
  struct Refusal {
    Status status;
    std::string_view title;
    std::string_view text;
    std::string_view audit_as;  ///< empty: not worth an entry
  };

  Response answer_visit(Visit& visit);
  Result<void> identify(Visit& visit, std::string_view session_cookie);
  std::optional<Refusal> check_form(Visit& visit) const;
  bool read_form(Visit& visit) const;
  std::string token_for(std::string_view kind, std::string_view cookie) const;
  Response refuse(Visit& visit, const Refusal& refusal);

  Services* services_;
  std::span<const Route> routes_;
  Apology apology_;
  Bytes token_key_;  // made anew at each start
};

/// The headers that every response of the console has, whatever it is.
[[nodiscard]] Response with_security_headers(Response response);

}  // namespace privyseal::web
