#include "web-admin/server/console.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <fstream>

#include "web-admin/server/console_fixture.h"

namespace privyseal::web {
namespace {

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

TEST_F(ConsoleTest, ItsDoorTellsWhetherTheFirstOfficerMayStillClaim) {
  const auto ask = [&](const char* operation) {
    return answer_door(services_, {.operation = operation, .caller = "provisioning", .actor = {}, .body = {}})
        .value();
  };
  const auto is_open = [&] { return ask("status").at("claim_open").as_bool(); };
  EXPECT_FALSE(is_open());
  ask("claim-code");
  clock_.pass(std::chrono::hours(24) - std::chrono::minutes(1));
  EXPECT_TRUE(is_open());
  clock_.pass(std::chrono::minutes(1));
  EXPECT_FALSE(is_open()) << "too old";

  const std::string code = json_text(ask("claim-code"), "code").value();
  get("/claim");
  for (int attempt = 0; attempt < kMaxClaimAttempts; ++attempt) {
    EXPECT_TRUE(is_open());
    EXPECT_EQ(post("/claim", "code=" + code.substr(0, 4) + "-0000-0000-0000-0000").status, 403);
  }
  EXPECT_FALSE(is_open()) << "guessed at too often";

  Authenticator authenticator;
  become_first_officer(authenticator);
  EXPECT_FALSE(is_open()) << "used";
  get("/users");
  post("/users/invite", "name=otto&email=otto%40box.example&role=officer");
  EXPECT_FALSE(is_open()) << "another's claim";
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
  for (const char* path :
       {"/certificates/cjsm/request", "/certificates/cjsm/import", "/certificates/cjsm/activate",
        "/certificates/cjsm/rollback", "/certificates/cjsm/renew", "/destructions", "/destructions/x/options",
        "/destructions/x/finish", "/destructions/x/carry-out", "/users/invite", "/users/1/end", "/line",
        "/line/release", "/holds", "/holds/end", "/rules", "/rules/part", "/rules/remove", "/revocations"}) {
    EXPECT_EQ(post(path).status, 403) << path;
    expect_refusal_recorded("role-lacking", "Your role does not include this");
  }
}

TEST_F(ConsoleTest, AServiceThatIsAwayIsASentenceAndNoError) {
  Authenticator authenticator;
  become_first_officer(authenticator);
  for (const char* path : {"/", "/mail", "/mail/7", "/partners", "/directory?text=a", "/holds", "/line",
                           "/rules", "/revocations", "/certificates", "/certificates/cjsm", "/keys", "/audit",
                           "/audit/gatewayd", "/audit/keyd/verify"}) {
    const Response response = get(path);
    EXPECT_EQ(response.status, 200) << path;
    EXPECT_TRUE(response.body.contains("not answering") || response.body.contains("Not answering")) << path;
  }
  get("/certificates/cjsm");
  EXPECT_EQ(post("/certificates/cjsm/activate").status, 503);
  EXPECT_EQ(shown(last_entry(), "action"), "cert-activate");
  EXPECT_NE(shown(last_entry(), "outcome"), "ok");
}

TEST_F(OfficerTest, SwitchesTheLineWithAReason) {
  JsonObject asked;
  std::string line = "active";
  bool held = false;
  constexpr std::array grants{DoorGrant{"console", "status"}, DoorGrant{"console", "line-switch"}};
  const auto door = stand_in_gateway(grants, [&](const DoorRequest& request) -> Result<JsonObject> {
    if (request.operation == "line-switch") {
      asked = request.body;
      line = *json_text(request.body, "line");
      return JsonObject{{"line", line}};
    }
    return JsonObject{
        {"scanner", "none"},
        {"policy",
         JsonObject{{"line", line}, {"terms", "v10.2"}, {"held", held}, {"failure", "assured.csv: half"}}}};
  });
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
  held = true;
  const std::string waits = get("/line").body;
  EXPECT_TRUE(waits.contains("mail waits because of the rules: assured.csv: half."));
  EXPECT_FALSE(waits.contains("Let mail pass again"));
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
