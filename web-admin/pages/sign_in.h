/// Sign in with a passkey, and sign out.
#pragma once

#include "web-admin/server/visit.h"

namespace privyseal::web {

[[nodiscard]] Response sign_in_page(Visit& visit);
[[nodiscard]] Response sign_in_options(Visit& visit);
[[nodiscard]] Response sign_in_finish(Visit& visit);
[[nodiscard]] Response sign_out(Visit& visit);

/// The button that assets/console.js brings to life, and the line where it says how it went.
/// `ceremony`: "sign-in", "claim" or another page's, which is also the path of its two questions.
[[nodiscard]] Html passkey_button(const Visit& visit, std::string_view ceremony, std::string_view text);

/// Signs the user in: a new session, whose cookie goes with the answer. The earlier session of his is over.
[[nodiscard]] Response begin_session(Visit& visit, const User& user);

/// Bytes that a script sent as base64url; empty: missing or malformed.
[[nodiscard]] Bytes bytes_in(const JsonObject& body, std::string_view key);

/// What the script sends of a passkey's answer.
[[nodiscard]] Assertion assertion_in(const JsonObject& body);

/// For scripts: {"ok":false,"message":...}.
[[nodiscard]] Response say_no(Status status, std::string_view message);

}  // namespace privyseal::web
