// Commands sent as a group (RFC 2920): they go to the next hop as a group, and the replies come in their
// order.
#include <gmock/gmock.h>

#include <mutex>

#include "firmware/base/guarded.h"
#include "tests/integration/gateway_lab.h"

namespace privyseal::test {
namespace {

using namespace std::chrono_literals;
using peer::Answer;
using peer::Event;
using peer::Script;
using peer::SmtpClient;
using peer::Step;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr const char* kMail = "MAIL FROM:<alice@lawfirm.example>\r\n";
constexpr const char* kBob = "RCPT TO:<bob@a.cjsm.net>\r\n";
constexpr const char* kCarol = "RCPT TO:<carol@b.cjsm.net>\r\n";
constexpr const char* kElsewhere = "RCPT TO:<x@elsewhere.example>\r\n";
constexpr const char* kMessage = "Subject: x\r\n\r\nhello\r\n.\r\n";

class GatewayPipelining : public GatewayTest {
 protected:
  static std::vector<int> codes(SmtpClient& client, std::size_t count) {
    std::vector<int> read;
    for (std::size_t i = 0; i < count; ++i) {
      const auto reply = client.read_reply();
      read.push_back(reply ? reply->code : -1);
    }
    return read;
  }

  static SmtpClient after(const std::string& group) {
    SmtpClient client = lab_->lan_client();
    EXPECT_TRUE(client.write(group));
    return client;
  }

  /// What the relay had received when it read MAIL.
  std::string seen_at_mail(Script script) {
    Guarded<std::string> seen;
    lab_->relay->play([&, script = std::move(script)](const Event& event, Answer usual) {
      if (event.step == Step::kMail)
        seen.with([](std::string& text) { text = lab_->relay->sessions().back().encrypted; });
      return script ? script(event, std::move(usual)) : usual;
    });
    SmtpClient client = after(std::string(kMail) + kBob + kCarol + "DATA\r\n");
    EXPECT_THAT(codes(client, 4), ElementsAre(250, 250, 250, 354));
    EXPECT_TRUE(client.write(kMessage));
    EXPECT_EQ(client.read_reply()->code, 250);
    lab_->relay->play(nullptr);
    return seen.with([](const std::string& text) { return text; });
  }
};

TEST_F(GatewayPipelining, SendsAGroupToARelayThatTakesOne) {
  const std::string seen = seen_at_mail(nullptr);
  EXPECT_THAT(seen, HasSubstr(std::string(kMail) + kBob + kCarol));
  EXPECT_THAT(seen, Not(HasSubstr("DATA")));  // not before the ledger knows who the recipients are
}

TEST_F(GatewayPipelining, SendsOneCommandAfterTheOtherToARelayThatTakesNoGroup) {
  EXPECT_THAT(seen_at_mail(peer::offering({"8BITMIME"})), Not(HasSubstr("RCPT")));
  EXPECT_THAT(lab_->relay->mails().at(0).rcpts,
              ElementsAre("RCPT TO:<bob@a.cjsm.net>", "RCPT TO:<carol@b.cjsm.net>"));
}

TEST_F(GatewayPipelining, AnswersInOrderWhoeverAnswers) {
  for (const std::vector<std::string>& offered :
       {std::vector<std::string>{"PIPELINING"}, std::vector<std::string>{}}) {
    lab_->relay->play([offered](const Event& event, Answer usual) {
      if (event.step == Step::kRcpt && event.line.contains("carol")) usual.reply = "450 4.2.1 later\r\n";
      return peer::offering(offered)(event, std::move(usual));
    });
    SmtpClient client = after(std::string("NOOP\r\n") + kMail + kElsewhere + kCarol + "NONSENSE\r\n" + kBob +
                              "RCPT TO:<@a:b@c>\r\n" + kElsewhere + kBob + "VRFY x\r\nDATA\r\n");
    EXPECT_THAT(codes(client, 11), ElementsAre(250, 250, 550, 450, 500, 250, 501, 550, 250, 252, 354));
    ASSERT_TRUE(client.write(kMessage));
    EXPECT_EQ(client.read_reply()->code, 250);
  }
  for (const auto& mail : lab_->relay->mails()) EXPECT_EQ(mail.rcpts.size(), 3U);
  EXPECT_EQ(rows(2).at(0).recipients.find("carol"), std::string::npos);
}

TEST_F(GatewayPipelining, ARefusedSenderIsRefusedForEveryRecipient) {
  lab_->relay->play([](const Event& event, Answer usual) {
    if (event.step == Step::kMail) usual.reply = "550 5.1.8 nobody of ours\r\n";
    if (event.step == Step::kRcpt) usual.reply = "503 5.5.1 MAIL first\r\n";
    return usual;
  });
  SmtpClient client = after(std::string(kMail) + kBob + kCarol + "DATA\r\n");
  EXPECT_THAT(codes(client, 4), ElementsAre(250, 550, 550, 554));
  EXPECT_EQ(client.command("NOOP")->code, 250);
  EXPECT_TRUE(lab_->relay->mails().empty());
}

TEST_F(GatewayPipelining, ARelayThatGoesAwayInsideAGroupTakesNoMail) {
  for (const auto then : {Answer::Then::kClose, Answer::Then::kReset}) {
    lab_->relay->play([then](const Event& event, Answer usual) {
      if (event.step == Step::kRcpt && event.line.contains("carol")) return Answer{.reply = "", .then = then};
      return usual;
    });
    SmtpClient client = after(std::string(kMail) + kBob + kCarol + kBob + "DATA\r\n");
    const auto heard = codes(client, 5);
    EXPECT_EQ(heard[0], 250);
    // A reset may overtake the reply that went before it.
    EXPECT_TRUE(heard[1] == 250 || heard[1] == 451) << heard[1];
    EXPECT_EQ(heard[2], 451);
    EXPECT_EQ(heard[3], 451);
    EXPECT_EQ(heard[4], heard[1] == 250 ? 451 : 554);
    EXPECT_EQ(client.command("NOOP")->code, 250);
  }
  EXPECT_TRUE(lab_->relay->mails().empty());
}

TEST_F(GatewayPipelining, TakesAsManyInAGroupAsOneByOne) {
  std::string group = kMail;
  for (int i = 0; i < 105; ++i) group += "RCPT TO:<u" + std::to_string(i) + "@a.cjsm.net>\r\n";
  SmtpClient client = after(group + "DATA\r\n");
  std::vector<int> expected(101, 250);
  expected.insert(expected.end(), 5, 452);
  expected.push_back(354);
  EXPECT_EQ(codes(client, expected.size()), expected);
  ASSERT_TRUE(client.write(kMessage));
  EXPECT_EQ(client.read_reply()->code, 250);
  const auto mails = lab_->relay->mails();
  ASSERT_EQ(mails.size(), 1U);
  ASSERT_EQ(mails[0].rcpts.size(), 100U);
  EXPECT_EQ(mails[0].rcpts[99], "RCPT TO:<u99@a.cjsm.net>");
}

TEST_F(GatewayPipelining, CarriesMailBehindMail) {
  SmtpClient client = after(std::string(kMail) + kBob + "DATA\r\n");
  EXPECT_THAT(codes(client, 3), ElementsAre(250, 250, 354));
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(client.write(std::string(kMessage) + kMail + kCarol + "DATA\r\n"));
    EXPECT_THAT(codes(client, 4), ElementsAre(250, 250, 250, 354));
  }
  ASSERT_TRUE(client.write(std::string(kMessage) + "QUIT\r\n"));
  EXPECT_THAT(codes(client, 2), ElementsAre(250, 221));
  EXPECT_EQ(lab_->relay->mails().size(), 4U);
}

TEST_F(GatewayPipelining, ForgetsAGroupThatIsBrokenOff) {
  SmtpClient client =
      after(std::string(kMail) + kBob + kCarol + "RSET\r\n" + kBob + kMail + kBob + "QUIT\r\n");
  EXPECT_THAT(codes(client, 8), ElementsAre(250, 250, 250, 250, 503, 250, 250, 221));
  for (const auto& session : sessions_of(lab_->relay.get()))
    for (const auto& transaction : session.transactions) EXPECT_FALSE(transaction.has_data);
}

}  // namespace
}  // namespace privyseal::test
