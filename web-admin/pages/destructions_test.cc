#include "web-admin/pages/destructions.h"

#include <gmock/gmock.h>

#include <optional>

#include "firmware/base/file.h"
#include "firmware/base/guarded.h"
#include "firmware/base/sha256.h"
#include "hsm/keyd/approval.h"
#include "tests/support/fake_keyd.h"
#include "web-admin/pages/approver.h"
#include "web-admin/server/console_fixture.h"

namespace privyseal::web {
namespace {

using test::answer_to;
using test::FakeKeyd;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

/// keyd's token and its own judgement of approvals: what two retired keys become.
struct Token {
  enum class Mood { kAnswers, kHangsUp, kHangsUpWhenItIsDone };
  Mood mood = Mood::kAnswers;
  std::vector<hsm::RetiredKey> retired{{"lan-1", hsm::KeyRole::kLanIdentity, 0},
                                       {"cjsm-1", hsm::KeyRole::kCjsmIdentity, 1'763'625'600}};
  std::vector<std::string> used_texts{};
  keyd::ApprovalRules rules{};
  WallTime now{};

  FakeKeyd::Reply answer(const hsm::Request& request) {
    if (mood == Mood::kHangsUp) return FakeKeyd::HangUp{};
    if (std::holds_alternative<hsm::ListRetiredKeysRequest>(request.body))
      return answer_to(request, hsm::RetiredKeysAnswer{retired});
    const auto& asked = std::get<hsm::DestroyRequest>(request.body);
    const auto refusal = destroy(asked);
    if (refusal) return answer_to(request, *refusal);
    if (mood == Mood::kHangsUpWhenItIsDone) return FakeKeyd::HangUp{};
    return answer_to(request, hsm::DoneAnswer{});
  }
  std::optional<hsm::ErrorAnswer> destroy(const hsm::DestroyRequest& asked) {
    if (const auto checked = check_destruction(rules, "box.example", now, asked); !checked)
      return hsm::ErrorAnswer{ErrorCode::kDenied, "keyd refuses: " + checked.error().message};
    if (std::ranges::contains(used_texts, asked.text))
      return hsm::ErrorAnswer{ErrorCode::kConflict, "keyd refuses: these approvals were used before"};
    used_texts.push_back(asked.text);
    std::erase_if(retired, [&](const hsm::RetiredKey& key) { return key.name == asked.name; });
    return {};
  }
};

/// Alice, who is an officer, and Bob, an operator; the list names both.
class DestructionPages : public ConsoleTest {
 protected:
  DestructionPages() {
    settings_.approvers = folder_.path() / "approvers";
    become_first_officer(alice_);
    get("/users");
    const Response invited = post("/users/invite", "name=bob&email=bob%40box.example&role=operator");
    const std::string code = invited.body.substr(invited.body.find("id=\"claim-code\">") + 16, 24);
    post("/sign-out");
    EXPECT_TRUE(json_flag(claim(bob_, code), "ok", false).value());
    post("/sign-out");
    name_approvers(line_of("ann", alice_) + line_of("bob", bob_));
  }

  /// For the console and for keyd.
  void name_approvers(const std::string& list) {
    EXPECT_TRUE(replace_file(settings_.approvers, bytes_of(list), 0644));
    token_at_keyd_.with([&](Token& token) {
      token.now = clock_.now();
      token.rules = {.site = "box.example",
                     .origins = {std::string(kOrigin)},
                     .approvers = keyd::parse_approvers(list).value_or(std::vector<keyd::Approver>())};
    });
  }
  void set_mood(Token::Mood mood) {
    token_at_keyd_.with([&](Token& token) { token.mood = mood; });
  }
  std::vector<std::string> on_token() {
    std::vector<std::string> names;
    for (const hsm::RetiredKey& key : token_at_keyd_.with([](Token& token) { return token.retired; }))
      names.push_back(key.name);
    return names;
  }
  static std::string line_of(const std::string& person, Authenticator& key) {
    return person + " es256 " + to_base64(key.public_key()) + "\n";
  }

  Response ask_for(const std::string& key) {
    get("/destructions");
    return post("/destructions", "key=" + key);
  }
  /// Alice asks; the path of the request.
  std::string asked_for(const std::string& key) {
    sign_in(alice_);
    const Response asked = ask_for(key);
    EXPECT_EQ(asked.status, 303) << asked.body;
    for (const auto& [name, value] : asked.headers)
      if (name == "Location") return value.substr(0, value.find('?'));
    return {};
  }
  std::string text_at(const std::string& path) {
    const auto wanted = services_.destructions.find(path.substr(path.rfind('/') + 1)).value();
    return wanted ? to_text(wanted->what) : "";
  }
  test::Ceremony approval_of(const std::string& text) const {
    return {
        .rp_id = "box.example", .origin = std::string(kOrigin), .challenge = copy_of(sha256(bytes_of(text)))};
  }
  std::string approve(Authenticator& key, const test::Ceremony& ceremony, const std::string& path) {
    get(path);
    const JsonObject said = post_json(path + "/finish", body_of(key.get(ceremony)));
    return json_flag(said, "ok", false).value() ? "ok" : shown(said, "message");
  }
  std::string approve(Authenticator& key, const std::string& path) {
    sign_in(key);
    return approve(key, approval_of(text_at(path)), path);
  }
  std::size_t approvals(const std::string& path) {
    return services_.destructions.approvals_of(path.substr(path.rfind('/') + 1))->size();
  }
  /// As long as it takes; the token's clock goes along.
  void pass(std::chrono::minutes time) {
    clock_.pass(time);
    token_at_keyd_.with([&](Token& token) { token.now = clock_.now(); });
  }

  Authenticator alice_;
  Authenticator bob_;
  Guarded<Token> token_at_keyd_;
  FakeKeyd keyd_{folder_.path() / "keyd", [this](const hsm::Request& request) {
                   return token_at_keyd_.with([&](Token& token) { return token.answer(request); });
                 }};
};

TEST_F(DestructionPages, ShowEachPersonHisOwnLineForTheProvisioningFile) {
  name_approvers("");
  sign_in(alice_);
  const std::string page = get("/destructions").body;
  EXPECT_THAT(page, HasSubstr("Nobody may approve yet"));
  EXPECT_THAT(page, Not(HasSubstr("Ask that it be destroyed")));
  std::string line = line_of("alice", alice_);
  line.pop_back();
  EXPECT_THAT(page, HasSubstr(line));
  EXPECT_THAT(page, Not(HasSubstr(to_base64(bob_.public_key()))));
  name_approvers(line_of("ann", alice_) + line_of("bob", bob_));
  EXPECT_THAT(get("/destructions").body, HasSubstr("You may approve, as <strong>ann</strong>"));
}

TEST_F(DestructionPages, ProposeANameThatKeydTakes) {
  for (const auto& [email, name] : {std::pair<std::string, std::string>{"alice@x", "alice"},
                                    {"Alice.O'Hara+cjsm@x.example", "alice-o-hara-cjsm"},
                                    {std::string(40, 'a') + "@x", std::string(32, 'a')}}) {
    EXPECT_EQ(approver_name(email), name);
    EXPECT_TRUE(hsm::is_key_name(approver_name(email)));
  }
}

TEST_F(DestructionPages, AnOfficerAsksTwoPersonsApproveAndTheKeyIsGone) {
  sign_in(alice_);
  const std::string all = get("/destructions").body;
  for (const char* words : {"lan-1", "not known", "cjsm-1", "It showed CJSM who we are", "20 November 2025",
                            "Ask that it be destroyed"})
    EXPECT_THAT(all, HasSubstr(words));
  const std::string path = asked_for("cjsm-1");
  EXPECT_EQ(shown(last_entry(), "action"), "destruction-ask");
  EXPECT_EQ(shown(last_entry(), "object"), "key/cjsm-1");
  const std::string page = get(path).body;
  for (const char* words : {"cjsm-1", "It showed CJSM who we are", "20 November 2025", "23 November 2026",
                            "nonce ", "Approve with my passkey", "once a second person has approved"})
    EXPECT_THAT(page, HasSubstr(words));
  const JsonObject options = post_json(path + "/options", {});
  EXPECT_EQ(shown(options, "challenge"), to_base64url(sha256(bytes_of(text_at(path)))));
  EXPECT_EQ(json_array(options, "allowCredentials")->size(), 1U);
  EXPECT_EQ(approve(alice_, path), "ok");
  EXPECT_EQ(shown(last_entry(), "action"), "destruction-approve");
  EXPECT_THAT(get(path).body, HasSubstr("The second approval must be another person"));
  EXPECT_THAT(approve(alice_, path), HasSubstr("another person"));
  EXPECT_EQ(approvals(path), 1U);
  EXPECT_THAT(on_token(), ElementsAre("lan-1", "cjsm-1")) << "one approval destroys nothing";
  sign_in(bob_);
  EXPECT_THAT(get(path).body, HasSubstr("Yours is the second approval"));
  EXPECT_EQ(approve(bob_, path), "ok");
  EXPECT_THAT(on_token(), ElementsAre("lan-1"));
  EXPECT_EQ(shown(last_entry(), "action"), "key-destroy");
  EXPECT_EQ(shown(last_entry(), "actor"), "bob");
  EXPECT_EQ(shown(last_entry(), "outcome"), "ok");
  EXPECT_THAT(get(path).body, HasSubstr("no longer on the token"));
  EXPECT_THAT(get("/destructions").body, HasSubstr("Destroyed"));
}

TEST_F(DestructionPages, OnlyARetiredKeyIsAskedForAndOnlyByAnOfficer) {
  sign_in(alice_);
  for (const char* key : {"audit", "", "CJSM-1", "no-such-key"}) {
    const Response refused = ask_for(key);
    EXPECT_EQ(refused.status, 422) << key;
    EXPECT_THAT(refused.body, HasSubstr("no retired key of this name"));
  }
  sign_in(bob_);
  EXPECT_THAT(get("/destructions").body, HasSubstr("An officer can ask for it"));
  EXPECT_EQ(ask_for("cjsm-1").status, 403);
  EXPECT_TRUE(services_.destructions.all()->empty());
}

TEST_F(DestructionPages, AKeyServiceThatIsAwayIsASentence) {
  set_mood(Token::Mood::kHangsUp);
  sign_in(alice_);
  EXPECT_THAT(get("/destructions").body, HasSubstr("The key service is not answering"));
  EXPECT_EQ(ask_for("cjsm-1").status, 503);
  EXPECT_TRUE(services_.destructions.all()->empty());
}

TEST_F(DestructionPages, AnApprovalThatIsNotRightIsRefusedAndRecorded) {
  const std::string path = asked_for("cjsm-1");
  const std::string text = text_at(path);
  const std::string other = text_at(asked_for("lan-1"));
  auto foreign = approval_of(text);
  foreign.origin = "https://evil.example";
  auto unverified = approval_of(text);
  unverified.is_user_verified = false;
  for (const auto& [ceremony, why] : {std::pair{approval_of(other), "passkey: it answers another challenge"},
                                      {foreign, "passkey: it comes from another site"},
                                      {unverified, "passkey: the authenticator did not verify its user"}}) {
    EXPECT_THAT(approve(alice_, ceremony, path), HasSubstr("not accepted"));
    expect_refusal_recorded("destruction-approve", why);
  }
  EXPECT_THAT(approve(bob_, approval_of(text), path), HasSubstr("not accepted")) << "Alice is signed in";
  expect_refusal_recorded("destruction-approve", "passkey: it is none of this approver's");
  pass(std::chrono::hours(24));
  EXPECT_THAT(approve(alice_, path), HasSubstr("The time to approve is over"));
  EXPECT_EQ(approvals(path), 0U);
}

TEST_F(DestructionPages, OnlyWhomTheListNamesMayApprove) {
  const std::string path = asked_for("cjsm-1");
  Authenticator carol;
  for (const std::string& list :
       {std::string(), line_of("bob", bob_), line_of("bob", bob_) + line_of("carol", carol)}) {
    name_approvers(list);
    EXPECT_THAT(get(path).body, HasSubstr("not one of those that"));
    EXPECT_THAT(approve(alice_, path), HasSubstr("not one of those that"));
  }
  EXPECT_EQ(approvals(path), 0U);
}

TEST_F(DestructionPages, OneKeyHasOneRequestUntilItEnds) {
  const std::string path = asked_for("cjsm-1");
  EXPECT_EQ(approve(alice_, path), "ok");
  EXPECT_EQ(asked_for("cjsm-1"), path) << "it would take the place of the approval";
  EXPECT_EQ(approvals(path), 1U);
  pass(std::chrono::hours(24));
  const std::string second = asked_for("cjsm-1");
  EXPECT_NE(second, path);
  EXPECT_EQ(approvals(second), 0U);
  EXPECT_EQ(get(path).status, 404);
}

TEST_F(DestructionPages, WhatKeydRefusesEndsWithTheReasonAndCanBeAskedForAnew) {
  const std::string path = asked_for("cjsm-1");
  EXPECT_EQ(approve(alice_, path), "ok");
  Authenticator carol;
  token_at_keyd_.with([&](Token& token) {
    token.rules.approvers = keyd::parse_approvers(line_of("bob", bob_) + line_of("carol", carol)).value();
  });
  EXPECT_EQ(approve(bob_, path), "ok");
  EXPECT_EQ(shown(last_entry(), "action"), "key-destroy");
  EXPECT_EQ(shown(last_entry(), "outcome"), "denied");
  EXPECT_THAT(
      get(path).body,
      HasSubstr("The key service refuses: an approval is not signed by a passkey of ann. An officer"));
  EXPECT_THAT(get("/destructions").body, HasSubstr("Refused"));
  EXPECT_THAT(on_token(), ElementsAre("lan-1", "cjsm-1"));
  name_approvers(line_of("ann", alice_) + line_of("bob", bob_));
  const std::string second = asked_for("cjsm-1");
  EXPECT_EQ(approve(alice_, second), "ok");
  EXPECT_EQ(approve(bob_, second), "ok");
  EXPECT_THAT(on_token(), ElementsAre("lan-1"));
}

TEST_F(DestructionPages, ApprovalsStayWhileKeydCannotBeAsked) {
  const std::string path = asked_for("cjsm-1");
  EXPECT_EQ(approve(alice_, path), "ok");
  set_mood(Token::Mood::kHangsUp);
  EXPECT_EQ(approve(bob_, path), "ok");
  EXPECT_EQ(shown(last_entry(), "outcome"), "unavailable");
  EXPECT_THAT(get(path).body, HasSubstr("it was not carried out"));
  EXPECT_EQ(post(path + "/carry-out").status, 303);
  EXPECT_EQ(approvals(path), 2U);
  set_mood(Token::Mood::kAnswers);
  sign_in(alice_);
  EXPECT_THAT(get(path).body, HasSubstr("Destroy the key now"));
  EXPECT_EQ(post(path + "/carry-out").status, 303);
  EXPECT_THAT(on_token(), ElementsAre("lan-1"));
  EXPECT_EQ(shown(last_entry(), "actor"), "alice");
  EXPECT_THAT(get(path).body, HasSubstr("no longer on the token"));
}

TEST_F(DestructionPages, NobodyCarriesOutWhatTwoHaveNotApprovedInTime) {
  const std::string path = asked_for("cjsm-1");
  EXPECT_EQ(approve(alice_, path), "ok");
  EXPECT_EQ(post(path + "/carry-out").status, 303);
  set_mood(Token::Mood::kHangsUp);
  EXPECT_EQ(approve(bob_, path), "ok");
  set_mood(Token::Mood::kAnswers);
  pass(std::chrono::hours(24));
  sign_in(bob_);
  EXPECT_THAT(get(path).body, Not(HasSubstr("Destroy the key now")));
  EXPECT_EQ(post(path + "/carry-out").status, 303);
  EXPECT_THAT(get(path).body, HasSubstr("The time to approve is over"));
  EXPECT_THAT(on_token(), ElementsAre("lan-1", "cjsm-1"));
}

TEST_F(DestructionPages, ADestructionWhoseAnswerWasLostIsFoundDone) {
  const std::string path = asked_for("cjsm-1");
  EXPECT_EQ(approve(alice_, path), "ok");
  set_mood(Token::Mood::kHangsUpWhenItIsDone);
  EXPECT_EQ(approve(bob_, path), "ok");
  set_mood(Token::Mood::kAnswers);
  get(path);
  post(path + "/carry-out");
  EXPECT_THAT(get(path).body, HasSubstr("no longer on the token"));
}

TEST_F(DestructionPages, ApprovalsThatWereUsedOnAKeyThatIsStillThereEndTheRequest) {
  const std::string path = asked_for("cjsm-1");
  EXPECT_EQ(approve(alice_, path), "ok");
  token_at_keyd_.with([&](Token& token) { token.used_texts.push_back(text_at(path)); });
  EXPECT_EQ(approve(bob_, path), "ok");
  EXPECT_THAT(get(path).body, HasSubstr("refuses: these approvals were used before"));
  EXPECT_NE(asked_for("cjsm-1"), path);
}

}  // namespace
}  // namespace privyseal::web
