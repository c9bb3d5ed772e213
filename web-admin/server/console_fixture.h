/// The real console with its real pages, for tests; the other daemons are away.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "firmware/base/base64.h"
#include "firmware/base/door.h"
#include "firmware/base/guarded.h"
#include "tests/support/authenticator.h"
#include "tests/support/temp_folder.h"
#include "web-admin/pages/layout.h"
#include "web-admin/pages/routes.h"
#include "web-admin/server/console.h"
#include "web-admin/server/ledger_exporter.h"
#include "web-admin/server/own_door.h"
#include "web-admin/server/packer.h"
#include "web-admin/server/store.h"

namespace privyseal::web {

using test::Authenticator;
inline constexpr std::string_view kOrigin = "https://box.example:8443";

class HandClock final : public Clock {
 public:
  [[nodiscard]] WallTime now() const override { return now_; }
  void pass(std::chrono::minutes time) { now_ += time; }

 private:
  WallTime now_{std::chrono::sys_days{std::chrono::November / 22 / 2026}};
};

class ConsoleTest : public testing::Test {
 protected:
  ConsoleTest() {
    settings_.hosts = {"box.example:8443"};
    settings_.host = "box.example";
    settings_.party = {.id = "box.example", .origins = {std::string(kOrigin)}};
    settings_.state = folder_.path();
    settings_.declarations = folder_.path() / "declarations.toml";
    settings_.gateway_door = settings_.renewal_door = folder_.path() / "no-door";
  }

  /// From now on `answer` says what is asked at gatewayd's door. The door must go before what `answer` uses.
  std::unique_ptr<Door> stand_in_gateway(std::span<const DoorGrant> grants, Door::Handler answer) {
    settings_.gateway_door = folder_.path() / "gateway";
    return Door::open({.path = settings_.gateway_door,
                       .mode = 0600,
                       .group = {},
                       .callers = {{::getuid(), "console"}}},
                      grants, std::move(answer))
        .value();
  }

  Request request(Method method, std::string path, std::string body = {}) const {
    Request made{.method = method,
                 .path = std::move(path),
                 .query = {},
                 .headers = {},
                 .body = std::move(body),
                 .keep_alive = true};
    made.headers["host"] = "box.example:8443";
    std::string cookies;
    for (const auto& [name, value] : cookies_) cookies += (cookies.empty() ? "" : "; ") + name + "=" + value;
    made.headers["cookie"] = cookies;
    if (method == Method::kPost) {
      made.headers["origin"] = kOrigin;
      made.headers["content-type"] = "application/x-www-form-urlencoded";
    }
    return made;
  }

  /// As a browser: cookies that are set are kept, and the token of the last page is known.
  Response send(const Request& request) {
    Response response = console_.answer(request, "192.0.2.7").response;
    for (const auto& [name, value] : response.headers) {
      if (name != "Set-Cookie") continue;
      const auto equals = value.find('=');
      cookies_[value.substr(0, equals)] = value.substr(equals + 1, value.find(';') - equals - 1);
    }
    for (const std::string_view mark : {"data-token=\"", "name=\"token\" value=\""})
      if (const auto at = response.body.find(mark); at != std::string::npos)
        token_ = response.body.substr(at + mark.size(), 64);
    return response;
  }

  Response get(const std::string& target) {
    const auto mark = target.find('?');
    Request made = request(Method::kGet, target.substr(0, mark));
    if (mark != std::string::npos) made.query = target.substr(mark + 1);
    return send(made);
  }
  Response post(const std::string& path, const std::string& fields = {}) {
    return send(request(Method::kPost, path, "token=" + token_ + "&" + fields));
  }
  JsonObject post_json(const std::string& path, const JsonObject& body) {
    Request made = request(Method::kPost, path, to_text(body));
    made.headers["content-type"] = "application/json";
    made.headers["x-csrf-token"] = token_;
    return parse_json_object(send(made).body).value();
  }

  JsonObject claim(Authenticator& authenticator, const std::string& code) {
    get("/claim");
    EXPECT_EQ(post("/claim", "code=" + code).status, 303);
    get("/claim");
    const JsonObject options =
        post_json("/claim/options", {{"name", "alice"}, {"email", "alice@box.example"}});
    const auto made = authenticator.create(ceremony(options));
    return post_json("/claim/finish", {{"clientDataJSON", to_base64url(bytes_of(made.client_data_json))},
                                       {"attestationObject", to_base64url(made.attestation_object)}});
  }
  void become_first_officer(Authenticator& authenticator) {
    const auto made = answer_door(
        services_, {.operation = "claim-code", .caller = "provisioning", .actor = {}, .body = {}});
    ASSERT_TRUE(made);
    EXPECT_TRUE(json_flag(claim(authenticator, json_text(*made, "code").value()), "ok", false).value());
  }

  /// The officer who is signed in invites somebody of this role, who then is.
  void become(const std::string& role) {
    get("/users");
    const Response invited =
        post("/users/invite", "name=" + role + "&email=" + role + "%40box.example&role=" + role);
    const std::string code = invited.body.substr(invited.body.find("id=\"claim-code\">") + 16, 24);
    post("/sign-out");
    Authenticator authenticator;
    EXPECT_TRUE(json_flag(claim(authenticator, code), "ok", false).value());
    get("/");
  }
  void sign_in(Authenticator& authenticator) {
    post("/sign-out");
    EXPECT_TRUE(signs_in(body_of(authenticator.get(ceremony(sign_in_options())))));
  }

  test::Ceremony ceremony(const JsonObject& options) const {
    return {.rp_id = "box.example",
            .origin = std::string(kOrigin),
            .challenge = from_base64url(json_text(options, "challenge", "").value()).value()};
  }
  static JsonObject body_of(const test::GivenAssertion& given) {
    return {{"id", to_base64url(given.credential_id)},
            {"clientDataJSON", to_base64url(bytes_of(given.client_data_json))},
            {"authenticatorData", to_base64url(given.authenticator_data)},
            {"signature", to_base64url(given.signature)}};
  }
  bool signs_in(const JsonObject& answer) {
    return json_flag(post_json("/sign-in/finish", answer), "ok", false).value();
  }
  JsonObject sign_in_options() {
    get("/sign-in");
    return post_json("/sign-in/options", {});
  }

  /// What other threads gave to the desk.
  void work_at_desk() {
    for (const auto& task : for_the_desk_.with([](auto& tasks) { return std::exchange(tasks, {}); })) task();
  }

  /// The last entry of the audit log.
  JsonObject last_entry() {
    const auto size = json_number(ask_own_log(services_, "audit-checkpoint", {}).value(), "size").value();
    const auto entries = ask_own_log(services_, "audit-entries", {{"after", size - 1}}).value();
    return parse_json_object(json_texts(entries, "entries").value().at(0)).value();
  }
  void expect_refusal_recorded(std::string_view action, std::string_view why) {
    EXPECT_EQ(shown(last_entry(), "action"), action);
    EXPECT_EQ(shown(last_entry(), "outcome"), "denied");
    EXPECT_EQ(shown(last_entry(), "why"), why);
    EXPECT_EQ(shown(last_entry(), "source"), "192.0.2.7");
  }

  test::TempFolder folder_;
  HandClock clock_;
  Settings settings_;
  std::unique_ptr<Store> store_ =
      Store::open(folder_.path() / "console.db", "box.example/admind", clock_).value();
  Database reader_ = Database::open(folder_.path() / "console.db", Database::Mode::kReadOnly).value();
  hsm::Client keys_{folder_.path() / "keyd"};  // none listens, unless the test has one
  Challenges challenges_;
  OpenClaims open_claims_;
  Guarded<std::vector<std::function<void()>>> for_the_desk_;
  TokenBanner token_banner_{settings_};
  Packer packer_{settings_, clock_, std::chrono::seconds(5)};
  LedgerExporter ledger_exporter_{settings_, clock_};
  Services services_{.settings = settings_,
                     .clock = clock_,
                     .users = store_->users(),
                     .sessions = store_->sessions(),
                     .claims = store_->claims(),
                     .challenges = challenges_,
                     .open_claims = open_claims_,
                     .declarations = store_->declarations(),
                     .destructions = store_->destructions(),
                     .journal = store_->journal(),
                     .keys = keys_,
                     .log_reader = reader_,
                     .log_origin = "box.example/admind",
                     .audit_key = [] { return Bytes(); },
                     .token_banner = token_banner_,
                     .packer = packer_,
                     .ledger_exporter = ledger_exporter_,
                     .at_desk =
                         [this](std::function<void()> task) {
                           for_the_desk_.with([&](auto& tasks) { tasks.push_back(std::move(task)); });
                         }};
  Console console_{services_, routes(), apology};
  std::map<std::string, std::string> cookies_;
  std::string token_;
};

/// An officer is signed in.
class OfficerTest : public ConsoleTest {
 protected:
  OfficerTest() { become_first_officer(officer_); }

  Authenticator officer_;
};

}  // namespace privyseal::web
