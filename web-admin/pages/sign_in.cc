#include "web-admin/pages/sign_in.h"

#include "firmware/base/base64.h"
#include "firmware/base/log.h"
#include "web-admin/pages/layout.h"
#include "web-admin/pages/own_ca.h"

namespace privyseal::web {
namespace {

constexpr std::string_view kNotTaken =
    "That passkey was not accepted. Try again, or ask an officer for a new claim code.";

/// Who it is, if everything about the answer is right.
Result<User> user_behind(Visit& visit, const Assertion& assertion) {
  // Taken before anything is looked at: whatever the answer is worth, its question is used up.
  const auto challenge = visit.at.challenges.take(visit.visitor, Ceremony::kGet, visit.at.clock.now());
  if (!challenge) return fail(ErrorCode::kDenied, "passkey: no question is open, or it is too old");
  auto owner = visit.at.users.find_passkey(assertion.credential_id);
  if (!owner) return std::unexpected(owner.error());
  if (!*owner) return fail(ErrorCode::kDenied, "passkey: nobody here has it");
  const auto count =
      verify_assertion(visit.at.settings.party, challenge->bytes, (*owner)->passkey, assertion);
  if (!count) return std::unexpected(count.error());
  if (auto kept = visit.at.users.set_sign_count(assertion.credential_id, *count); !kept)
    return std::unexpected(kept.error());
  return std::move((*owner)->user);
}

}  // namespace

Html passkey_button(const Visit& visit, std::string_view ceremony, std::string_view text) {
  return join(
      el("button",
         {{"type", "button"},
          {"class", "govuk-button"},
          {"id", "passkey"},
          {"data-ceremony", ceremony},
          {"data-token", visit.token}},
         text),
      el("p", {{"class", "govuk-body"}, {"id", "passkey-status"}, {"role", "status"}}, ""),
      el("noscript", {},
         inset("Passkeys need JavaScript. Please allow it for this page; it is the only script here.")),
      script());
}

Response begin_session(Visit& visit, const User& user) {
  const auto cookie = visit.at.sessions.begin(user.id, visit.source, visit.at.clock.now());
  if (!cookie) return say_no(503, "The console cannot write its own records. Please try again in a moment.");
  Response response = json_response({{"ok", true}, {"next", "/"}});
  response.headers.emplace_back("Set-Cookie", set_cookie(kSessionCookie, *cookie));
  response.headers.emplace_back("Set-Cookie", forget_cookie(kVisitCookie));
  return response;
}

Bytes bytes_in(const JsonObject& body, std::string_view key) {
  const auto text = json_text(body, key, "");
  if (!text) return {};
  return from_base64url(*text).value_or(Bytes());
}

Assertion assertion_in(const JsonObject& body) {
  return {.credential_id = bytes_in(body, "id"),
          .client_data_json = std::string(text_of(bytes_in(body, "clientDataJSON"))),
          .authenticator_data = bytes_in(body, "authenticatorData"),
          .signature = bytes_in(body, "signature")};
}

Response say_no(Status status, std::string_view message) {
  return json_response({{"ok", false}, {"message", message}}, status);
}

Response sign_in_page(Visit& visit) {
  if (visit.user) return redirect_to("/");
  const bool has_signed_out = visit.query.text("done") == "signed-out";
  const Html content = join(
      has_signed_out ? success("You are signed out.") : Html(),
      paragraph("Use the passkey that you made for this console. It stays on your device; we never see it."),
      passkey_button(visit, "sign-in", "Sign in with your passkey"),
      paragraph(join("Were you given a claim code? ", link("/claim", "Make your passkey first"), ".")),
      own_ca_section(visit));
  return page(visit, Place::kNone, "Sign in", content);
}

Response sign_in_options(Visit& visit) {
  const Challenge& challenge = visit.at.challenges.put(visit.visitor, visit.source,
                                                       {.ceremony = Ceremony::kGet}, visit.at.clock.now());
  return json_response({{"ok", true},
                        {"challenge", to_base64url(challenge.bytes)},
                        {"rpId", visit.at.settings.party.id},
                        {"userVerification", "required"}});
}

Response sign_in_finish(Visit& visit) {
  const auto body = parse_json_object(visit.request.body);
  if (!body) return say_no(400, "That answer is not understood.");
  const auto user = user_behind(visit, assertion_in(*body));
  const Act act{.action = "sign-in", .object = "session"};
  if (!user) {
    visit.at.journal.refused(visit.actor(), act, user.error().message);
    return say_no(403, kNotTaken);
  }
  visit.user = *user;
  if (auto noted = visit.at.journal.note(visit.actor(), act); !noted)
    return say_no(503, "Nobody can sign in while the audit log cannot be written.");
  return begin_session(visit, *user);
}

Response sign_out(Visit& visit) {
  if (auto ended = visit.at.sessions.end_all_of(visit.user->id); !ended)
    return apology(visit, 503, "You are still signed in",
                   "The console cannot write its own records. Try again.");
  if (auto noted = visit.at.journal.note(visit.actor(), {.action = "sign-out", .object = "session"}); !noted)
    log_event(LogLevel::kAlert, "audit-outcome-not-written", {{"action", "sign-out"}});
  Response response = redirect_to("/sign-in?done=signed-out");
  response.headers.emplace_back("Set-Cookie", forget_cookie(kSessionCookie));
  return response;
}

}  // namespace privyseal::web
