// The end of a key: retired first, and then destroyed when two persons have approved it.
#include <gmock/gmock.h>
#include <sys/stat.h>

#include "firmware/base/base64.h"
#include "firmware/base/file.h"
#include "firmware/base/sha256.h"
#include "hsm/destruction.h"
#include "tests/integration/keyd_fixture.h"
#include "tests/integration/token_visit.h"
#include "tests/support/authenticator.h"
#include "tests/support/temp_folder.h"

namespace privyseal::test {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::HasSubstr;

const std::string kSite = "gateway.test";
const std::string kOrigin = "https://gateway.test:8443";

/// Before keyd, whose settings name the file with their public keys.
struct TwoPersons {
  Authenticator alice;
  Authenticator bob;
  TempFolder folder;
  [[nodiscard]] std::string settings() const {
    const std::filesystem::path file = folder.path() / "approvers";
    const std::string approvers =
        "alice es256 " + to_base64(alice.public_key()) + "\nbob es256 " + to_base64(bob.public_key()) + "\n";
    EXPECT_TRUE(replace_file(file, bytes_of(approvers), 0644));
    EXPECT_EQ(::chmod(folder.path().c_str(), 0755), 0);  // keyd is another user
    return "[approvals]\nsite = \"" + kSite + "\"\norigins = [\"" + kOrigin + "\"]\napprovers = \"" +
           file.string() + "\"\n";
  }
};

class KeydDestroy : protected TwoPersons, public KeydTest {
 protected:
  KeydDestroy() : KeydTest({.more_settings = settings()}) {}

  static hsm::Approval approved_by(const std::string& person, Authenticator& key, const std::string& text) {
    auto given = key.get({.rp_id = kSite, .origin = kOrigin, .challenge = copy_of(sha256(bytes_of(text)))});
    return {.person = person,
            .authenticator_data = std::move(given.authenticator_data),
            .client_data = std::move(given.client_data_json),
            .signature = std::move(given.signature)};
  }
  std::string text_for(const std::string& key) {
    const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
    const std::string nonce = "0000000000000000000000000000000" + std::to_string(++nonces_);
    return to_text(hsm::Destruction{
        .host = kAuditHost, .key = key, .until = now + std::chrono::hours(1), .nonce = nonce});
  }
  Result<void> destroy(const std::string& key, const std::string& text, uid_t uid = kProvisioningUid) {
    const std::array approvals{approved_by("alice", alice, text), approved_by("bob", bob, text)};
    return as_caller(uid, [&](hsm::Client& client) { return client.destroy(key, text, approvals); });
  }
  void retire(const std::string& key) {
    ASSERT_TRUE(as_caller(kRenewalUid, [&](hsm::Client& client) { return client.retire(key); }));
  }
  void expect_on_token(const std::string& label, std::size_t count) {
    ASSERT_EQ(keyd.stop(), 0);
    {
      TokenVisit token(keyd);
      EXPECT_EQ(token.find(CKO_PRIVATE_KEY, label).size(), count) << label;
      EXPECT_EQ(token.find(CKO_PUBLIC_KEY, label).size(), count) << label;
    }
    ASSERT_TRUE(keyd.start()) << keyd.log();
  }

  int nonces_ = 0;
};

TEST_F(KeydDestroy, TakesARetiredKeyOffTheTokenWhenTwoPersonsHaveApprovedIt) {
  generate("old");
  const auto kept = generate("kept");
  retire("old");
  expect_on_token("privyseal:cjsm-identity:old", 1);
  const auto done = destroy("old", text_for("old"));
  ASSERT_TRUE(done) << done.error().message << keyd.log();
  expect_on_token("privyseal:cjsm-identity:old", 0);
  EXPECT_EQ(provisioning.find_key("kept"), kept);
  EXPECT_EQ(provisioning.generate("old", kCjsm, kP256).error().code, ErrorCode::kConflict)
      << "its name stays";
  EXPECT_TRUE(destroy("old", text_for("old"))) << "nothing is left to be done";
  const auto entries = provisioning.audit_entries(0, 100).value();
  EXPECT_THAT(entries,
              Contains(AllOf(HasSubstr(R"("action":"destroy","object":"key/old")"),
                             HasSubstr("approved by alice and bob"), HasSubstr(R"("outcome":"granted")"))));
  EXPECT_THAT(entries, Contains(AllOf(HasSubstr(R"("action":"destroy","object":"key/old")"),
                                      HasSubstr(R"("outcome":"ok")"))));
  EXPECT_THAT(entries, Contains(AllOf(HasSubstr("keyd-started"), HasSubstr("2 persons of alice ("))));
}

TEST_F(KeydDestroy, LeavesAKeyThatIsInUse) {
  generate("egress");
  EXPECT_EQ(destroy("egress", text_for("egress")).error().code, ErrorCode::kDenied);
  EXPECT_THAT(keyd.log(), HasSubstr("a key is destroyed only once it is retired"));
  EXPECT_TRUE(gateway_signs("egress", certificate_verify("client")));
  generate("audit", kAudit);
  generate("ca", kIssuingCa);
  for (const std::string key : {"audit", "ca"})
    EXPECT_EQ(destroy(key, text_for(key)).error().code, ErrorCode::kDenied);
  EXPECT_EQ(destroy("no-such-key", text_for("no-such-key")).error().code, ErrorCode::kNotFound);
}

TEST_F(KeydDestroy, IsForProvisioningAndTheConsole) {
  generate("old");
  retire("old");
  for (const uid_t uid : {kGatewayUid, kRenewalUid})
    EXPECT_EQ(destroy("old", text_for("old"), uid).error().code, ErrorCode::kDenied) << uid;
  expect_on_token("privyseal:cjsm-identity:old", 1);
  EXPECT_TRUE(destroy("old", text_for("old"), kConsoleUid));
  expect_on_token("privyseal:cjsm-identity:old", 0);
}

TEST_F(KeydDestroy, AConsoleThatWasTakenOverDestroysNothingAlone) {
  generate("old");
  retire("old");
  Authenticator stranger;
  const std::string text = text_for("old");
  for (const auto& approvals :
       {std::array{approved_by("alice", stranger, text), approved_by("bob", stranger, text)},
        std::array{approved_by("alice", alice, text), approved_by("bob", stranger, text)}}) {
    const auto denied =
        as_caller(kConsoleUid, [&](hsm::Client& client) { return client.destroy("old", text, approvals); });
    EXPECT_EQ(denied.error().code, ErrorCode::kDenied);
  }
  expect_on_token("privyseal:cjsm-identity:old", 1);
}

TEST_F(KeydDestroy, TellsWhichRetiredKeysAreStillOnTheToken) {
  const auto names = [&] {
    std::vector<std::string> list;
    const auto keys =
        as_caller(kConsoleUid, [](hsm::Client& client) { return client.list_retired_keys(); }).value();
    for (const hsm::RetiredKey& key : keys) {
      EXPECT_EQ(key.role, kCjsm);
      EXPECT_GT(key.retired_at, 1'700'000'000U);
      list.push_back(key.name);
    }
    return list;
  };
  for (const std::string key : {"b", "a", "in-use"}) generate(key);
  EXPECT_TRUE(names().empty());
  retire("b");
  retire("a");
  EXPECT_THAT(names(), testing::UnorderedElementsAre("a", "b"));
  keyd.restart();
  EXPECT_THAT(names(), testing::UnorderedElementsAre("a", "b"));
  ASSERT_TRUE(destroy("b", text_for("b")));
  EXPECT_THAT(names(), testing::ElementsAre("a"));
  keyd.restart();
  EXPECT_THAT(names(), testing::ElementsAre("a"));
}

TEST_F(KeydDestroy, NeedsTwoPersonsAndTheirApprovalsOnce) {
  generate("old");
  generate("older");
  retire("old");
  retire("older");
  const std::string text = text_for("old");
  const auto by_alice = approved_by("alice", alice, text);
  const auto by_bob = approved_by("bob", bob, text);
  auto forged = by_bob;
  forged.signature = by_alice.signature;
  for (const auto& approvals : {std::array{by_alice, by_alice}, std::array{by_alice, forged},
                                std::array{by_alice, approved_by("bob", bob, text_for("older"))}})
    EXPECT_EQ(provisioning.destroy("old", text, approvals).error().code, ErrorCode::kDenied);
  EXPECT_EQ(provisioning.destroy("older", text, {by_alice, by_bob}).error().code, ErrorCode::kDenied);
  EXPECT_TRUE(provisioning.destroy("old", text, {by_bob, by_alice}));
  keyd.restart();
  EXPECT_EQ(provisioning.destroy("old", text, {by_alice, by_bob}).error().code, ErrorCode::kConflict);
  expect_on_token("privyseal:cjsm-identity:older", 1);
}

class KeydWithoutApprovers : public KeydTest {};

TEST_F(KeydWithoutApprovers, NobodyApprovesADestructionUnlessTheSettingsSayWho) {
  generate("old");
  ASSERT_TRUE(as_caller(kRenewalUid, [](hsm::Client& client) { return client.retire("old"); }));
  const hsm::Approval approval{.person = "a", .authenticator_data = {}, .client_data = {}, .signature = {}};
  EXPECT_EQ(provisioning.destroy("old", "text", {approval, approval}).error().code, ErrorCode::kDenied);
  EXPECT_THAT(keyd.log(), HasSubstr("nobody may approve that a key is destroyed"));
}

}  // namespace
}  // namespace privyseal::test
