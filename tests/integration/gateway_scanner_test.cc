// Mail past a malware scanner (clause 22): the next hop sees the end of a mail only after a clean verdict.
// The stand-in has each fault; the last suite is a real clamd with a signature of ours.
#include <gmock/gmock.h>
#include <signal.h>
#include <sys/stat.h>

#include <fstream>

#include "firmware/base/check.h"
#include "firmware/base/json.h"
#include "tests/integration/gateway_lab.h"
#include "tests/support/scanner.h"
#include "tests/support/temp_folder.h"

namespace privyseal::test {
namespace {

using namespace std::chrono_literals;
using namespace std::string_literals;
using peer::Mail;
using peer::SmtpClient;
using testing::HasSubstr;

/// EICAR's harmless text, which every scanner finds; so it stands in no file in one piece. The real clamd of
/// these tests has no signatures but this one.
const std::string kHarmful = "X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-"s + "STANDARD-ANTIVIRUS-TEST-FILE!$H+H*";

Mail with_body(Mail mail, const std::string& body) {
  mail.message = "Subject: x\r\n\r\n" + body;
  return mail;
}

class ScannerTest : public GatewayTest {
 protected:
  void expect_refused(int code, const std::string& enhanced, const std::string& words) {
    const auto out = lab_->lan_client().send(with_body(mail_out(), kHarmful + "\r\n"));
    ASSERT_TRUE(out) << out.error().message;
    EXPECT_EQ(out->code, code) << out->text;
    EXPECT_THAT(out->text, HasSubstr(enhanced + " " + words));
    const auto in = lab_->cjsm_client().send(with_body(mail_in(), kHarmful + "\r\n"));
    ASSERT_TRUE(in) << in.error().message;
    EXPECT_EQ(in->code, code) << in->text;
    for (const LedgerRow& row : rows(2)) {
      EXPECT_THAT(row.reply, HasSubstr(words));
      EXPECT_EQ(row.outcome, code < 500 ? "deferred" : "refused");
    }
    expect_nothing_came_to_exist();
  }

  void expect_nothing_came_to_exist() {
    for (auto* hop : {lab_->relay.get(), lab_->server.get()})
      for (const auto& session : sessions_of(hop))
        for (const auto& transaction : session.transactions) EXPECT_FALSE(transaction.is_complete);
    GatewayTest::SetUp();
  }
  void expect_infected() { expect_refused(550, "5.7.1", "The malware scanner found something harmful"); }
  void expect_no_verdict() { expect_refused(451, "4.7.1", "The malware scanner gave no verdict"); }
};

/// `Language` of the stand-in, with what it says of a clean and of an infected mail.
template <StandInScanner::Language language>
class WithStandIn : public ScannerTest {
 protected:
  static constexpr bool kIsIcap = language == StandInScanner::Language::kIcap;
  static void SetUpTestSuite() {
    scanner_ = std::make_unique<StandInScanner>(language);
    open_lab({.settings = "scanner.language = \""s + (kIsIcap ? "icap" : "clamd") +
                          "\"\nscanner.address = \"" + scanner_->address() + "\"\nscanner.seconds = 1\n" +
                          (kIsIcap ? "scanner.service = \"/avscan\"\n" : "")});
  }
  static void TearDownTestSuite() {
    GatewayTest::TearDownTestSuite();
    scanner_.reset();
  }
  void SetUp() override {
    GatewayTest::SetUp();
    scanner_->play(ScannerManner::kAnswers, clean());
  }

  static std::string clean() {
    return kIsIcap ? "ICAP/1.0 204 Unmodified\r\nISTag: \"1\"\r\n\r\n" : "stream: OK\0"s;
  }
  static std::string infected() {
    return kIsIcap ? "ICAP/1.0 200 OK\r\nX-Infection-Found: Type=0; Resolution=2; Threat=Test;\r\n\r\n"
                   : "stream: Test FOUND\0"s;
  }

  void carries_clean_mail_as_it_is() {
    std::string long_body;
    while (long_body.size() < 300'000) long_body += std::string(900, 'x') + "\r\n";
    for (const std::string& message :
         {difficult_message(), "Subject: x\r\n\r\n"s, difficult_message() + long_body}) {
      Mail mail = mail_out();
      mail.message = message;
      expect_out(250, mail);
      const auto mails = lab_->relay->mails();
      ASSERT_EQ(mails.size(), 1U);
      EXPECT_EQ(without_trace(mails[0].message), mail.message);
      EXPECT_EQ(scanner_->mail(), mails[0].message);
      static_cast<void>(only_row());
      GatewayTest::SetUp();
    }
    expect_in(250, mail_in());
    EXPECT_EQ(scanner_->mail(), lab_->server->mails().at(0).message);
  }

  void refuses_without_a_verdict() {
    const std::string error =
        kIsIcap ? "ICAP/1.0 500 Server error\r\n\r\n" : "INSTREAM size limit exceeded. ERROR\0"s;
    const std::pair<ScannerManner, std::string> kFaults[] = {
        {ScannerManner::kHangs, ""},
        {ScannerManner::kHangsUp, ""},
        {ScannerManner::kCut, ""},
        {ScannerManner::kAnswers, "garbage\r\n\r\n\0"s},
        {ScannerManner::kAnswers, "\0"s},
        {ScannerManner::kAnswers, clean().substr(0, 8)},
        {ScannerManner::kAnswers, error},
        {ScannerManner::kRefuses, error},
        {ScannerManner::kSpeaksEarly, clean()},
        {ScannerManner::kAnswers, std::string(20'000, 'x')},
    };
    for (const auto& [manner, answer] : kFaults) {
      SCOPED_TRACE(std::to_string(static_cast<int>(manner)) + " " + answer.substr(0, 40));
      scanner_->play(manner, answer);
      expect_no_verdict();
    }
  }

  /// A chunk's last byte would make the mail exist, so that a scanned one goes to the hop by DATA.
  void judges_a_mail_in_chunks() {
    lab_->relay->play(peer::offering({"PIPELINING", "8BITMIME", "CHUNKING"}));
    const std::string message = "Subject: x\r\n\r\n.dot\r\n" + kHarmful + "\r\n";
    const std::string group = "MAIL FROM:<alice@lawfirm.example>\r\nRCPT TO:<bob@a.cjsm.net>\r\nBDAT " +
                              std::to_string(message.size()) + " LAST\r\n" + message;
    for (const bool is_clean : {false, true}) {
      scanner_->play(ScannerManner::kAnswers, is_clean ? clean() : infected());
      SmtpClient client = lab_->lan_client();
      ASSERT_TRUE(client.write(group));
      for (int command = 0; command < 2; ++command) ASSERT_EQ(client.read_reply()->code, 250);
      EXPECT_EQ(client.read_reply()->code, is_clean ? 250 : 550);
      EXPECT_TRUE(scanner_->mail().ends_with(message));
      static_cast<void>(only_row());
      ASSERT_EQ(lab_->relay->mails().size(), is_clean ? 1U : 0U);
      if (!is_clean) expect_nothing_came_to_exist();
      lab_->relay->play(peer::offering({"PIPELINING", "8BITMIME", "CHUNKING"}));
    }
    EXPECT_TRUE(lab_->relay->mails().at(0).message.ends_with(message));
  }

  static std::unique_ptr<StandInScanner> scanner_;
};
template <StandInScanner::Language language>
std::unique_ptr<StandInScanner> WithStandIn<language>::scanner_;

using GatewayClamd = WithStandIn<StandInScanner::Language::kClamd>;
using GatewayIcap = WithStandIn<StandInScanner::Language::kIcap>;

TEST_F(GatewayClamd, CarriesCleanMailAsItIsAndScansWhatTheHopGets) { carries_clean_mail_as_it_is(); }
TEST_F(GatewayIcap, CarriesCleanMailAsItIsAndScansWhatTheHopGets) {
  carries_clean_mail_as_it_is();
  EXPECT_THAT(scanner_->opening(), testing::StartsWith("RESPMOD icap://" + scanner_->address() + "/avscan "));
}

TEST_F(GatewayClamd, Clause22InfectedMailIsRefusedForGood) {
  scanner_->play(ScannerManner::kAnswers, infected());
  expect_infected();
}
TEST_F(GatewayIcap, Clause22InfectedMailIsRefusedForGood) {
  scanner_->play(ScannerManner::kAnswers, infected());
  expect_infected();
}

TEST_F(GatewayClamd, Clause22WithoutAVerdictMailWaits) { refuses_without_a_verdict(); }
TEST_F(GatewayIcap, Clause22WithoutAVerdictMailWaits) { refuses_without_a_verdict(); }

TEST_F(GatewayClamd, ScansAMailInChunks) { judges_a_mail_in_chunks(); }
TEST_F(GatewayIcap, ScansAMailInChunks) { judges_a_mail_in_chunks(); }

TEST_F(GatewayClamd, ScannerThatReadsNothingDoesNotHoldAMailForEver) {
  scanner_->play(ScannerManner::kReadsNothing);
  std::string body;
  while (body.size() < (8UL << 20)) body += std::string(900, 'x') + "\r\n";
  const auto reply = lab_->lan_client().send(with_body(mail_out(), body));
  ASSERT_TRUE(reply) << reply.error().message;
  EXPECT_EQ(reply->code, 451) << reply->text;
  EXPECT_EQ(only_row().outcome, "deferred");
  expect_nothing_came_to_exist();
}

TEST_F(GatewayClamd, SaysWhoScans) {
  const auto status = lab_->gateway->ask({{"op", "status"}});
  ASSERT_TRUE(status) << status.error().message;
  EXPECT_EQ(json_text(*status, "scanner").value(), "clamd");
}

/// Debian's clamd with one signature of ours and a small limit of size.
class GatewayRealClamd : public ScannerTest {
 protected:
  static void SetUpTestSuite() {
    folder_ = std::make_unique<TempFolder>();
    CHECK(::chmod(folder_->path().c_str(), 0755) == 0);
    write_files();
    start_clamd();
    open_lab({.settings = "scanner.language = \"clamd\"\nscanner.socket = \"" + socket().string() +
                          "\"\nscanner.seconds = 60\n"});
  }
  static void TearDownTestSuite() {
    GatewayTest::TearDownTestSuite();
    clamd_.reset();
    folder_.reset();
  }

  static std::filesystem::path socket() { return folder_->path() / "clamd"; }

  static void write_files() {
    std::filesystem::create_directory(folder_->path() / "db");
    std::string pattern;
    for (const char c : kHarmful) pattern += to_hex(bytes_of(std::string_view(&c, 1)));
    std::ofstream(folder_->path() / "db" / "test.ndb") << "Privyseal.Test:0:*:" << pattern << "\n";
    std::ofstream(folder_->path() / "clamd.conf")
        << "Foreground yes\nLocalSocket " << socket().string() << "\nLocalSocketMode 666\nDatabaseDirectory "
        << (folder_->path() / "db").string() << "\nStreamMaxLength 1M\nUser root\nLogFile "
        << (folder_->path() / "log").string() << "\n";
  }

  static void start_clamd() {
    std::filesystem::remove(socket());
    auto started =
        ChildProcess::start({.program = "/usr/sbin/clamd",
                             .arguments = {"--config-file=" + (folder_->path() / "clamd.conf").string()},
                             .environment = {}});
    CHECK(started);
    clamd_ = std::make_unique<ChildProcess>(std::move(*started));
    CHECK(wait_until([] { return std::filesystem::exists(socket()); }, 60s));
  }

  static std::unique_ptr<TempFolder> folder_;
  static std::unique_ptr<ChildProcess> clamd_;
};
std::unique_ptr<TempFolder> GatewayRealClamd::folder_;
std::unique_ptr<ChildProcess> GatewayRealClamd::clamd_;

TEST_F(GatewayRealClamd, Clause22KnownPatternIsRefusedAndOtherMailPasses) {
  expect_out(250, mail_out());
  expect_in(250, mail_in());
  static_cast<void>(rows(2));
  GatewayTest::SetUp();
  expect_infected();
  EXPECT_THAT(lab_->gateway->output(), HasSubstr("Privyseal.Test"));
}

TEST_F(GatewayRealClamd, Clause22WhatIsTooBigForTheScannerWaits) {
  std::string body;
  while (body.size() < (2UL << 20)) body += std::string(900, 'x') + "\r\n";
  const auto reply = lab_->lan_client().send(with_body(mail_out(), body));
  ASSERT_TRUE(reply) << reply.error().message;
  EXPECT_EQ(reply->code, 451) << reply->text;
  static_cast<void>(only_row());
  expect_nothing_came_to_exist();
}

TEST_F(GatewayRealClamd, Clause22WithTheScannerDownMailWaitsAndThenPasses) {
  clamd_->kill();
  expect_no_verdict();
  start_clamd();
  expect_out(250, mail_out());
}

}  // namespace
}  // namespace privyseal::test
