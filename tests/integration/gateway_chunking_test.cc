// Mail that comes by BDAT (RFC 3030): to a relay that takes chunks, and to one that does not.
#include <gmock/gmock.h>

#include "tests/integration/gateway_lab.h"
#include "tests/support/smuggling_rows.h"

namespace privyseal::test {
namespace {

using namespace std::chrono_literals;
using peer::Answer;
using peer::Event;
using peer::SmtpClient;
using peer::Step;
using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr const char* kEnvelope = "MAIL FROM:<alice@lawfirm.example>\r\nRCPT TO:<bob@a.cjsm.net>\r\n";
constexpr std::uint64_t kMaxMessageBytes = 1UL << 20;

std::string bdat(std::string_view bytes, bool is_last = false) {
  return "BDAT " + std::to_string(bytes.size()) + (is_last ? " LAST" : "") + "\r\n" + std::string(bytes);
}

class GatewayChunking : public GatewayTest {
 protected:
  static void SetUpTestSuite() { open_lab({.max_message_bytes = kMaxMessageBytes}); }

  /// Both kinds of relay, one after the other.
  template <class Test>
  void with_each_relay(Test test) {
    for (const bool takes_chunks : {true, false}) {
      SCOPED_TRACE(takes_chunks ? "chunks" : "DATA");
      offer(takes_chunks, nullptr);
      test(takes_chunks);
      lab_->relay->forget_sessions();
    }
  }

  void offer(bool takes_chunks, peer::Script script) {
    const auto offering = takes_chunks ? peer::offering({"PIPELINING", "8BITMIME", "CHUNKING"})
                                       : peer::offering({"PIPELINING", "8BITMIME"});
    lab_->relay->play([offering, script = std::move(script)](const Event& event, Answer usual) {
      usual = offering(event, std::move(usual));
      return script ? script(event, std::move(usual)) : usual;
    });
  }

  static SmtpClient after(const std::string& group, const std::vector<int>& expected) {
    SmtpClient client = lab_->lan_client();
    EXPECT_TRUE(client.write(group));
    expect_codes(client, expected);
    return client;
  }
  static void expect_codes(SmtpClient& client, const std::vector<int>& expected) {
    for (const int code : expected) {
      const auto reply = client.read_reply();
      ASSERT_TRUE(reply) << code << ": " << reply.error().message;
      EXPECT_EQ(reply->code, code) << reply->text;
    }
  }

  static void expect_no_mail() {
    for (const auto& session : sessions_of(lab_->relay.get()))
      for (const auto& transaction : session.transactions) EXPECT_FALSE(transaction.is_complete);
    lab_->relay->forget_sessions();
  }
};

TEST_F(GatewayChunking, CarriesDifficultBytesIntact) {
  EXPECT_THAT(lab_->lan_client().command("EHLO client.example")->text, HasSubstr("CHUNKING"));
  with_each_relay([&](bool takes_chunks) {
    const std::string message =
        difficult_message() + "\r\n.\r\nMAIL FROM:<mallory@lawfirm.example>\r\n..\r\n";
    for (const std::size_t split : {0UL, 1UL, message.find("\r\n.") + 1, message.find("\r\n.") + 2,
                                    message.size() / 2, message.size()}) {
      const auto client =
          after(kEnvelope + bdat(message.substr(0, split)) + bdat(message.substr(split), true),
                {250, 250, 250, 250});
      const auto mails = lab_->relay->mails();
      ASSERT_EQ(mails.size(), 1U);
      EXPECT_EQ(without_trace(mails[0].message), message);
      EXPECT_THAT(mails[0].message, StartsWith("Received: "));
      // What came before policy could judge the mail goes on together with what came then.
      const bool is_judged_in_first = split >= message.size() / 2;
      EXPECT_EQ(mails[0].chunks.size(), !takes_chunks ? 0U : is_judged_in_first ? 2U : 1U);
      lab_->relay->forget_sessions();
    }
  });
  for (const LedgerRow& row : rows(12)) EXPECT_EQ(row.outcome, "delivered");
}

TEST_F(GatewayChunking, LeavesAMailWithoutALastLineEndAsItIsWhereItCan) {
  with_each_relay([&](bool takes_chunks) {
    const auto client = after(kEnvelope + bdat("Subject: x\r\n\r\nno end", true), {250, 250, 250});
    const auto mails = lab_->relay->mails();
    ASSERT_EQ(mails.size(), 1U);
    EXPECT_THAT(mails[0].message, EndsWith(takes_chunks ? "no end" : "no end\r\n"));
  });
}

TEST_F(GatewayChunking, TakesEmptyChunksAndMailsBehindEachOther) {
  with_each_relay([&](bool takes_chunks) {
    const std::string first =
        takes_chunks ? "a\r\n" : "A\r\n";  // the sender's QUIT does not say that it heard us
    const std::string mail = kEnvelope + bdat(first) + bdat("") + bdat("b\r\n") + bdat("", true);
    SmtpClient client = after(mail + mail + "NOOP\r\nQUIT\r\n",
                              {250, 250, 250, 250, 250, 250, 250, 250, 250, 250, 250, 250, 250, 221});
    EXPECT_EQ(lab_->relay->mails().size(), 2U);
    for (const auto& one : lab_->relay->mails()) EXPECT_EQ(without_trace(one.message), first + "b\r\n");
  });
}

TEST_F(GatewayChunking, CarriesABigChunk) {
  with_each_relay([&](bool) {
    std::string message = "Subject: big\r\n\r\n";
    while (message.size() < 500'000) message += "." + std::string(message.size() % 900, 'x') + "\r\n";
    const auto client = after(kEnvelope + bdat(message, true), {250, 250, 250});
    ASSERT_EQ(lab_->relay->mails().size(), 1U);
    EXPECT_EQ(without_trace(lab_->relay->mails()[0].message), message);
  });
  for (const LedgerRow& row : rows(2)) EXPECT_GE(row.size_bytes, 500'000);
}

TEST_F(GatewayChunking, SendsWhatCameByDataByData) {
  offer(true, nullptr);
  expect_out(250, mail_out());
  EXPECT_TRUE(lab_->relay->mails().at(0).chunks.empty());
}

TEST_F(GatewayChunking, SaysYesOnlyAfterTheRelayDid) {
  with_each_relay([&](bool takes_chunks) {
    peer::Gate gate;
    peer::Gate relay_has_it;
    offer(takes_chunks, [&](const Event& event, Answer usual) {
      if (event.step == Step::kFinalDot) {
        relay_has_it.open();
        gate.wait();
        usual.reply = "250 2.6.0 kept as Q-4711\r\n";
      }
      return usual;
    });
    SmtpClient client = after(kEnvelope + bdat("x\r\n") + bdat("y\r\n", true), {250, 250, 250});
    ASSERT_TRUE(relay_has_it.wait(20s));
    EXPECT_EQ(lab_->gateway->rows(first_row_).back().outcome, "open");
    gate.open();
    EXPECT_THAT(client.read_reply()->text, HasSubstr("kept as Q-4711"));
  });
}

TEST_F(GatewayChunking, NoWrongLineEndGetsThrough) {
  with_each_relay([&](bool) {
    for (const SmugglingRow& row : refused_ends_of_data()) {
      SCOPED_TRACE(row.name);
      SmtpClient client = after(
          kEnvelope +
              bdat("Subject: x\r\n\r\nfirst" + row.bytes + "MAIL FROM:<mallory@lawfirm.example>\r\n", true),
          {250, 250});
      const auto reply = client.read_reply();
      ASSERT_TRUE(reply);
      EXPECT_TRUE(reply->code == 521 || reply->code == 554) << reply->text;
      EXPECT_TRUE(client.is_ended_by_server(10s));
      for (const auto& session : sessions_of(lab_->relay.get()))
        EXPECT_THAT(session.encrypted, Not(HasSubstr("mallory")));
      expect_no_mail();
    }
  });
}

TEST_F(GatewayChunking, ACrAtTheVeryEndIsNoLineEnd) {
  with_each_relay([&](bool) {
    SmtpClient client = after(kEnvelope + bdat("x\r") + bdat("", true), {250, 250, 250, 521});
    EXPECT_TRUE(client.is_ended_by_server(10s));
    expect_no_mail();
  });
}

TEST_F(GatewayChunking, SkipsChunksThatBelongToNoMail) {
  const std::string chunk = bdat("MAIL FROM:<mallory@lawfirm.example>\r\nQUIT\r\n", true);
  after(chunk + "NOOP\r\n", {503, 250});
  after("MAIL FROM:<alice@lawfirm.example>\r\n" + chunk + "NOOP\r\n", {250, 503, 250});
  after("MAIL FROM:<alice@lawfirm.example>\r\nRCPT TO:<x@elsewhere.example>\r\n" + chunk + "NOOP\r\n",
        {250, 550, 554, 250});
  EXPECT_TRUE(lab_->relay->sessions().empty());
}

TEST_F(GatewayChunking, HandsRefusalsOnAndStaysInStep) {
  offer(true, peer::replying(Step::kChunk, "452 4.3.1 disk full\r\n"));
  after(kEnvelope + bdat("A: b\r\n\r\nx\r\n") + bdat("QUIT\r\n") + bdat("QUIT\r\n", true) + "NOOP\r\n",
        {250, 250, 452, 503, 503, 250});
  expect_no_mail();
  with_each_relay([&](bool takes_chunks) {
    offer(takes_chunks, peer::replying(Step::kFinalDot, "550 5.7.1 a virus\r\n"));
    after(kEnvelope + bdat("x\r\n") + bdat("QUIT\r\n", true) + "NOOP\r\n", {250, 250, 250, 550, 250});
  });
  offer(false, peer::replying(Step::kData, "451 4.3.0 not now\r\n"));
  after(kEnvelope + bdat("QUIT\r\n") + bdat("QUIT\r\n", true) + "NOOP\r\n", {250, 250, 451, 503, 250});
  const auto all = rows(4);
  EXPECT_EQ(all[0].outcome, "deferred");
  EXPECT_EQ(all[1].outcome, "refused");
  EXPECT_EQ(all[2].outcome, "refused");
  EXPECT_EQ(all[3].outcome, "deferred");
}

TEST_F(GatewayChunking, VanishingLeavesNothingAtTheRelay) {
  with_each_relay([&](bool) {
    const std::string last = bdat("y\r\n", true);
    for (const std::string& end :
         {std::string(), last.substr(0, last.size() - 1), std::string("BDAT 3 LAST\r\n")}) {
      {
        SmtpClient client = after(kEnvelope + bdat("x\r\n") + end, {250, 250, 250});
        client.reset();
      }
      expect_no_mail();
    }
  });
  for (const LedgerRow& row : rows(6)) EXPECT_EQ(row.outcome, "aborted");
}

TEST_F(GatewayChunking, DropsAMailBetweenChunks) {
  with_each_relay([&](bool) {
    after(kEnvelope + bdat("x\r\n") + "DATA\r\nRCPT TO:<x@a.cjsm.net>\r\nRSET\r\n" + bdat("y\r\n", true) +
              "QUIT\r\n",
          {250, 250, 250, 503, 503, 250, 503, 221});
    expect_no_mail();
  });
}

TEST_F(GatewayChunking, CountsTheSizeOverAllChunks) {
  with_each_relay([&](bool) {
    std::string half = "Subject: x\r\n\r\n";
    while (half.size() < kMaxMessageBytes * 2 / 3) half += std::string(900, 'x') + "\r\n";
    after(kEnvelope + bdat(half) + bdat(half, true) + "NOOP\r\n", {250, 250, 250, 552, 250});
    expect_no_mail();
  });
  for (const LedgerRow& row : rows(2)) EXPECT_EQ(row.outcome, "refused");
}

TEST_F(GatewayChunking, ReadsNoChunkWithoutEndOrSense) {
  for (const char* chunk : {"BDAT 18446744073709551615 LAST\r\n", "BDAT 4194304\r\n"}) {
    SmtpClient client = after(std::string(kEnvelope) + chunk, {250, 250, 552});
    EXPECT_TRUE(client.is_ended_by_server(10s));
  }
  for (const char* chunk :
       {"BDAT\r\n", "BDAT -1 LAST\r\n", "BDAT 1 2\r\n", "BDAT 18446744073709551616\r\n"}) {
    SmtpClient client = after(std::string(kEnvelope) + chunk, {250, 250, 521});
    EXPECT_TRUE(client.is_ended_by_server(10s));
  }
  expect_no_mail();
}

}  // namespace
}  // namespace privyseal::test
