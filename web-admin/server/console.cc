#include "web-admin/server/console.h"

#include <algorithm>

#include "firmware/base/log.h"
#include "firmware/base/random.h"
#include "web-admin/server/crypto.h"

namespace privyseal::web {
namespace {

constexpr std::size_t kTokenKeyBytes = 32;

constexpr std::pair<const char*, const char*> kSecurityHeaders[] = {
    {"Content-Security-Policy",
     "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
     "form-action 'self'; frame-ancestors 'none'; base-uri 'none'; require-trusted-types-for 'script'; "
     "trusted-types 'none'"},
    {"X-Content-Type-Options", "nosniff"},
    // Not no-referrer: browsers then say "Origin: null" in our own forms, and we could not tell them from
    // foreign ones.
    {"Referrer-Policy", "same-origin"},
    {"Strict-Transport-Security", "max-age=63072000"},
    {"Cross-Origin-Opener-Policy", "same-origin"},
    {"Cross-Origin-Resource-Policy", "same-origin"},
    {"Permissions-Policy", "publickey-credentials-get=(self), publickey-credentials-create=(self)"},
    {"Cache-Control", "no-store"},
};

bool is_json(const Request& request) { return request.header("content-type") == "application/json"; }

}  // namespace

Response with_security_headers(Response response) {
  for (const auto& [name, value] : kSecurityHeaders) response.headers.emplace_back(name, value);
  return response;
}

Console::Console(Services& services, std::span<const Route> routes, Apology apology)
    : services_(&services), routes_(routes), apology_(apology), token_key_(random_bytes(kTokenKeyBytes)) {}

Answered Console::answer(const Request& request, std::string source) {
  Visit visit{.at = *services_,
              .request = request,
              .source = std::move(source),
              .segments = {},
              .query = {},
              .form = {},
              .user = {},
              .visitor = cookie_value(request.header("cookie"), kVisitCookie),
              .token = {}};
  Response response = answer_visit(visit);
  return {.response = with_security_headers(std::move(response)), .is_signed_in = visit.user.has_value()};
}

Response Console::answer_visit(Visit& visit) {
  const Request& request = visit.request;
  if (std::ranges::find(services_->settings.hosts, request.header("host")) ==
      services_->settings.hosts.end()) {
    services_->journal.refused(visit.actor(), {.action = "foreign-host", .object = "console"},
                               "the request was meant for another host");
    return {.status = 421, .headers = {{"Content-Type", "text/plain"}}, .body = "This is another host.\n"};
  }
  const std::string session_cookie = cookie_value(request.header("cookie"), kSessionCookie);
  if (auto identified = identify(visit, session_cookie); !identified) {
    log_event(LogLevel::kError, "session-not-read", {{"why", identified.error().message}});
    return apology_(visit, 503, "The console cannot read its own records",
                    "Mail is not affected. Please tell the person who looks after this appliance.");
  }

  auto match = find_route(routes_, request.method, request.path);
  if (const auto* wrong = std::get_if<NoSuchMethod>(&match)) {
    Response response =
        apology_(visit, 405, "That cannot be done here", "This page does not take that request.");
    response.headers.emplace_back("Allow", wrong->allow);
    return response;
  }
  auto* found = std::get_if<Found>(&match);
  if (found == nullptr) return apology_(visit, 404, "Page not found", "There is no page at this address.");
  if (found->route->access != Access::kAnyone && !visit.user) {
    if (found->route->method == Method::kGet) return redirect_to("/sign-in");
    return refuse(
        visit, {401, "You are signed out", "Sign in again, then repeat what you were doing.", "no-session"});
  }
  if (visit.user && !visit.may(found->route->access))
    return refuse(visit, {403, "Your role does not include this", "Please ask an officer.", "role-lacking"});

  auto query = parse_urlencoded(request.query);
  if (!query) return apology_(visit, 400, "That address is not understood", "Please follow a link instead.");
  visit.query = std::move(*query);
  visit.segments = std::move(found->segments);
  if (found->route->method == Method::kPost)
    if (const auto refusal = check_form(visit)) return refuse(visit, *refusal);

  const bool is_new_visitor = !visit.user && visit.visitor.empty();
  if (is_new_visitor) {
    visit.visitor = new_cookie_value();
    visit.token = token_for("visit", visit.visitor);
  }
  Response response = found->route->page(visit);
  if (is_new_visitor && !request.path.starts_with("/assets/"))
    response.headers.emplace_back("Set-Cookie", set_cookie(kVisitCookie, visit.visitor));
  return response;
}

Result<void> Console::identify(Visit& visit, std::string_view session_cookie) {
  const auto user_id = services_->sessions.use(session_cookie, services_->clock.now());
  if (!user_id) return std::unexpected(user_id.error());
  if (*user_id) {
    auto user = services_->users.find(**user_id);
    if (!user) return std::unexpected(user.error());
    visit.user = std::move(*user);
  }
  visit.token = visit.user ? token_for("session", session_cookie) : token_for("visit", visit.visitor);
  return {};
}

std::string Console::token_for(std::string_view kind, std::string_view cookie) const {
  if (cookie.empty()) return {};
  return to_hex(hmac_sha256(token_key_, bytes_of(std::string(kind) + ":" + std::string(cookie))));
}

std::optional<Console::Refusal> Console::check_form(Visit& visit) const {
  const auto& origins = services_->settings.party.origins;
  if (std::ranges::find(origins, visit.request.header("origin")) == origins.end())
    return Refusal{403, "This request came from another site", "Nothing was changed.", "foreign-origin"};
  if (!read_form(visit))
    return Refusal{400, "That form is not understood", "Nothing was changed. Please go back and try again.",
                   ""};
  const std::string given =
      visit.form.has("token") ? visit.form.text("token") : std::string(visit.request.header("x-csrf-token"));
  if (visit.token.empty() || !is_same_secret(bytes_of(given), bytes_of(visit.token)))
    return Refusal{403, "This page was open for too long",
                   "Nothing was changed. Please reload it and try again.", "wrong-form-token"};
  return {};
}

bool Console::read_form(Visit& visit) const {
  const std::string_view type = visit.request.header("content-type");
  if (is_json(visit.request)) return true;  // the page reads the body itself
  auto form = type.starts_with("multipart/form-data") ? parse_multipart(type, visit.request.body)
                                                      : parse_urlencoded(visit.request.body);
  if (!form) return false;
  visit.form = std::move(*form);
  return true;
}

Response Console::refuse(Visit& visit, const Refusal& refusal) {
  if (!refusal.audit_as.empty())
    services_->journal.refused(visit.actor(), {.action = refusal.audit_as, .object = visit.request.path},
                               refusal.title);
  if (is_json(visit.request))
    return json_response(
        {{"ok", false}, {"message", std::string(refusal.title) + ". " + std::string(refusal.text)}},
        refusal.status);
  return apology_(visit, refusal.status, refusal.title, refusal.text);
}

}  // namespace privyseal::web
