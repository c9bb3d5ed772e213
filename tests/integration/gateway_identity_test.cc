// A new certificate under running traffic: one rename, and new sessions show it. One that does not load
// changes nothing, and is said.
#include <gmock/gmock.h>

#include <atomic>
#include <thread>

#include "firmware/base/json.h"
#include "tests/integration/gateway_lab.h"

namespace privyseal::test {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

class GatewayIdentity : public GatewayTest {
 protected:
  static JsonObject status() {
    auto answer = lab_->gateway->ask({{"op", "status"}});
    EXPECT_TRUE(answer) << answer.error().message;
    return answer.value_or(JsonObject());
  }

  /// Of one member of what `status` says of the CJSM side; empty: it is not there.
  static std::string cjsm(const std::string& member) {
    const JsonObject answer = status();
    const JsonArray* identities = json_array(answer, "identities");
    return identities == nullptr ? "" : json_text(identities->at(1).as_object(), member, "").value();
  }

  static bool is_said(const std::string& member, const std::string& part) {
    return wait_until([&] { return cjsm(member).find(part) != std::string::npos; }, 20s);
  }

  /// The subject's serial number as the relay saw it in its last session.
  static std::string serial_shown_to_relay() {
    const auto sessions = sessions_of(lab_->relay.get());
    return sessions.empty() || !sessions.back().tls ? "" : sessions.back().tls->peer_serial;
  }
};

/// Sends mails on connections of their own until it is told to stop.
class Traffic {
 public:
  Traffic(GatewayLab* lab, bool one_connection)
      : thread_([this, lab, one_connection] {
          auto client = lab->lan_client();
          while (!stop_) {
            if (!one_connection) client = lab->lan_client();
            const auto reply = client.send(mail_out());
            ++(reply && reply->code == 250 ? sent_ : failed_);
          }
        }) {}
  ~Traffic() { stop(); }
  Traffic(const Traffic&) = delete;  // its thread knows its address
  Traffic& operator=(const Traffic&) = delete;

  void stop() {
    stop_ = true;
    if (thread_.joinable()) thread_.join();
  }
  [[nodiscard]] int sent() const { return sent_; }
  [[nodiscard]] int failed() const { return failed_; }
  /// Waits until `more` further mails were answered.
  [[nodiscard]] bool goes_on(int more) const {
    const int until = sent_ + failed_ + more;
    return wait_until([&] { return sent_ + failed_ >= until; }, 60s);
  }

 private:
  std::atomic<bool> stop_ = false;
  std::atomic<int> sent_ = 0;
  std::atomic<int> failed_ = 0;
  std::thread thread_;
};

TEST_F(GatewayIdentity, AnotherOneIsShownFromItsActivationOnAndNoMailIsLost) {
  const auto next = lab_->another_cjsm_identity("cjsm-2");
  expect_out(250, mail_out());
  const std::string serial_before = serial_shown_to_relay();
  {
    Traffic new_connections(lab_.get(), false);
    Traffic open_connection(lab_.get(), true);
    ASSERT_TRUE(new_connections.goes_on(3) && open_connection.goes_on(3));
    lab_->gateway->activate("cjsm", next.chain_pem, next.key);
    ASSERT_TRUE(is_said("key", "keyd:cjsm-2"));
    ASSERT_TRUE(new_connections.goes_on(3) && open_connection.goes_on(3));
    new_connections.stop();
    open_connection.stop();
    EXPECT_EQ(new_connections.failed() + open_connection.failed(), 0);
    EXPECT_EQ(static_cast<int>(lab_->relay->mails().size()),
              new_connections.sent() + open_connection.sent() + 1);
  }
  EXPECT_NE(serial_shown_to_relay(), serial_before);
  const auto used = lab_->uses("cjsm-2").client;
  expect_out(250, mail_out());
  EXPECT_EQ(lab_->uses("cjsm-2").client, used + 1);
  expect_in(250, mail_in());
  EXPECT_GE(lab_->uses("cjsm-2").server, 1U);
  EXPECT_THAT(lab_->gateway->output(), HasSubstr("identity-in-use side=cjsm"));
}

TEST_F(GatewayIdentity, OneThatDoesNotLoadChangesNothingAndIsSaid) {
  expect_out(250, mail_out());
  const std::string serial_before = serial_shown_to_relay();
  const std::string key_before = cjsm("key");
  struct Broken {
    std::string chain_pem;
    std::string key;
    std::string why;
  };
  const std::vector<Broken> all{
      {"no certificate\n", key_before, "PEM"},
      {lab_->settings.lan.chain_pem, key_before, "chain.pem"},  // of another key
      {lab_->settings.cjsm.chain_pem, "keyd:nobody", "nobody"},
  };
  for (const Broken& broken : all) {
    lab_->gateway->activate("cjsm", broken.chain_pem, broken.key);
    EXPECT_TRUE(is_said("refused", broken.why)) << broken.why << ", but: " << cjsm("refused");
    EXPECT_EQ(cjsm("key"), key_before);
    expect_out(250, mail_out());
    EXPECT_EQ(serial_shown_to_relay(), serial_before);
  }
  EXPECT_THAT(lab_->gateway->output(), HasSubstr("<1>identity-not-loaded side=cjsm"));
  lab_->gateway->activate("cjsm", lab_->settings.cjsm.chain_pem, lab_->settings.cjsm.key);
  EXPECT_TRUE(is_said("key", lab_->settings.cjsm.key));
  EXPECT_TRUE(wait_until([] { return cjsm("refused").empty(); }));
  expect_out(250, mail_out());
}

TEST_F(GatewayIdentity, OneWhoseKeyWasAwayIsTakenWhenItIsBack) {
  const auto next = lab_->another_cjsm_identity("cjsm-3");
  lab_->keyd.kill();
  lab_->gateway->activate("cjsm", next.chain_pem, next.key);
  EXPECT_TRUE(wait_until([] { return !cjsm("refused").empty(); }, 20s));
  ASSERT_TRUE(lab_->keyd.start());
  EXPECT_TRUE(is_said("key", "keyd:cjsm-3"));
  expect_out(250, mail_out());
}

}  // namespace
}  // namespace privyseal::test
