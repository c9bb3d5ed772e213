#include "hsm/keyd/approval.h"

#include <gtest/gtest.h>

#include <functional>

#include "firmware/base/base64.h"
#include "firmware/base/sha256.h"
#include "hsm/keyd/test_keys.h"
#include "tests/support/authenticator.h"

namespace privyseal::keyd {
namespace {

using namespace std::chrono;
using test::Authenticator;

const std::string kSite = "gateway.lawfirm.example";
const std::string kOrigin = "https://gateway.lawfirm.example:8443";
const WallTime kNow = sys_days(2026y / November / 22) + 17h;
const hsm::Destruction kWanted{.host = "gateway.lawfirm.example",
                               .key = "cjsm-1",
                               .until = sys_days(2026y / November / 22) + 18h,
                               .nonce = "00112233445566778899aabbccddeeff"};

/// What two people hold, and the ways in which they, or somebody else, may go wrong.
struct Signing {
  hsm::Destruction wanted = kWanted;
  std::string approved = {};  ///< empty: the text of `wanted`
  std::string name = "cjsm-1";
  std::array<std::string, 2> persons{"alice", "bob"};
  std::function<void(test::Ceremony&)> change_ceremony = [](auto&) {};
  std::function<void(hsm::Approval&)> change_approval = [](auto&) {};  // of the second
  WallTime now = kNow;
};

class ApprovalTest : public testing::Test {
 protected:
  static std::string listed(const std::string& person, const Authenticator& key) {
    return person + " es256 " + to_base64(key.public_key());
  }
  ApprovalRules rules() {
    return {.site = kSite,
            .origins = {"https://other.example", kOrigin},
            .approvers = {parse_approver(listed("alice", alice_)).value(),
                          parse_approver(listed("bob", other_of_bob_)).value(),
                          parse_approver(listed("bob", bob_)).value()}};
  }
  hsm::Approval approve(const Signing& signing, Authenticator& key, const std::string& person) {
    const std::string text = signing.approved.empty() ? to_text(signing.wanted) : signing.approved;
    test::Ceremony ceremony{.rp_id = kSite, .origin = kOrigin, .challenge = copy_of(sha256(bytes_of(text)))};
    signing.change_ceremony(ceremony);
    auto given = key.get(ceremony);
    return {.person = person,
            .authenticator_data = std::move(given.authenticator_data),
            .client_data = std::move(given.client_data_json),
            .signature = std::move(given.signature)};
  }
  hsm::DestroyRequest request(const Signing& signing) {
    hsm::DestroyRequest asked{.name = signing.name,
                              .text = to_text(signing.wanted),
                              .approvals = {approve(signing, alice_, signing.persons[0]),
                                            approve(signing, bob_, signing.persons[1])}};
    signing.change_approval(asked.approvals[1]);
    return asked;
  }
  Result<hsm::Destruction> check(const Signing& signing) {
    return check_destruction(rules(), "gateway.lawfirm.example", signing.now, request(signing));
  }

  Authenticator alice_;
  Authenticator bob_;
  Authenticator other_of_bob_;
};

TEST_F(ApprovalTest, OfTwoPersonsIsEnough) {
  const auto wanted = check({});
  ASSERT_TRUE(wanted) << wanted.error().message;
  EXPECT_EQ(*wanted, kWanted);
}

TEST_F(ApprovalTest, MayHaveMoreInItsClientData) {
  // The specification lets browsers add members behind the ones that are looked at.
  const std::string text = to_text(kWanted);
  const std::string json = R"({"type":"webauthn.get","challenge":")" + to_base64url(sha256(bytes_of(text))) +
                           R"(","origin":")" + kOrigin + R"(","crossOrigin":false,"more":"x"})";
  hsm::Approval approval = approve({}, alice_, "alice");
  approval.client_data = json;
  EXPECT_EQ(check_approval(rules(), text, approval).error().message,
            "an approval is not signed by a passkey of alice")
      << "only the signature is wrong";
}

TEST_F(ApprovalTest, OfNobodyIsAskedForWhereNobodyIsListed) {
  EXPECT_FALSE(check_destruction({.site = kSite, .origins = {kOrigin}, .approvers = {}},
                                 "gateway.lawfirm.example", kNow, request({})));
  EXPECT_EQ(ApprovalRules{}.in_words(), "");
}

TEST_F(ApprovalTest, IsRefusedWhenItIsCutOrChangedAnywhere) {
  const hsm::DestroyRequest good = request({});
  const auto refuses = [&](const hsm::DestroyRequest& asked) {
    return !check_destruction(rules(), "gateway.lawfirm.example", kNow, asked);
  };
  ASSERT_FALSE(refuses(good));
  for (std::size_t i = 0; i < good.approvals[0].authenticator_data.size(); ++i) {
    hsm::DestroyRequest asked = good;
    asked.approvals[0].authenticator_data[i] ^= std::byte{0x80};
    EXPECT_TRUE(refuses(asked)) << i;
    asked.approvals[0].authenticator_data.resize(i);
    EXPECT_TRUE(refuses(asked)) << i;
  }
  for (std::size_t i = 0; i < good.approvals[0].client_data.size(); ++i) {
    hsm::DestroyRequest asked = good;
    asked.approvals[0].client_data[i] = static_cast<char>(asked.approvals[0].client_data[i] ^ 0x01);
    EXPECT_TRUE(refuses(asked)) << i;
    asked.approvals[0].client_data.resize(i);
    EXPECT_TRUE(refuses(asked)) << i;
  }
}

struct Case {
  const char* name;
  Signing signing;
};

class RefusedApproval : public ApprovalTest, public testing::WithParamInterface<Case> {};
TEST_P(RefusedApproval, IsDenied) {
  const auto wanted = check(GetParam().signing);
  ASSERT_FALSE(wanted);
  EXPECT_EQ(wanted.error().code, ErrorCode::kDenied) << wanted.error().message;
}

hsm::Destruction with(const std::function<void(hsm::Destruction&)>& change) {
  hsm::Destruction wanted = kWanted;
  change(wanted);
  return wanted;
}

INSTANTIATE_TEST_SUITE_P(
    , RefusedApproval,
    testing::ValuesIn(std::vector<Case>{
        {"OfOnePersonTwice", {.persons = {"bob", "bob"}}},
        {"OfOnePersonUnderTwoNames", {.change_approval = [](auto& a) { a.person = "carol"; }}},
        {"OfSomebodyElsesPasskey", {.persons = {"bob", "alice"}}},
        {"OfAStranger", {.persons = {"alice", "mallory"}}},
        {"OfAnotherText", {.approved = to_text(with([](auto& w) { w.key = "cjsm-2"; }))}},
        {"OfAnotherNonce", {.approved = to_text(with([](auto& w) { w.nonce[0] = 'f'; }))}},
        {"ForAnotherKey", {.name = "cjsm-2"}},
        {"ForAnotherHost", {.wanted = with([](auto& w) { w.host = "gateway.other.example"; })}},
        {"TooLate", {.now = kNow + 1h}},
        {"ForTooLong", {.wanted = with([](auto& w) { w.until += 7 * 24h; })}},
        {"OnAnotherSite", {.change_ceremony = [](auto& c) { c.rp_id = "evil.example"; }}},
        {"FromAnotherOrigin", {.change_ceremony = [](auto& c) { c.origin = "https://evil.example"; }}},
        {"FromALongerOrigin", {.change_ceremony = [](auto& c) { c.origin += "0"; }}},
        {"InsideAnotherPage", {.change_ceremony = [](auto& c) { c.is_cross_origin = true; }}},
        {"OfARegistration", {.change_ceremony = [](auto& c) { c.type = "webauthn.create"; }}},
        {"WithoutItsUser", {.change_ceremony = [](auto& c) { c.is_user_verified = false; }}},
        {"WithoutATouch", {.change_ceremony = [](auto& c) { c.is_user_present = false; }}},
        {"WithoutSignature", {.change_approval = [](auto& a) { a.signature.clear(); }}},
        {"WithoutAnything", {.change_approval = [](auto& a) { a = {}; }}},
    }),
    [](const auto& c) { return std::string(c.param.name); });

TEST_F(ApprovalTest, IsByKeysOfTwoKinds) {
  const auto ed25519 =
      parse_approver("carol eddsa 11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=");  // RFC 8032
  ASSERT_TRUE(ed25519) << ed25519.error().message;
  EXPECT_EQ(ed25519->passkey.type(), hsm::KeyType::kEd25519);
  const ApprovalRules words{.site = {}, .origins = {}, .approvers = {*ed25519}};
  EXPECT_EQ(words.in_words(), "2 persons of carol (" + to_hex(sha256(ed25519->passkey.spki())).substr(0, 16) +
                                  ") approve that a key is destroyed");
}

TEST_F(ApprovalTest, APasskeyHasOneSpelling) {
  const std::string key = to_base64(alice_.public_key());
  ASSERT_TRUE(parse_approver("alice es256 " + key));
  for (const std::string text : {"", "alice", "alice es256", " es256 ", "Alice es256 ", "alice  es256 ",
                                 "alice eddsa ", "alice rs256 ", "alice es256  "})
    EXPECT_FALSE(parse_approver(text.ends_with(' ') ? text + key : text)) << text;
  EXPECT_FALSE(parse_approver("alice es256 " + to_base64(Bytes(64, std::byte{0x11}))))
      << "no point of the curve";
  EXPECT_FALSE(parse_approver("alice es256 " + to_base64(ByteView(alice_.public_key()).first(63))));
}

}  // namespace
}  // namespace privyseal::keyd
