// A certificate by hand: request out, certificate in, every refusal in words, activation, roll-back.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "firmware/base/file.h"
#include "tests/integration/renewd_lab.h"

namespace privyseal::test {
namespace {

using testing::HasSubstr;

class RenewdManual : public testing::Test {
 protected:
  RenewdManual() { lab.start(manual_toml(lab)); }

  Result<JsonObject> ask(const std::string& operation, JsonObject more = {}) {
    more["identity"] = "cjsm";
    return lab.renewd->ask(operation, std::move(more));
  }
  /// Asks for a request: its PEM.
  std::string request() {
    const auto answer = ask("cert-request");
    EXPECT_TRUE(answer) << answer.error().message;
    return answer ? json_text(*answer, "csr").value_or("") : "";
  }
  void bring_to_service(std::int64_t generation) {
    const std::string chain = lab.ca.issue_from_csr(request(), {.dns_names = {kGatewayName}});
    const auto imported = ask("cert-import", {{"pem", chain}});
    ASSERT_TRUE(imported) << imported.error().message;
    ASSERT_TRUE(lab.renewd->wait_for("cjsm", [](const auto& i) { return is_candidate(i, "proven"); }))
        << lab.renewd->output();
    const auto activated = ask("cert-activate");
    ASSERT_TRUE(activated) << activated.error().message;
    ASSERT_EQ(active_of(lab.renewd->identity("cjsm")), generation);
  }

  RenewdLab lab;
};

TEST_F(RenewdManual, ACertificateComesIntoServiceAndBackOut) {
  EXPECT_EQ(active_of(lab.renewd->identity("cjsm")), 0);
  const auto asked = ask("cert-request");
  ASSERT_TRUE(asked) << asked.error().message;
  EXPECT_EQ(json_text(*asked, "state"), "requested");
  EXPECT_EQ(json_text(*asked, "key"), "cjsm-1");
  const std::string csr = json_text(*asked, "csr").value();
  const auto shown = ask("cert-csr");
  ASSERT_TRUE(shown);
  EXPECT_EQ(json_text(*shown, "csr"), csr);
  EXPECT_EQ(ask("cert-request").error().code, ErrorCode::kConflict);
  EXPECT_EQ(ask("cert-activate").error().code, ErrorCode::kConflict);

  const std::string chain = lab.ca.issue_from_csr(csr, {.dns_names = {kGatewayName}});
  const auto imported = ask("cert-import", {{"pem", "Dear customer,\n\n" + chain}});
  ASSERT_TRUE(imported) << imported.error().message;
  EXPECT_EQ(json_text(*imported, "state"), "issued");
  ASSERT_TRUE(lab.renewd->wait_for("cjsm", [](const auto& i) { return is_candidate(i, "proven"); }));
  EXPECT_EQ(lab.served_chain("cjsm"), "") << "nothing goes live before somebody says so";

  ASSERT_TRUE(ask("cert-activate"));
  EXPECT_EQ(lab.served_chain("cjsm"), chain);
  EXPECT_EQ(lab.served_key("cjsm"), "keyd:cjsm-1\n");

  bring_to_service(2);
  EXPECT_EQ(lab.served_key("cjsm"), "keyd:cjsm-2\n");
  EXPECT_TRUE(lab.answers("cjsm-1")) << "the old key works during the overlap";
  ASSERT_TRUE(ask("cert-rollback"));
  EXPECT_EQ(lab.served_chain("cjsm"), chain);
  EXPECT_EQ(active_of(lab.renewd->identity("cjsm")), 1);
  EXPECT_EQ(ask("cert-rollback").error().code, ErrorCode::kConflict);

  const std::string log = lab.audit();
  for (const char* action :
       {"key-made", "request-made", "certificate-imported", "trial-passed", "activated", "rolled-back"})
    EXPECT_THAT(log, HasSubstr(std::string("\"action\":\"") + action)) << action;
  EXPECT_THAT(log, HasSubstr("\"actor\":\"root\""));
  const auto verdict = lab.renewd->ask("audit-verify");
  ASSERT_TRUE(verdict);
  EXPECT_TRUE(json_flag(*verdict, "ok", false).value()) << json_text(*verdict, "why", "").value();
  EXPECT_EQ(lab.renewd->stop(), 0) << lab.renewd->output();
}

TEST_F(RenewdManual, EveryRefusalIsSaidInWordsAndTheRequestStaysOpen) {
  EXPECT_THAT(ask("cert-import", {{"pem", lab.ca.pem()}}).error().message,
              HasSubstr("no certificate is awaited"));
  const std::string csr = request();
  TestCa same_name("Stand-in Egress CA");
  const LeafOptions right{.dns_names = {kGatewayName}};
  const std::string other_key = lab.ca.issue(right).chain_pem;
  const struct {
    std::string name;
    std::string pem;
    std::string words;
  } refusals[] = {
      {"nothing", "Dear customer", "certificate"},
      {"a private key", lab.ca.issue(right).key_pem, "private key"},
      {"another key", other_key, "key"},
      {"another authority", same_name.issue_from_csr(csr, right), "root"},
      {"another name", lab.ca.issue_from_csr(csr, {.dns_names = {"mail.lawfirm.example"}}), kGatewayName},
      {"expired",
       lab.ca.issue_from_csr(csr, {.dns_names = {kGatewayName},
                                   .begins = std::chrono::hours(-200),
                                   .ends = std::chrono::hours(-100)}),
       "expired"},
      {"no client", lab.ca.issue_from_csr(csr, {.dns_names = {kGatewayName}, .is_client = false}), "client"},
  };
  for (const auto& refusal : refusals) {
    SCOPED_TRACE(refusal.name);
    const auto answer = ask("cert-import", {{"pem", refusal.pem}});
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code, ErrorCode::kInvalid);
    EXPECT_THAT(answer.error().message, HasSubstr(refusal.words));
    EXPECT_TRUE(is_candidate(lab.renewd->identity("cjsm"), "requested"));
    EXPECT_THAT(lab.audit(), HasSubstr("\"certificate-refused\""));
  }
  EXPECT_EQ(lab.key_pairs(), 1U);
  EXPECT_TRUE(ask("cert-import", {{"pem", lab.ca.issue_from_csr(csr, right)}}));
}

TEST_F(RenewdManual, ANewRequestTakesThePlaceOfTheOneUnderWayOnlyWhenItIsNamed) {
  const std::string first = request();
  const auto without = ask("cert-request");
  ASSERT_FALSE(without);
  EXPECT_THAT(without.error().message, HasSubstr("generation 1 is under way (requested)"));
  EXPECT_EQ(ask("cert-request", {{"instead_of", 2}}).error().code, ErrorCode::kConflict);
  EXPECT_EQ(ask("cert-request", {{"instead_of", -1}}).error().code, ErrorCode::kInvalid);
  EXPECT_EQ(json_text(ask("cert-csr").value(), "csr"), first) << "nothing was lost so far";

  const auto instead = ask("cert-request", {{"instead_of", 1}});
  ASSERT_TRUE(instead) << instead.error().message;
  EXPECT_EQ(json_text(*instead, "key"), "cjsm-2");
  EXPECT_NE(json_text(*instead, "csr"), first);
  EXPECT_TRUE(wait_until([&] { return !lab.answers("cjsm-1"); })) << "the key that was given up is retired";
  EXPECT_EQ(
      ask("cert-import", {{"pem", lab.ca.issue_from_csr(first, {.dns_names = {kGatewayName}})}}).error().code,
      ErrorCode::kInvalid);
  EXPECT_THAT(lab.audit(), HasSubstr("in place of generation 1 (requested)"));
  const std::string second = json_text(*instead, "csr").value();
  ASSERT_TRUE(ask("cert-import", {{"pem", lab.ca.issue_from_csr(second, {.dns_names = {kGatewayName}})}}));
  ASSERT_TRUE(lab.renewd->wait_for("cjsm", [](const auto& i) { return is_candidate(i, "proven"); }));
  ASSERT_TRUE(ask("cert-activate"));
  EXPECT_EQ(ask("cert-request", {{"instead_of", 2}}).error().code, ErrorCode::kConflict)
      << "it is in service";
  EXPECT_EQ(lab.served_key("cjsm"), "keyd:cjsm-2\n");
}

TEST_F(RenewdManual, AllOfItSurvivesARestart) {
  const std::string csr = request();
  lab.renewd->process().kill();
  ASSERT_TRUE(lab.renewd->start_again());
  EXPECT_EQ(json_text(ask("cert-csr").value(), "csr"), csr);
  ASSERT_TRUE(ask("cert-import", {{"pem", lab.ca.issue_from_csr(csr, {.dns_names = {kGatewayName}})}}));
  lab.renewd->process().kill();
  ASSERT_TRUE(lab.renewd->start_again());
  ASSERT_TRUE(lab.renewd->wait_for("cjsm", [](const auto& i) { return is_candidate(i, "proven"); }));
  ASSERT_TRUE(ask("cert-activate"));
  lab.renewd->process().kill();
  ASSERT_TRUE(lab.renewd->start_again());
  EXPECT_EQ(active_of(lab.renewd->identity("cjsm")), 1);
  EXPECT_EQ(lab.key_pairs(), 1U);
}

TEST_F(RenewdManual, TheConsoleMayNotIssueAndStrangersMayNothing) {
  const auto door = lab.keyd.folder() / "renewd" / "door";
  const auto as = [&](uid_t user, const std::string& operation) {
    return as_user(user, [&] { return ask_door(door, {{"op", operation}}, std::chrono::seconds(20)); });
  };
  EXPECT_TRUE(as(kConsoleUid, "cert-list"));
  EXPECT_EQ(as(kConsoleUid, "issue").error().code, ErrorCode::kDenied);
  EXPECT_EQ(as(kGatewayUid, "cert-list").error().code, ErrorCode::kDenied);
  EXPECT_EQ(as(0, "open-sesame").error().code, ErrorCode::kDenied);
}

TEST_F(RenewdManual, KeydAwayIsSaidAndTheRequestIsMadeWhenItIsBack) {
  lab.keyd.kill();
  const auto asked = ask("cert-request");
  ASSERT_FALSE(asked);
  EXPECT_EQ(asked.error().code, ErrorCode::kUnavailable);
  EXPECT_THAT(asked.error().message, HasSubstr("keyd"));
  ASSERT_TRUE(lab.keyd.start());
  EXPECT_NE(request(), "");
  EXPECT_EQ(lab.key_pairs(), 1U);
}

}  // namespace
}  // namespace privyseal::test
