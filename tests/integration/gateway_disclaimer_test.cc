// The organisation's disclaimer below mail out (SET guide G19): once, in both forms, and never in a mail that
// it could harm.
#include <gmock/gmock.h>
#include <sys/stat.h>

#include <fstream>

#include "firmware/base/json.h"
#include "tests/integration/gateway_lab.h"
#include "tests/support/temp_folder.h"

namespace privyseal::test {
namespace {

using peer::Mail;
using peer::SmtpClient;
using testing::HasSubstr;

constexpr const char* kHeader = "From: alice@lawfirm.example\r\nSubject: x\r\n";
constexpr const char* kPlain = "\r\nFor the addressee alone.\r\n..dotted\r\n";
constexpr const char* kPlainAsRead = "\r\nFor the addressee alone.\r\n.dotted\r\n";
constexpr const char* kHtml = "\r\n<p>For the addressee alone.<br>\r\n.dotted</p>\r\n";
// In quoted-printable, which is the longer one: each dot is "=2E" there.
constexpr std::size_t kGrowth = std::string_view(kPlain).size() + 1 + std::string_view(kHtml).size() + 2;

class GatewayDisclaimer : public GatewayTest {
 protected:
  static void SetUpTestSuite() {
    folder_ = std::make_unique<TempFolder>();
    CHECK(::chmod(folder_->path().c_str(), 0755) == 0);
    const auto file = folder_->path() / "policy.toml";
    std::ofstream(file) << "[rules]\nregistered_sender = \"off\"\n[limits]\nsender_per_hour = 0\n"
                           "[disclaimer]\ntext = \"\"\"\nFor the addressee alone.\n.dotted\n\"\"\"\n";
    CHECK(::chmod(file.c_str(), 0644) == 0);
    open_lab({.settings = "policy = \"" + folder_->path().string() + "\"\n"});
  }
  static void TearDownTestSuite() {
    GatewayTest::TearDownTestSuite();
    folder_.reset();
  }
  void SetUp() override {
    GatewayTest::SetUp();
    relay_offers({"PIPELINING", "8BITMIME"});
  }

  static void relay_offers(const std::vector<std::string>& extensions) {
    lab_->relay->play(peer::offering(extensions));
  }

  static Mail with(const std::string& rest) {
    Mail mail = mail_out();
    mail.message = kHeader + rest;
    return mail;
  }

  static std::string alternative(const std::string& below_text, const std::string& below_html) {
    return "Content-Type: multipart/alternative; boundary=\"-=b\"\r\n\r\n---=b\r\n\r\nDear Bob\r\n" +
           below_text + "---=b\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<p>Dear Bob</p></html>\r\n" +
           below_html + "---=b--\r\n";
  }

  /// What the relay has of its one mail, which is then forgotten.
  std::string received() {
    const auto mails = lab_->relay->mails();
    EXPECT_EQ(mails.size(), 1U);
    lab_->relay->forget_sessions();
    return mails.empty() ? "" : without_trace(mails[0].message);
  }

  std::string sent(const Mail& mail) {
    expect_out(250, mail);
    return received();
  }

  static std::int64_t counted(const std::string& what) {
    const auto status = lab_->gateway->ask({{"op", "status"}});
    if (!status) return -1;
    return json_number(*json_object(*json_object(*status, "policy"), "counts"), what).value_or(0);
  }

  static std::unique_ptr<TempFolder> folder_;
};
std::unique_ptr<TempFolder> GatewayDisclaimer::folder_;

TEST_F(GatewayDisclaimer, SecureEmailGuideG19ItStandsBelowTextAndHtmlAndASecondPassAddsNone) {
  const auto added_before = counted("disclaimer/added");
  const auto present_before = counted("disclaimer/present");
  const std::string plain = sent(with("\r\nDear Bob\r\n"));
  EXPECT_EQ(plain, kHeader + std::string("\r\nDear Bob\r\n") + kPlainAsRead);
  EXPECT_EQ(only_row().verdict, "passed disclaimer");
  const std::string both = sent(with(alternative("", "")));
  EXPECT_EQ(both, kHeader + alternative(kPlainAsRead, kHtml));
  EXPECT_EQ(counted("disclaimer/added"), added_before + 2);
  Mail again = mail_out();
  for (const std::string& once : {plain, both}) {
    again.message = once;
    EXPECT_EQ(sent(again), once);
  }
  EXPECT_EQ(counted("disclaimer/present"), present_before + 2);
  const auto all = rows(4);
  EXPECT_EQ(all[3].verdict, "passed");
  EXPECT_EQ(all[0].size_bytes, static_cast<std::int64_t>(with("\r\nDear Bob\r\n").message.size()));
}

TEST_F(GatewayDisclaimer, SecureEmailGuideG19SignedAndEncryptedMailStaysAsItIs) {
  const auto before = counted("disclaimer/protected");
  const std::string smime =
      "Content-Type: multipart/signed; protocol=\"application/pkcs7-signature\"; boundary=b\r\n";
  const std::vector<std::string> bodies{
      smime +
          "\r\n--b\r\n\r\nDear Bob\r\n--b\r\nContent-Type: "
          "application/pkcs7-signature\r\n\r\nMIIB\r\n--b--\r\n",
      "Content-Type: application/pkcs7-mime; smime-type=enveloped-data\r\n\r\nMIIB\r\n",
      "Content-Type: multipart/encrypted; boundary=b\r\n\r\n--b\r\n\r\nx\r\n--b--\r\n",
      "DKIM-Signature: v=1; bh=x\r\n\r\nDear Bob\r\n",
      "ARC-Seal: i=1\r\n\r\nDear Bob\r\n",
      "\r\n-----BEGIN PGP SIGNED MESSAGE-----\r\nHash: SHA512\r\n\r\nDear Bob\r\n"};
  for (const std::string& body : bodies) EXPECT_EQ(sent(with(body)), with(body).message);
  for (const LedgerRow& row : rows(bodies.size())) EXPECT_EQ(row.verdict, "passed");
  EXPECT_EQ(counted("disclaimer/protected"), before + static_cast<std::int64_t>(bodies.size()));
}

TEST_F(GatewayDisclaimer, LeavesWhatHasNoPlaceForItAsItIs) {
  for (const char* message :
       {"no header at all\r\n", "", "A: b\r\n", "Content-Type: text/plain; charset=utf-7\r\n\r\nx\r\n",
        "Content-Transfer-Encoding: base64\r\n\r\nRGVhcg==\r\n"}) {
    Mail mail = mail_out();
    mail.message = message;
    EXPECT_EQ(sent(mail), message);
  }
  const Mail in = mail_in();
  expect_in(250, in);
  EXPECT_EQ(without_trace(lab_->server->mails().at(0).message), in.message);
  static_cast<void>(rows(6));
}

/// A relay that takes chunks would have to hear their size first, so it gets the mail by DATA.
TEST_F(GatewayDisclaimer, ComesInChunksOrByteByByte) {
  const std::string envelope = "MAIL FROM:<alice@lawfirm.example>\r\nRCPT TO:<bob@a.cjsm.net>\r\n";
  const auto bdat = [](const std::string& bytes, bool is_last) {
    return "BDAT " + std::to_string(bytes.size()) + (is_last ? " LAST" : "") + "\r\n" + bytes;
  };
  const std::string message = kHeader + alternative("", "");
  const std::string expected = kHeader + alternative(kPlainAsRead, kHtml);
  for (const bool takes_chunks : {true, false}) {
    relay_offers(takes_chunks ? std::vector<std::string>{"PIPELINING", "CHUNKING"}
                              : std::vector<std::string>{"PIPELINING"});
    for (const std::size_t split :
         {0UL, 20UL, message.find("Dear") + 2, message.find("---=b--") + 2, message.size()}) {
      SmtpClient client = lab_->lan_client();
      ASSERT_TRUE(
          client.write(envelope + bdat(message.substr(0, split), false) + bdat(message.substr(split), true)));
      for (int i = 0; i < 4; ++i) EXPECT_EQ(client.read_reply()->code, 250);
      EXPECT_EQ(received(), expected) << split;
    }
    SmtpClient client = lab_->lan_client();
    ASSERT_TRUE(client.write(envelope + bdat("A: b\r\n\r\nno line end", true)));
    for (int i = 0; i < 3; ++i) EXPECT_EQ(client.read_reply()->code, 250);
    EXPECT_EQ(received(), std::string("A: b\r\n\r\nno line end\r\n") + kPlainAsRead);
  }
  relay_offers({"PIPELINING"});
  SmtpClient client = lab_->lan_client();
  ASSERT_EQ(client.envelope(mail_out())->code, 354);
  for (const char c : peer::dot_stuffed(message)) ASSERT_TRUE(client.write(std::string(1, c)));
  EXPECT_EQ(client.read_reply()->code, 250);
  EXPECT_EQ(received(), expected);
  static_cast<void>(rows(13));
}

TEST_F(GatewayDisclaimer, TheRelayHearsTheWholeSizeAndNoMailBecomesTooLong) {
  const std::string body = "\r\nDear Bob\r\n";
  const auto command = [&](std::size_t told) {
    SmtpClient client = lab_->lan_client();
    EXPECT_EQ(client.command("MAIL FROM:<alice@lawfirm.example> SIZE=" + std::to_string(told))->code, 250);
    EXPECT_EQ(client.command("RCPT TO:<bob@a.cjsm.net>")->code, 250);
    EXPECT_EQ(client.command("DATA")->code, 354);
    EXPECT_TRUE(client.write(kHeader + body + ".\r\n"));
    EXPECT_EQ(client.read_reply()->code, 250);
    return lab_->relay->mails().at(0).mail;
  };
  constexpr std::size_t kTrace = 1024;
  relay_offers({"SIZE 100000"});
  EXPECT_THAT(command(200), HasSubstr(" SIZE=" + std::to_string(200 + kTrace + kGrowth)));
  EXPECT_EQ(received(), kHeader + body + kPlainAsRead);
  const std::size_t full = 100'000 - kTrace;
  EXPECT_THAT(command(full - kGrowth), HasSubstr(" SIZE=100000"));
  EXPECT_EQ(received(), kHeader + body + kPlainAsRead);
  EXPECT_THAT(command(full - kGrowth + 1), HasSubstr(" SIZE=" + std::to_string(100'000 - kGrowth + 1)));
  EXPECT_EQ(received(), kHeader + body);
  static_cast<void>(rows(3));
}

/// A mail is the same by the bytes that came, not by those that went on.
TEST_F(GatewayDisclaimer, AMailThatIsSentAgainUnheardGoesOnce) {
  const Mail mail = with("\r\nDear Bob, once\r\n");
  const auto before = lab_->gateway->output().size();
  {
    SmtpClient client = lab_->lan_client();
    ASSERT_EQ(client.envelope(mail)->code, 354);
    ASSERT_TRUE(client.write(peer::dot_stuffed(mail.message)));
    ASSERT_EQ(only_row().verdict, "passed disclaimer");
    client.reset();
  }
  ASSERT_TRUE(wait_until(
      [&] { return lab_->gateway->output().find("verdict-unheard", before) != std::string::npos; }));
  const auto reply = lab_->lan_client().send(mail);
  ASSERT_TRUE(reply);
  EXPECT_THAT(reply->text, HasSubstr("Passed on before, as mail"));
  EXPECT_EQ(lab_->relay->mails().size(), 1U);
  EXPECT_EQ(rows(2).at(1).outcome, "repeated");
}

}  // namespace
}  // namespace privyseal::test
