#include "web-admin/pages/destructions.h"

#include <gmock/gmock.h>

#include "firmware/base/file.h"
#include "firmware/base/sha256.h"
#include "web-admin/pages/approver.h"
#include "web-admin/server/console_fixture.h"

namespace privyseal::web {
namespace {

using testing::HasSubstr;
using testing::Not;

/// Alice, who is an officer, and Bob, an operator; root has named both.
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
  }

  void name_approvers(const std::string& list) {
    EXPECT_TRUE(replace_file(settings_.approvers, bytes_of(list), 0644));
  }
  void name_both() { name_approvers(line_of("ann", alice_) + line_of("bob", bob_)); }
  static std::string line_of(const std::string& person, Authenticator& key) {
    return person + " es256 " + to_base64(key.public_key()) + "\n";
  }
  void sign_in(Authenticator& key) {
    post("/sign-out");
    EXPECT_TRUE(signs_in(body_of(key.get(ceremony(sign_in_options())))));
  }
  Result<JsonObject> at_door(const std::string& operation, const JsonObject& body) {
    return answer_door(services_, {.operation = operation,
                                   .caller = "provisioning",
                                   .actor = {.name = "root", .role = "provisioning", .source = "local"},
                                   .body = body});
  }
  std::string text_for(const std::string& host = "box.example", char digit = 'a') {
    return to_text(hsm::Destruction{
        .host = host,
        .key = "cjsm-1",
        .until = std::chrono::floor<std::chrono::seconds>(clock_.now()) + std::chrono::hours(24),
        .nonce = std::string(32, digit)});
  }
  Result<JsonObject> ask(const std::string& text) {
    return at_door("destruction-ask",
                   {{"text", text}, {"role", "cjsm-identity"}, {"retired_at", "2026-11-20T08:00:00Z"}});
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
  std::size_t approvals() {
    return json_array(at_door("destruction", {{"key", "cjsm-1"}}).value(), "approvals")->size();
  }

  Authenticator alice_;
  Authenticator bob_;
  const std::string path_ = "/destructions/" + std::string(32, 'a');
};

TEST_F(DestructionPages, ShowEachPersonHisOwnLineForRoot) {
  sign_in(alice_);
  const std::string page = get("/destructions").body;
  EXPECT_THAT(page, HasSubstr("Nobody may approve yet"));
  std::string line = line_of("alice", alice_);
  line.pop_back();
  EXPECT_THAT(page, HasSubstr(line));
  EXPECT_THAT(page, Not(HasSubstr(to_base64(bob_.public_key()))));
  name_both();
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

TEST_F(DestructionPages, TwoPersonsApproveWhatTheyRead) {
  name_both();
  const std::string text = text_for();
  EXPECT_EQ(shown(ask(text).value(), "url"), std::string(kOrigin) + path_);
  sign_in(alice_);
  const std::string page = get(path_).body;
  for (const char* words : {"cjsm-1", "It showed CJSM who we are", "20 November 2026", "23 November 2026",
                            "root, on the appliance", "nonce aaaa", "Approve with my passkey"})
    EXPECT_THAT(page, HasSubstr(words));
  const JsonObject options = post_json(path_ + "/options", {});
  EXPECT_EQ(shown(options, "challenge"), to_base64url(sha256(bytes_of(text))));
  EXPECT_EQ(json_array(options, "allowCredentials")->size(), 1U);
  EXPECT_EQ(approve(alice_, approval_of(text), path_), "ok");
  EXPECT_EQ(shown(last_entry(), "action"), "destruction-approve");
  EXPECT_EQ(shown(last_entry(), "object"), "key/cjsm-1");
  EXPECT_EQ(shown(last_entry(), "outcome"), "ok");
  EXPECT_THAT(get(path_).body, HasSubstr("The second approval must be another person"));
  EXPECT_THAT(approve(alice_, approval_of(text), path_), HasSubstr("another person"));
  EXPECT_EQ(approvals(), 1U);
  sign_in(bob_);
  EXPECT_EQ(approve(bob_, approval_of(text), path_), "ok");
  const JsonObject fetched = at_door("destruction", {{"key", "cjsm-1"}}).value();
  EXPECT_EQ(shown(fetched, "text"), text);
  EXPECT_THAT(to_text(fetched), HasSubstr(R"("person":"ann")"));
  EXPECT_THAT(to_text(fetched), HasSubstr(R"("person":"bob")"));
  EXPECT_THAT(get(path_).body, HasSubstr("privyseal key destroy cjsm-1"));
  EXPECT_TRUE(at_door("destruction-end", {{"text", text}, {"outcome", "ok"}}));
  EXPECT_THAT(get("/destructions").body, HasSubstr("Destroyed"));
}

TEST_F(DestructionPages, AnApprovalThatIsNotRightIsRefusedAndRecorded) {
  name_both();
  const std::string text = text_for();
  ASSERT_TRUE(ask(text));
  sign_in(alice_);
  auto foreign = approval_of(text);
  foreign.origin = "https://evil.example";
  auto unverified = approval_of(text);
  unverified.is_user_verified = false;
  for (const auto& [ceremony, why] :
       {std::pair{approval_of(text_for("box.example", 'b')), "passkey: it answers another challenge"},
        {foreign, "passkey: it comes from another site"},
        {unverified, "passkey: the authenticator did not verify its user"}}) {
    EXPECT_THAT(approve(alice_, ceremony, path_), HasSubstr("not accepted"));
    expect_refusal_recorded("destruction-approve", why);
  }
  EXPECT_THAT(approve(bob_, approval_of(text), path_), HasSubstr("not accepted")) << "Alice is signed in";
  expect_refusal_recorded("destruction-approve", "passkey: it is none of this approver's");
  clock_.pass(std::chrono::hours(24));
  sign_in(alice_);
  EXPECT_THAT(approve(alice_, approval_of(text), path_), HasSubstr("The time to approve is over"));
  EXPECT_EQ(approvals(), 0U);
}

TEST_F(DestructionPages, OnlyWhomRootHasNamedMayApprove) {
  const std::string text = text_for();
  ASSERT_TRUE(ask(text));
  Authenticator carol;
  for (const std::string& list :
       {std::string(), line_of("bob", bob_), line_of("bob", bob_) + line_of("carol", carol)}) {
    name_approvers(list);
    sign_in(alice_);
    EXPECT_THAT(get(path_).body, HasSubstr("not one of those that root has named"));
    EXPECT_THAT(approve(alice_, approval_of(text), path_), HasSubstr("root has named"));
  }
  EXPECT_EQ(approvals(), 0U);
}

TEST_F(DestructionPages, ANewRequestTakesThePlaceOfTheOldOneAndItsApprovals) {
  name_both();
  ASSERT_TRUE(ask(text_for()));
  sign_in(alice_);
  EXPECT_EQ(approve(alice_, approval_of(text_for()), path_), "ok");
  ASSERT_TRUE(ask(text_for("box.example", 'b')));
  EXPECT_EQ(approvals(), 0U);
  EXPECT_EQ(get(path_).status, 404);
}

TEST_F(DestructionPages, ARequestThatIsNoneIsNotLaidBeforeAnybody) {
  const std::string late = text_for();
  EXPECT_EQ(ask("destroy it").error().code, ErrorCode::kInvalid);
  EXPECT_EQ(ask(text_for("other.example")).error().code, ErrorCode::kInvalid);
  clock_.pass(std::chrono::hours(24));
  EXPECT_EQ(ask(late).error().code, ErrorCode::kInvalid);
  EXPECT_EQ(at_door("destruction", {{"key", "cjsm-1"}}).error().code, ErrorCode::kNotFound);
}

TEST_F(DestructionPages, WhoNamedTheApproversIsRecorded) {
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

}  // namespace
}  // namespace privyseal::web
