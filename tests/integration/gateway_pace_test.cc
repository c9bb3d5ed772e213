// Clients that are too slow, or too many: they hear 421, and the next hop gets nothing of their mail.
#include <gmock/gmock.h>

#include "tests/integration/gateway_lab.h"

namespace privyseal::test {
namespace {

using namespace std::chrono_literals;
using peer::SmtpClient;
using testing::StartsWith;

/// A line as slow as one likes; what the server said at last.
template <class Say>
std::string drip_until_answered(SmtpClient& client, Say say) {
  for (int i = 0; i < 600; ++i) {
    say();
    if (const auto reply = client.read_reply(100ms)) return reply->text;
  }
  return "nothing";
}

class GatewaySlowCommands : public GatewayTest {
 protected:
  static void SetUpTestSuite() { open_lab({.limits = "command_seconds = 1\n"}); }
};

TEST_F(GatewaySlowCommands, AreGivenUpHoweverOftenAByteComes) {
  for (const bool drips : {false, true}) {
    auto client = SmtpClient::connect(lab_->gateway->lan_port());
    ASSERT_TRUE(client);
    EXPECT_EQ(client->read_reply()->code, 220);
    const std::string heard = drip_until_answered(*client, [&] {
      if (drips) static_cast<void>(client->write("N"));
    });
    EXPECT_THAT(heard, StartsWith("421 4.4.2"));
    EXPECT_TRUE(client->is_ended_by_server(10s));
  }
}

class GatewaySlowBodies : public GatewayTest {
 protected:
  static void SetUpTestSuite() { open_lab({.limits = "body_seconds = 1\nmin_bytes_per_second = 1000000\n"}); }

  static void expect_no_mail() {
    for (const auto& session : sessions_of(lab_->relay.get()))
      for (const auto& transaction : session.transactions) EXPECT_FALSE(transaction.is_complete);
  }
};

TEST_F(GatewaySlowBodies, AreGivenUpHoweverOftenAByteComes) {
  for (const bool drips : {false, true}) {
    SmtpClient client = lab_->lan_client();
    ASSERT_EQ(client.envelope(mail_out())->code, 354);
    const std::string heard = drip_until_answered(client, [&] {
      if (drips) static_cast<void>(client.write("x\r\n"));
    });
    EXPECT_THAT(heard, StartsWith("421 4.4.2"));
    EXPECT_TRUE(client.is_ended_by_server(10s));
  }
  for (const LedgerRow& row : rows(2)) EXPECT_EQ(row.outcome, "aborted");
  expect_no_mail();
}

TEST_F(GatewaySlowBodies, AreGivenUpInAChunkToo) {
  SmtpClient client = lab_->lan_client();
  ASSERT_TRUE(
      client.write("MAIL FROM:<alice@lawfirm.example>\r\nRCPT TO:<bob@a.cjsm.net>\r\nBDAT 1000 LAST\r\n"));
  EXPECT_EQ(client.read_reply()->code, 250);
  EXPECT_EQ(client.read_reply()->code, 250);
  const std::string heard = drip_until_answered(client, [&] { static_cast<void>(client.write("x")); });
  EXPECT_THAT(heard, StartsWith("421 4.4.2"));
  EXPECT_EQ(only_row().outcome, "aborted");
  expect_no_mail();
}

TEST_F(GatewaySlowBodies, AreGivenUpInAChunkThatNobodyWants) {
  for (const char* before : {"", "MAIL FROM:<alice@lawfirm.example>\r\n"}) {
    SmtpClient client = lab_->lan_client();
    ASSERT_TRUE(client.write(before + std::string("BDAT 1000\r\n")));
    if (*before != '\0') {
      EXPECT_EQ(client.read_reply()->code, 250);
    }
    EXPECT_THAT(drip_until_answered(client, [&] { static_cast<void>(client.write("x")); }),
                StartsWith("421 4.4.2"));
    EXPECT_TRUE(client.is_ended_by_server(10s));
  }
}

class GatewayOldSessions : public GatewayTest {
 protected:
  static void SetUpTestSuite() { open_lab({.limits = "session_seconds = 2\n"}); }

  static void expect_sent_away(SmtpClient& client) {
    const auto reply = client.read_reply(30s);
    ASSERT_TRUE(reply);
    EXPECT_THAT(reply->text, StartsWith("421 4.7.0"));
    EXPECT_TRUE(client.is_ended_by_server(10s));
  }
};

TEST_F(GatewayOldSessions, EndBetweenTwoMailsAndNotInsideOne) {
  SmtpClient writer = lab_->lan_client();
  const auto mail = mail_out();
  ASSERT_EQ(writer.envelope(mail)->code, 354);
  SmtpClient younger = lab_->lan_client();
  expect_sent_away(younger);
  ASSERT_TRUE(writer.write(mail.message + ".\r\n"));
  EXPECT_EQ(writer.read_reply()->code, 250);
  expect_sent_away(writer);
  EXPECT_EQ(only_row().outcome, "delivered");
}

TEST_F(GatewayOldSessions, EndInAChunkThatNobodyWants) {
  for (const char* before : {"", "MAIL FROM:<alice@lawfirm.example>\r\n"}) {
    SmtpClient client = lab_->lan_client();
    ASSERT_TRUE(client.write(before + std::string("BDAT 52428800\r\n")));
    if (*before != '\0') {
      EXPECT_EQ(client.read_reply()->code, 250);
    }
    EXPECT_THAT(drip_until_answered(client, [&] { static_cast<void>(client.write(std::string(100, 'x'))); }),
                StartsWith("421 4.7.0"));
    EXPECT_TRUE(client.is_ended_by_server(10s));
  }
}

class GatewayCrowd : public GatewayTest {
 protected:
  static void SetUpTestSuite() {
    open_lab({.limits = "max_connections = 5\nmax_connections_per_client = 3\nstress_command_seconds = 1\n"});
  }

  /// Connects until it is greeted; a place that was left may take a moment to be free.
  static SmtpClient seated(const std::string& source) {
    std::optional<SmtpClient> client;
    EXPECT_TRUE(wait_until([&] {
      auto one = SmtpClient::connect(lab_->gateway->lan_port(), source);
      const auto greeting = one ? one->read_reply() : std::unexpected(one.error());
      if (!greeting || greeting->code != 220) return false;
      client.emplace(std::move(*one));
      return true;
    }));
    return std::move(*client);
  }

  static void expect_turned_away(const std::string& source) {
    auto client = SmtpClient::connect(lab_->gateway->lan_port(), source);
    ASSERT_TRUE(client);
    EXPECT_THAT(client->read_reply()->text, StartsWith("421 4.7.0"));
    EXPECT_TRUE(client->is_ended_by_server(10s));
  }
};

TEST_F(GatewayCrowd, OneClientCannotTakeAllPlaces) {
  std::vector<SmtpClient> greedy;
  for (int i = 0; i < 3; ++i) greedy.push_back(seated("127.0.0.1"));
  expect_turned_away("127.0.0.1");
  const SmtpClient other = seated("127.0.0.2");
  greedy.pop_back();
  const SmtpClient again = seated("127.0.0.1");
}

/// A gateway of its own: no place that the test before has just left may count.
class GatewayNearlyFull : public GatewayCrowd {};

TEST_F(GatewayNearlyFull, WhoIsIdleIsSentAway) {
  std::vector<SmtpClient> early;
  for (const char* source : {"127.0.0.1", "127.0.0.2", "127.0.0.3"}) early.push_back(seated(source));
  SmtpClient idle = seated("127.0.0.4");  // the fourth of five
  EXPECT_THAT(idle.read_reply()->text, StartsWith("421 4.4.2"));
  EXPECT_TRUE(idle.is_ended_by_server(10s));
  for (SmtpClient& client : early) EXPECT_EQ(client.command("EHLO client.example")->code, 250);
}

}  // namespace
}  // namespace privyseal::test
