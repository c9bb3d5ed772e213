#include "ca/authority/est_responder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ca/est.h"
#include "tests/support/certificates.h"
#include "tests/support/software_signer.h"
#include "tests/support/temp_folder.h"

namespace privyseal::authority {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

const std::string kEnroll(ca::kEstSimpleEnroll);
const std::string kReenroll(ca::kEstSimpleReenroll);
constexpr const char* kPkcs10 = "application/pkcs10";

class EstResponderTest : public testing::Test {
 protected:
  static AuthoritySettings settings() {
    return {.common_name = "Practice CA",
            .profiles = {"egress-gateway", "egress-relay"},
            .domains = {"lawfirm.example"},
            .with_approval = {"egress-relay"}};
  }
  static std::string body(const std::vector<std::string>& names, const std::string& organisation = "") {
    const std::string pem =
        test::request_pem(test::new_key_pem("P-256"),
                          {.common_name = names.front(), .organisation = organisation, .dns_names = names});
    return ca::est_request_body(ca::csr_der(pem).value());
  }
  static EstRequest post(const std::string& target, std::string text, EstCaller caller) {
    return {"POST", target, kPkcs10, std::move(text), std::move(caller)};
  }
  /// As a client reads the reply.
  ca::EstAnswer read(const EstReply& reply) const {
    const ca::EstHeaders headers{reply.content_type,
                                 reply.retry_after ? std::to_string(reply.retry_after->count()) : ""};
    return ca::parse_enroll_answer(reply.status, headers, bytes_of(reply.body), clock.now());
  }
  ca::Certificate enrolled(const std::vector<std::string>& names) {
    const auto answer = read(responder.answer(post(kEnroll, body(names), kAlice)));
    return std::get<ca::EstIssued>(answer).certificates.front();
  }

  const EstCaller kAlice{.password_user = "alice"};
  test::TempFolder folder;
  Database database = Database::open(folder / "ca.db", Database::Mode::kReadWrite).value();
  test::SoftwareSigner signer;
  SystemClock clock;
  std::unique_ptr<Authority> authority = Authority::open(database, signer, settings(), clock).value();
  EstResponder responder{*authority, {.profile = "egress-gateway"}};
  EstResponder approving{*authority, {.profile = "egress-relay", .retry_after = 90s}};
};

TEST_F(EstResponderTest, GivesItsRootToAnybody) {
  const EstReply reply = responder.answer({"GET", std::string(ca::kEstCaCerts), "", "", {}});
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.transfer_encoding, "base64");
  const auto roots = ca::parse_cacerts_answer(200, {reply.content_type, ""}, bytes_of(reply.body));
  EXPECT_THAT(roots.value(), testing::ElementsAre(authority->root()));
}

TEST_F(EstResponderTest, EnrolsOneWhoHasAPassword) {
  const ca::Certificate certificate = enrolled({"gw.lawfirm.example"});
  EXPECT_EQ(certificate.dns_names, std::vector<std::string>{"gw.lawfirm.example"});
  EXPECT_EQ(authority->list(0, 10)->front().requester, "alice");
}

TEST_F(EstResponderTest, RenewsForOneWhoShowsTheCurrentCertificate) {
  const ca::Certificate current = enrolled({"gw.lawfirm.example", "mx.lawfirm.example"});
  const std::string again = body({"gw.lawfirm.example", "mx.lawfirm.example"});
  const auto answer = read(responder.answer(post(kReenroll, again, {.certificate = current})));
  ASSERT_TRUE(std::holds_alternative<ca::EstIssued>(answer));
  EXPECT_NE(std::get<ca::EstIssued>(answer).certificates.front().serial, current.serial);
}

TEST_F(EstResponderTest, ARenewalChangesNobodysName) {
  const ca::Certificate current = enrolled({"gw.lawfirm.example"});
  for (const std::string& target : {kReenroll, kEnroll}) {
    for (const std::string& other :
         {body({"mx.lawfirm.example"}), body({"gw.lawfirm.example", "mx.lawfirm.example"}),
          body({"gw.lawfirm.example"}, "Another Firm")})
      EXPECT_EQ(responder.answer(post(target, other, {.certificate = current})).status, 403);
  }
  EXPECT_EQ(authority->list(0, 10)->size(), 1U);
}

TEST_F(EstResponderTest, RefusesRenewalWithACertificateThatIsNotGoodHere) {
  const ca::Certificate current = enrolled({"gw.lawfirm.example"});
  const std::string again = body({"gw.lawfirm.example"});
  test::TestCa foreign("Practice CA");
  const auto other =
      ca::parse_certificates(bytes_of(foreign.issue({.dns_names = {"gw.lawfirm.example"}}).chain_pem))
          ->front();
  EXPECT_EQ(responder.answer(post(kReenroll, again, {.certificate = other})).status, 403);
  EXPECT_EQ(responder.answer(post(kReenroll, again, kAlice)).status, 403);
  EXPECT_EQ(responder.answer(post(kReenroll, again, {})).status, 403);
  ASSERT_TRUE(authority->revoke(current.serial, Revocation::kKeyCompromise, "officer"));
  EXPECT_EQ(responder.answer(post(kReenroll, again, {.certificate = current})).status, 403);
  EXPECT_EQ(responder.answer(post(kEnroll, again, {.certificate = current})).status, 403);
}

TEST_F(EstResponderTest, AsksWhoItIs) {
  const EstReply reply = responder.answer(post(kEnroll, body({"gw.lawfirm.example"}), {}));
  EXPECT_EQ(reply.status, 401);
  EXPECT_THAT(reply.authenticate, HasSubstr("Basic"));
  EXPECT_TRUE(authority->list(0, 10)->empty());
}

TEST_F(EstResponderTest, SaysWhenToComeBackAndThenGivesTheSame) {
  const std::string request = body({"gw.lawfirm.example"});
  const auto first = read(approving.answer(post(kEnroll, request, kAlice)));
  ASSERT_TRUE(std::holds_alternative<ca::EstWait>(first));
  EXPECT_EQ(std::get<ca::EstWait>(first).retry_after, 90s);
  const auto approved = authority->approve(authority->pending()->front().digest, "officer").value();
  for (int i = 0; i < 2; ++i) {
    const auto answer = read(approving.answer(post(kEnroll, request, kAlice)));
    ASSERT_TRUE(std::holds_alternative<ca::EstIssued>(answer));
    EXPECT_EQ(std::get<ca::EstIssued>(answer).certificates.front(), approved);
  }
}

TEST_F(EstResponderTest, AttributesAreNotAskedFor) {
  const EstReply reply = responder.answer({"GET", std::string(ca::kEstCsrAttrs), "", "", {}});
  EXPECT_EQ(reply.status, 204);
  EXPECT_TRUE(reply.body.empty());
}

struct BadCase {
  const char* name;
  const char* method;
  std::string target;
  const char* type;
  std::string body;
  int status;
};
class RefusedByResponder : public EstResponderTest, public testing::WithParamInterface<BadCase> {};
TEST_P(RefusedByResponder, WithTheRightStatus) {
  const BadCase& bad = GetParam();
  const EstReply reply = responder.answer({bad.method, bad.target, bad.type, bad.body, kAlice});
  EXPECT_EQ(reply.status, bad.status);
  EXPECT_EQ(reply.allow.empty(), bad.status != 405);
  EXPECT_TRUE(authority->list(0, 10)->empty());
}
INSTANTIATE_TEST_SUITE_P(, RefusedByResponder,
                         testing::ValuesIn(std::vector<BadCase>{
                             {"Root", "GET", "/", "", "", 404},
                             {"NoTarget", "GET", "", "", "", 404},
                             {"Below", "POST", kEnroll + "/x", kPkcs10, "", 404},
                             {"Query", "POST", kEnroll + "?a", kPkcs10, "", 404},
                             {"Dots", "POST", "/.well-known/est/../est/simpleenroll", kPkcs10, "", 404},
                             {"ServerKeyGeneration", "POST", "/.well-known/est/serverkeygen", kPkcs10, "",
                              404},
                             {"GetEnroll", "GET", kEnroll, kPkcs10, "", 405},
                             {"PostCaCerts", "POST", std::string(ca::kEstCaCerts), "", "", 405},
                             {"LowerCaseMethod", "post", kEnroll, kPkcs10, "", 405},
                             {"OtherType", "POST", kEnroll, "application/json", "e30=", 415},
                             {"NoType", "POST", kEnroll, "", "e30=", 415},
                             {"Empty", "POST", kEnroll, kPkcs10, "", 400},
                             {"NotBase64", "POST", kEnroll, kPkcs10, "{}", 400},
                             {"NotARequest", "POST", kEnroll, kPkcs10, "aGVsbG8=", 400},
                             {"TooLong", "POST", kEnroll, kPkcs10, std::string(100'000, 'A'), 400},
                         }),
                         [](const auto& c) { return std::string(c.param.name); });

TEST_F(EstResponderTest, ANameThatIsNotAllowedIsForbiddenWithTheReason) {
  const EstReply reply = responder.answer(post(kEnroll, body({"gw.other.example"}), kAlice));
  EXPECT_EQ(reply.status, 403);
  EXPECT_THAT(reply.body, HasSubstr("gw.other.example is not at or below"));
}

}  // namespace
}  // namespace privyseal::authority
