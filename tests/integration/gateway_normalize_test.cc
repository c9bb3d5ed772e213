// A listener for old clients that end their lines with a bare LF: what it mends, and that it lets nothing
// through that the others do not.
#include <gmock/gmock.h>

#include "tests/integration/gateway_lab.h"
#include "tests/support/smuggling_rows.h"

namespace privyseal::test {
namespace {

using namespace std::chrono_literals;
using peer::SmtpClient;
using testing::HasSubstr;
using testing::Not;

class GatewayNormalize : public GatewayTest {
 protected:
  static void SetUpTestSuite() { open_lab({.lan_extra = "normalize = true\n"}); }
};

TEST_F(GatewayNormalize, MendsLinesThatEndWithLf) {
  SmtpClient client = lab_->lan_client();
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(client.write("MAIL FROM:<alice@lawfirm.example>\nRCPT TO:<bob@a.cjsm.net>\nDATA\n"));
    for (const int code : {250, 250, 354}) EXPECT_EQ(client.read_reply()->code, code);
    for (const char c : std::string("Subject: x\n\nline\n\r\n..dot\nlast\r\n.\r\n"))
      ASSERT_TRUE(client.write({&c, 1}));
    EXPECT_EQ(client.read_reply()->code, 250);
  }
  for (const auto& mail : lab_->relay->mails())
    EXPECT_EQ(without_trace(mail.message), "Subject: x\r\n\r\nline\r\n\r\n.dot\r\nlast\r\n");
  EXPECT_EQ(lab_->relay->mails().size(), 2U);
  ASSERT_TRUE(client.write("NOOP\nQUIT\n"));
  EXPECT_EQ(client.read_reply()->code, 250);
  EXPECT_EQ(client.read_reply()->code, 221);
}

TEST_F(GatewayNormalize, IsOffOnTheOtherListener) {
  SmtpClient client = lab_->cjsm_client();
  ASSERT_TRUE(client.write("NOOP\n"));
  EXPECT_EQ(client.read_reply()->code, 521);
}

TEST_F(GatewayNormalize, OffersNoChunks) {
  SmtpClient client = lab_->lan_client();
  EXPECT_THAT(client.command("EHLO client.example")->text, Not(HasSubstr("CHUNKING")));
  EXPECT_EQ(client.command("BDAT 4 LAST")->code, 502);
  EXPECT_TRUE(client.is_ended_by_server(10s));
}

TEST_F(GatewayNormalize, LetsNoMailBeSmuggled) {
  const std::string second = "MAIL FROM:<mallory@lawfirm.example>\r\nRCPT TO:<x@a.cjsm.net>\r\nDATA\r\n";
  for (const auto& rows : {refused_ends_of_data(), texts_that_end_nothing()}) {
    for (const SmugglingRow& row : rows) {
      if (row.bytes.contains("\r\n.\r\n")) continue;  // a true end, behind a line that is mended
      SCOPED_TRACE(row.name);
      SmtpClient client = lab_->lan_client();
      ASSERT_EQ(client.envelope(mail_out())->code, 354);
      ASSERT_TRUE(client.write("Subject: x\r\n\r\nfirst" + row.bytes + second + "second\r\n.\r\n"));
      const auto reply = client.read_reply();
      ASSERT_TRUE(reply);
      EXPECT_TRUE(reply->code == 250 || reply->code == 521 || reply->code == 554) << reply->text;
      for (const auto& session : sessions_of(lab_->relay.get())) {
        ASSERT_EQ(session.transactions.size(), 1U);
        EXPECT_THAT(session.transactions[0].mail, Not(HasSubstr("mallory")));
        EXPECT_EQ(session.transactions[0].is_complete, reply->code == 250);
        if (reply->code != 250) continue;
        EXPECT_THAT(session.transactions[0].message, HasSubstr("mallory"));
      }
      lab_->relay->forget_sessions();
    }
  }
}

}  // namespace
}  // namespace privyseal::test
