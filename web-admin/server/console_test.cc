#include "web-admin/server/console.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <fstream>

#include "firmware/base/base64.h"
#include "tests/support/authenticator.h"
#include "tests/support/temp_folder.h"
#include "web-admin/pages/layout.h"
#include "web-admin/pages/routes.h"
#include "web-admin/server/own_door.h"
#include "web-admin/server/store.h"

namespace privyseal::web {
namespace {

using test::Authenticator;
constexpr std::string_view kOrigin = "https://box.example:8443";

class HandClock final : public Clock {
 public:
  [[nodiscard]] WallTime now() const override { return now_; }
  void pass(std::chrono::minutes time) { now_ += time; }

 private:
  WallTime now_{std::chrono::sys_days{std::chrono::November / 22 / 2026}};
};

/// The real console with its real pages; the other daemons are away.
class ConsoleTest : public testing::Test {
 protected:
  ConsoleTest() {
    settings_.hosts = {"box.example:8443"};
    settings_.host = "box.example";
    settings_.party = {.id = "box.example", .origins = {std::string(kOrigin)}};
    settings_.gateway_door = settings_.renewal_door = folder_.path() / "no-door";
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

  Response get(const std::string& path) { return send(request(Method::kGet, path)); }
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
  hsm::Client keys_{folder_.path() / "no-keyd", std::chrono::milliseconds(100)};
  Challenges challenges_;
  OpenClaims open_claims_;
  Services services_{.settings = settings_,
                     .clock = clock_,
                     .users = store_->users(),
                     .sessions = store_->sessions(),
                     .claims = store_->claims(),
                     .challenges = challenges_,
                     .open_claims = open_claims_,
                     .journal = store_->journal(),
                     .keys = keys_,
                     .log_reader = reader_,
                     .log_origin = "box.example/admind",
                     .audit_key = [] { return Bytes(); }};
  Console console_{services_, routes(), apology};
  std::map<std::string, std::string> cookies_;
  std::string token_;
};

TEST_F(ConsoleTest, AnotherHostIsRefusedAndRecorded) {
  for (const char* host :
       {"evil.example", "box.example", "BOX.EXAMPLE:8443", "box.example:8443.", "127.0.0.1:8443", ""}) {
    Request made = request(Method::kGet, "/sign-in");
    made.headers["host"] = host;
    EXPECT_EQ(send(made).status, 421) << host;
    expect_refusal_recorded("foreign-host", "the request was meant for another host");
  }
}

TEST_F(ConsoleTest, EveryAnswerHasTheSecurityHeaders) {
  for (const char* path : {"/sign-in", "/nothing", "/", "/assets/console.css"}) {
    std::map<std::string, std::string> headers;
    for (const auto& [name, value] : get(path).headers) headers[name] = value;
    EXPECT_TRUE(headers["Content-Security-Policy"].starts_with("default-src 'none'; script-src 'self'"))
        << path;
    EXPECT_TRUE(headers["Content-Security-Policy"].contains("require-trusted-types-for 'script'"));
    EXPECT_EQ(headers["X-Content-Type-Options"], "nosniff");
    EXPECT_EQ(headers["Cache-Control"], "no-store");
    EXPECT_EQ(headers["Cross-Origin-Opener-Policy"], "same-origin");
  }
}

TEST_F(ConsoleTest, AStrangerSeesOnlyTheDoor) {
  for (const Route& route : routes()) {
    if (route.access == Access::kAnyone || route.pattern.contains("{}")) continue;
    const auto response =
        route.method == Method::kGet ? get(std::string(route.pattern)) : post(std::string(route.pattern));
    EXPECT_EQ(response.status, route.method == Method::kGet ? 303 : 401) << route.pattern;
  }
  EXPECT_EQ(get("/nothing").status, 404);
  EXPECT_EQ(send(request(Method::kOther, "/sign-in")).status, 405);
  EXPECT_EQ(get("/sign-out").status, 405);
}

TEST_F(ConsoleTest, AStrangerGetsTheOwnCaAndItsFingerprint) {
  settings_.authority = folder_.path() / "authority";
  EXPECT_EQ(get("/own-ca.pem").status, 404);
  EXPECT_FALSE(get("/sign-in").body.contains("own-ca"));
  std::filesystem::create_directory(settings_.authority);
  std::ofstream(settings_.authority / "root.pem") << "-----BEGIN CERTIFICATE-----\n";
  std::ofstream(settings_.authority / "fingerprint") << "BA78 16BF<\n";
  const Response file = get("/own-ca.pem");
  EXPECT_EQ(file.status, 200);
  EXPECT_EQ(file.body, "-----BEGIN CERTIFICATE-----\n");
  std::map<std::string, std::string> headers(file.headers.begin(), file.headers.end());
  EXPECT_EQ(headers["Content-Type"], "application/pem-certificate-chain");
  EXPECT_EQ(headers["Content-Disposition"], "attachment; filename=\"privyseal-ca.pem\"");
  EXPECT_EQ(headers["X-Content-Type-Options"], "nosniff");
  const auto shows_it = [&](const char* path) {
    const std::string body = get(path).body;
    return body.contains("href=\"/own-ca.pem\"") && body.contains("BA78 16BF&lt;");
  };
  EXPECT_TRUE(shows_it("/sign-in"));
  Authenticator authenticator;
  become_first_officer(authenticator);
  EXPECT_TRUE(shows_it("/certificates"));
}

TEST_F(ConsoleTest, AFormNeedsOurOriginAndItsToken) {
  get("/claim");
  Request foreign = request(Method::kPost, "/claim", "token=" + token_ + "&code=x");
  for (const char* origin :
       {"https://evil.example", "null", "", "http://box.example:8443", "https://box.example"}) {
    foreign.headers["origin"] = origin;
    EXPECT_TRUE(send(foreign).body.contains("came from another site")) << origin;
    expect_refusal_recorded("foreign-origin", "This request came from another site");
  }
  const std::string right = token_;
  for (const std::string& wrong : {std::string(), std::string(64, '0'), right.substr(1)}) {
    token_ = wrong;
    EXPECT_TRUE(post("/claim", "code=x").body.contains("open for too long")) << wrong;
    expect_refusal_recorded("wrong-form-token", "This page was open for too long");
  }
  token_ = right;
  EXPECT_TRUE(post("/claim", "code=x").body.contains("That code is not right"));
  cookies_.clear();
  token_ = right;  // another visitor's token
  EXPECT_TRUE(post("/claim", "code=x").body.contains("open for too long"));
}

TEST_F(ConsoleTest, TheFirstOfficerClaimsOnceAndSignsIn) {
  Authenticator authenticator;
  become_first_officer(authenticator);
  EXPECT_EQ(get("/").status, 200);
  EXPECT_EQ(
      answer_door(services_, {.operation = "claim-code", .caller = "", .actor = {}, .body = {}}).error().code,
      ErrorCode::kConflict);
  EXPECT_EQ(post("/sign-out").status, 303);
  EXPECT_EQ(get("/").status, 303);
  EXPECT_TRUE(signs_in(body_of(authenticator.get(ceremony(sign_in_options())))));
  EXPECT_EQ(shown(last_entry(), "action"), "sign-in");
  EXPECT_EQ(shown(last_entry(), "actor"), "alice");
  EXPECT_EQ(get("/").status, 200);
}

TEST_F(ConsoleTest, AReplayedOrWrongAssertionIsRefusedAndRecorded) {
  Authenticator authenticator;
  become_first_officer(authenticator);
  post("/sign-out");
  const JsonObject used = body_of(authenticator.get(ceremony(sign_in_options())));
  ASSERT_TRUE(signs_in(used));
  post("/sign-out");

  get("/sign-in");
  EXPECT_FALSE(signs_in(used));
  expect_refusal_recorded("sign-in", "passkey: no question is open, or it is too old");
  sign_in_options();
  EXPECT_FALSE(signs_in(used));
  expect_refusal_recorded("sign-in", "passkey: it answers another challenge");

  auto foreign = ceremony(sign_in_options());
  foreign.origin = "https://evil.example";
  EXPECT_FALSE(signs_in(body_of(authenticator.get(foreign))));
  expect_refusal_recorded("sign-in", "passkey: it comes from another site");

  auto unverified = ceremony(sign_in_options());
  unverified.is_user_verified = false;
  EXPECT_FALSE(signs_in(body_of(authenticator.get(unverified))));
  expect_refusal_recorded("sign-in", "passkey: the authenticator did not verify its user");

  Authenticator stranger;
  EXPECT_FALSE(signs_in(body_of(stranger.get(ceremony(sign_in_options())))));
  expect_refusal_recorded("sign-in", "passkey: nobody here has it");

  const auto late = ceremony(sign_in_options());
  clock_.pass(std::chrono::minutes(5));
  EXPECT_FALSE(signs_in(body_of(authenticator.get(late))));
  expect_refusal_recorded("sign-in", "passkey: no question is open, or it is too old");
}

TEST_F(ConsoleTest, AnAuditorReadsEverythingAndChangesNothing) {
  Authenticator officer;
  become_first_officer(officer);
  get("/users");
  const Response invited = post("/users/invite", "name=otto&email=otto%40box.example&role=auditor");
  const auto at = invited.body.find("id=\"claim-code\">");
  ASSERT_NE(at, std::string::npos) << invited.body;
  const std::string code = invited.body.substr(at + 16, 24);
  post("/sign-out");
  Authenticator auditor;
  EXPECT_TRUE(json_flag(claim(auditor, code), "ok", false).value());
  for (const Route& route : routes()) {
    if (route.pattern.contains("{}") || route.access != Access::kSignedIn || route.method != Method::kGet)
      continue;
    EXPECT_EQ(get(std::string(route.pattern)).status, 200) << route.pattern;
  }
  for (const char* path : {"/certificates/cjsm/request", "/certificates/cjsm/import",
                           "/certificates/cjsm/activate", "/certificates/cjsm/rollback",
                           "/certificates/cjsm/renew", "/users/invite", "/users/1/end", "/line"}) {
    EXPECT_EQ(post(path).status, 403) << path;
    expect_refusal_recorded("role-lacking", "Your role does not include this");
  }
}

TEST_F(ConsoleTest, WhoNamedTheApproversIsRecorded) {
  const auto tell = [&](const JsonObject& body) {
    return answer_door(services_, {.operation = "approvers-set",
                                   .caller = "provisioning",
                                   .actor = {.name = "root", .role = "provisioning", .source = "local"},
                                   .body = body});
  };
  JsonObject body =
      parse_json_object(R"({"persons":["alice","bob"],"passkeys":["0123"],"outcome":""})").value();
  EXPECT_TRUE(tell(body));
  EXPECT_EQ(shown(last_entry(), "outcome"), "begun");
  body["outcome"] = "the disk is full";
  EXPECT_TRUE(tell(body));
  EXPECT_EQ(shown(last_entry(), "why"), "the disk is full");
  body["outcome"] = "ok";
  EXPECT_TRUE(tell(body));
  EXPECT_EQ(shown(last_entry(), "outcome"), "ok");
  EXPECT_EQ(shown(last_entry(), "actor"), "root");
  EXPECT_EQ(shown(last_entry(), "object"), "approvers/alice,bob");
  body["persons"] = JsonArray{"alice", "<b>"};
  EXPECT_EQ(tell(body).error().code, ErrorCode::kInvalid);
  body["persons"] = JsonArray{"alice"};
  EXPECT_EQ(tell(body).error().code, ErrorCode::kInvalid);
}

TEST_F(ConsoleTest, AServiceThatIsAwayIsASentenceAndNoError) {
  Authenticator authenticator;
  become_first_officer(authenticator);
  for (const char* path : {"/", "/mail", "/mail/7", "/line", "/certificates", "/certificates/cjsm", "/keys",
                           "/audit", "/audit/gatewayd", "/audit/keyd/verify"}) {
    const Response response = get(path);
    EXPECT_EQ(response.status, 200) << path;
    EXPECT_TRUE(response.body.contains("not answering") || response.body.contains("Not answering")) << path;
  }
  get("/certificates/cjsm");
  EXPECT_EQ(post("/certificates/cjsm/activate").status, 503);
  EXPECT_EQ(shown(last_entry(), "action"), "cert-activate");
  EXPECT_NE(shown(last_entry(), "outcome"), "ok");
}

TEST_F(ConsoleTest, AnOfficerSwitchesTheLineWithAReason) {
  JsonObject asked;
  std::string line = "active";
  constexpr std::array grants{DoorGrant{"console", "status"}, DoorGrant{"console", "line-switch"}};
  const auto door = Door::open(
      {.path = folder_.path() / "gateway", .mode = 0600, .group = {}, .callers = {{::getuid(), "console"}}},
      grants, [&](const DoorRequest& request) -> Result<JsonObject> {
        if (request.operation == "line-switch") {
          asked = request.body;
          line = *json_text(request.body, "line");
          return JsonObject{{"line", line}};
        }
        return JsonObject{{"scanner", "none"}, {"policy", JsonObject{{"line", line}, {"terms", "v10.2"}}}};
      });
  ASSERT_TRUE(door) << door.error().message;
  settings_.gateway_door = folder_.path() / "gateway";
  Authenticator authenticator;
  become_first_officer(authenticator);
  EXPECT_TRUE(get("/line").body.contains("Suspend all mail to and from CJSM"));
  EXPECT_EQ(post("/line", "line=suspended&why=").status, 422);
  EXPECT_EQ(post("/line", "line=terminated&why=x").status, 422);
  EXPECT_TRUE(asked.empty());
  EXPECT_EQ(post("/line", "line=suspended&why=a+breach").status, 303);
  EXPECT_EQ(shown(asked, "why"), "a breach");
  EXPECT_EQ(shown(*json_object(asked, "actor"), "name"), "alice");
  EXPECT_EQ(shown(last_entry(), "action"), "line-switch");
  const Response suspended = get("/line");
  EXPECT_TRUE(suspended.body.contains("Suspended"));
  EXPECT_TRUE(suspended.body.contains("Let mail pass again"));
  EXPECT_TRUE(suspended.body.contains("scanned at CJSM only"));
}

TEST_F(ConsoleTest, TenIdleMinutesSignOut) {
  Authenticator authenticator;
  become_first_officer(authenticator);
  clock_.pass(std::chrono::minutes(9));
  EXPECT_EQ(get("/").status, 200);
  clock_.pass(std::chrono::minutes(10));
  EXPECT_EQ(get("/").status, 303);
}

TEST_F(ConsoleTest, RefusalsOfStrangersDoNotFillTheLog) {
  Request made = request(Method::kGet, "/");
  made.headers["host"] = "evil.example";
  for (int i = 0; i < 300; ++i) EXPECT_EQ(send(made).status, 421);
  const auto size = json_number(ask_own_log(services_, "audit-checkpoint", {}).value(), "size").value();
  EXPECT_EQ(size, 100);
  clock_.pass(std::chrono::minutes(10));
  send(made);
  EXPECT_TRUE(shown(last_entry(), "why").ends_with("200 earlier refusals were not written"))
      << shown(last_entry(), "why");
}

}  // namespace
}  // namespace privyseal::web
