// Certificates by EST: enrol, re-enrol, wait, and everything that an enrolment server can get wrong.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "firmware/base/base64.h"
#include "firmware/base/file.h"
#include "tests/integration/renewd_lab.h"

namespace privyseal::test {
namespace {

using testing::HasSubstr;

bool is_active(const JsonObject& identity, std::int64_t generation) {
  return active_of(identity) == generation;
}

class RenewdEst : public testing::Test {
 protected:
  RenewdEst() : est(lab.keyd.folder() / "est") { est.start(); }

  void start(const std::string& more = "") { lab.start(est_toml(lab, est, more)); }
  void wait_for_active(std::int64_t generation) {
    ASSERT_TRUE(lab.renewd->wait_for("cjsm", [&](const auto& i) { return is_active(i, generation); }))
        << to_text(lab.renewd->identity("cjsm")) << "\n"
        << lab.renewd->output();
  }
  void renew() {
    const auto asked = lab.renewd->ask("cert-renew", {{"identity", "cjsm"}});
    ASSERT_TRUE(asked) << asked.error().message;
  }
  /// The old certificate serves on, and the alarm says why.
  void expect_standstill(const std::string& why, std::int64_t serving) {
    EXPECT_TRUE(lab.renewd->wait_for("cjsm", [&](const auto& i) { return alarm_of(i).contains(why); }))
        << to_text(lab.renewd->identity("cjsm"));
    const JsonObject identity = lab.renewd->identity("cjsm");
    EXPECT_TRUE(is_active(identity, serving));
    EXPECT_EQ(lab.served_key("cjsm"), "keyd:cjsm-" + std::to_string(serving) + "\n");
    EXPECT_EQ(text_in(identity, "alarm", "level"), "warning");
    EXPECT_THAT(alarm_of(identity), HasSubstr("the certificate in use ends in 2"));
    EXPECT_THAT(text_in(identity, "candidate", "why"), HasSubstr(why));
    EXPECT_THAT(lab.renewd->output(), HasSubstr("<1>certificate-alarm identity=cjsm level=warning"));
    EXPECT_THAT(lab.audit(), HasSubstr("\"action\":\"alarm\""));
  }

  RenewdLab lab;
  FakeEst est;
};

TEST_F(RenewdEst, EnrolsAndReEnrolsWithTheCertificateInUse) {
  start();
  wait_for_active(1);
  renew();
  wait_for_active(2);
  const auto requests = est.requests();
  ASSERT_EQ(requests.size(), 2U);
  EXPECT_EQ(json_text(requests[0], "path"), "/.well-known/est/simpleenroll");
  EXPECT_EQ(json_text(requests[0], "type"), "application/pkcs10");
  EXPECT_EQ(json_text(requests[0], "tls"), "TLSv1.3");
  EXPECT_EQ(json_text(requests[0], "auth"), "Basic " + to_base64(bytes_of("gateway:open sesame")));
  EXPECT_EQ(json_text(requests[0], "client"), "");
  EXPECT_EQ(json_text(requests[1], "path"), "/.well-known/est/simplereenroll");
  EXPECT_NE(json_text(requests[1], "client"), "") << "the certificate in use is shown";
  EXPECT_EQ(lab.key_pairs(), 2U);
  EXPECT_TRUE(lab.answers("cjsm-2"));
  EXPECT_EQ(lab.renewd->output().find("sesame"), std::string::npos);
  EXPECT_EQ(lab.renewd->stop(), 0) << lab.renewd->output();
}

TEST_F(RenewdEst, TheOldKeyIsRetiredWhenTheOverlapIsOver) {
  start("overlap_hours = 0\n");
  wait_for_active(1);
  renew();
  wait_for_active(2);
  EXPECT_TRUE(wait_until([&] { return !lab.answers("cjsm-1"); }));
  EXPECT_TRUE(lab.answers("cjsm-2"));
  EXPECT_THAT(lab.audit(), HasSubstr("\"key-retired\""));
}

TEST_F(RenewdEst, WaitsAsLongAsTheServerSays) {
  est.play("wait");
  start();
  EXPECT_TRUE(lab.renewd->wait_for("cjsm", [](const auto& i) { return is_candidate(i, "submitted"); }));
  wait_for_active(1);
  EXPECT_EQ(est.requests().size(), 3U);
  EXPECT_EQ(lab.key_pairs(), 1U);
}

TEST_F(RenewdEst, AServerOfTls12IsGoodEnoughButSeesNoCertificateOfOurs) {
  est.stop();
  lab.file("est/tls12", "");
  est.start();
  start();
  wait_for_active(1);
  renew();
  wait_for_active(2);
  const auto requests = est.requests();
  ASSERT_EQ(requests.size(), 2U);
  EXPECT_EQ(json_text(requests[1], "tls"), "TLSv1.2");
  EXPECT_EQ(json_text(requests[1], "client"), "");
}

TEST_F(RenewdEst, AServerThatIsAnotherHearsNoPassword) {
  std::string toml = est_toml(lab, est);
  const std::string name = "server_name = \"est.example\"";
  toml.replace(toml.find(name), name.size(), "server_name = \"ca.example\"");
  lab.start(toml);
  EXPECT_TRUE(
      lab.renewd->wait_for("cjsm", [&](const auto& i) { return alarm_of(i).contains("wrong-name"); }));
  const JsonObject identity = lab.renewd->identity("cjsm");
  EXPECT_TRUE(is_active(identity, 0));
  EXPECT_EQ(text_in(identity, "alarm", "level"), "critical") << "there is nothing to serve";
  EXPECT_EQ(est.requests().size(), 0U);
}

TEST_F(RenewdEst, AServerThatIsDownIsAskedAgain) {
  start();
  wait_for_active(1);
  est.stop();
  renew();
  expect_standstill("cannot be reached", 1);
  est.start();
  wait_for_active(2);
  EXPECT_EQ(alarm_of(lab.renewd->identity("cjsm")), "");
  EXPECT_EQ(lab.key_pairs(), 2U);
}

TEST_F(RenewdEst, WhateverItAnswersTheOldCertificateServesOnAndTheAlarmSaysWhy) {
  const struct {
    std::string mode;
    std::string why;
    std::string state;
  } faults[] = {
      {"500", "500", "requested"},
      {"401", "401", "requested"},
      {"garbage", "did not issue", "requested"},
      {"not-http", "no HTTP", "requested"},
      {"huge", "too long", "requested"},
      {"hang-up", "before its answer was whole", "requested"},
      {"short", "before its answer was whole", "requested"},
      {"other-key", "key", "requested"},
      {"wrong-chain", "root", "requested"},
      {"wrong-name", kGatewayName, "requested"},
      {"expired", "expired", "requested"},
  };
  start();
  wait_for_active(1);
  std::int64_t serving = 1;
  for (const auto& fault : faults) {
    SCOPED_TRACE(fault.mode);
    const std::size_t before = lab.key_pairs();
    est.play(fault.mode);
    renew();
    expect_standstill(fault.why, serving);
    EXPECT_TRUE(lab.renewd->wait_for("cjsm", [&](const auto& i) { return is_candidate(i, fault.state); }));
    est.play("issue");
    renew();  // at once, and not after a wait
    wait_for_active(++serving);
    EXPECT_EQ(alarm_of(lab.renewd->identity("cjsm")), "");
    EXPECT_EQ(lab.key_pairs(), before + 1) << "one more key, however often it was tried";
    if (HasFailure()) break;
  }
}

}  // namespace
}  // namespace privyseal::test
