// The rules of the terms through a real gateway: what the sender is told, what the ledger keeps, and that a
// mail which was refused by its header never came to exist at the relay. Tests bear the clause's name.
#include <gmock/gmock.h>
#include <signal.h>
#include <sys/stat.h>

#include <fstream>

#include "firmware/base/json.h"
#include "tests/integration/gateway_lab.h"
#include "tests/support/temp_folder.h"

namespace privyseal::test {
namespace {

using namespace std::chrono_literals;
using peer::Mail;
using peer::SmtpClient;
using peer::Step;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

/// Each test writes the rules that it wants; the gateway takes them while it runs.
class GatewayPolicy : public GatewayTest {
 protected:
  static void SetUpTestSuite() {
    folder_ = std::make_unique<TempFolder>();
    CHECK(::chmod(folder_->path().c_str(), 0755) == 0);
    open_lab({.settings = "policy = \"" + folder_->path().string() +
                          "\"\nmappings = [\"york.cjsm.net = lawfirm.example\"]\n"});
  }
  static void TearDownTestSuite() {
    GatewayTest::TearDownTestSuite();
    folder_.reset();
  }
  void SetUp() override {
    GatewayTest::SetUp();
    use("policy.toml", quiet(""));
  }

  /// The rules of this suite with `more`; a registered sender is asked for only where a test wants it.
  static std::string quiet(const std::string& rules, const std::string& more = "") {
    return "# " + std::to_string(++edition_) + "\n[rules]\n" +
           (rules.contains("registered_sender") ? "" : "registered_sender = \"off\"\n") + rules + "\n" + more;
  }

  /// Replaces a file, as an editor or the console does, and waits until it is in use.
  static void use(const std::string& name, const std::string& text) {
    const auto before = loads();
    const auto file = folder_->path() / name;
    std::ofstream(file.string() + ".new") << text;
    CHECK(::chmod((file.string() + ".new").c_str(), 0644) == 0);
    std::filesystem::rename(file.string() + ".new", file);
    EXPECT_TRUE(wait_until([&] { return loads() > before; })) << lab_->gateway->output();
  }

  /// How often rules were taken or refused.
  static std::size_t loads() {
    const std::string output = lab_->gateway->output();
    std::size_t count = 0;
    for (const std::string_view event : {"policy-in-use", "policy-not-loaded"})
      for (auto at = output.find(event); at != std::string::npos; at = output.find(event, at + 1)) ++count;
    return count;
  }

  static JsonObject policy_status() {
    const auto status = lab_->gateway->ask({{"op", "status"}});
    EXPECT_TRUE(status) << status.error().message;
    return status ? *json_object(*status, "policy") : JsonObject{};
  }

  static Mail with_header(const std::string& fields, const std::string& body = "text\r\n") {
    Mail mail = mail_out();
    mail.message = "From: alice@lawfirm.example\r\n" + fields + "\r\n\r\n" + body;
    return mail;
  }

  /// The sender hears `code` and `id`'s text, the ledger keeps the same, and the relay has no mail.
  void expect_refused(int code, const std::string& words, const Mail& mail) {
    const auto reply = lab_->lan_client().send(mail);
    ASSERT_TRUE(reply) << reply.error().message;
    EXPECT_EQ(reply->code, code) << reply->text;
    EXPECT_THAT(reply->text, HasSubstr(words));
    const LedgerRow row = only_row();
    EXPECT_THAT(row.reply, HasSubstr(words));
    EXPECT_EQ(row.outcome, code < 500 ? "deferred" : "refused");
    EXPECT_TRUE(lab_->relay->mails().empty());
    for (const auto& session : sessions_of(lab_->relay.get()))
      EXPECT_THAT(session.encrypted, Not(HasSubstr(kSecret)));
    GatewayTest::SetUp();
  }

  void expect_carried(const Mail& mail) {
    expect_out(250, mail);
    EXPECT_EQ(only_row().outcome, "delivered");
    GatewayTest::SetUp();
  }

  static std::unique_ptr<TempFolder> folder_;
  static int edition_;
};
std::unique_ptr<TempFolder> GatewayPolicy::folder_;
int GatewayPolicy::edition_ = 0;

TEST_F(GatewayPolicy, Clause1MarkedAboveOfficialIsRefusedAndSensitiveIsRelayed) {
  const std::string body = std::string(kSecret) + "\r\n";
  expect_refused(550, "5.7.1 This mail is marked above OFFICIAL-SENSITIVE",
                 with_header("Subject: [SECRET]", body));
  expect_refused(550, "marked above", with_header("Subject: =?utf-8?Q?TOP_SECRET_-_op?=", body));
  expect_refused(550, "marked above", with_header("Subject: x\r\nSIO-Label: marking=\"SECRET\"", body));
  expect_refused(550, "marked above", with_header("Subject: x", "\r\nUK SECRET\r\n" + body));
  expect_carried(with_header("Subject: OFFICIAL-SENSITIVE - case"));
  expect_carried(with_header("Subject: Re: Secret Santa"));
}

TEST_F(GatewayPolicy, Clause1OfV94AllowsRestrictedAndBelow) {
  use("policy.toml", "terms = \"v9.4\"\n" + quiet(""));
  expect_carried(with_header("Subject: [RESTRICTED] case"));
  expect_carried(with_header("Subject: [PROTECT] case"));
  expect_refused(550, "marked above", with_header("Subject: [CONFIDENTIAL] case"));
}

TEST_F(GatewayPolicy, Clause1MarkingIsFoundInHoweverSmallPieces) {
  SmtpClient client = lab_->lan_client();
  ASSERT_EQ(client.envelope(mail_out())->code, 354);
  const std::string message = "Subject: x\r\n\r\nSECRET\r\n" + std::string(kSecret) + "\r\n.\r\n";
  for (const char c : message) ASSERT_TRUE(client.write(std::string(1, c)));
  EXPECT_EQ(client.read_reply()->code, 550);
  EXPECT_TRUE(lab_->relay->mails().empty());
  for (const auto& session : sessions_of(lab_->relay.get()))
    EXPECT_THAT(session.encrypted, Not(HasSubstr(kSecret)));
}

/// A relay with CHUNKING must hear each chunk's size first: it hears of none before the mail is judged.
TEST_F(GatewayPolicy, Clause1MarkingIsFoundInChunks) {
  const auto bdat = [](const std::string& bytes, bool is_last = false) {
    return "BDAT " + std::to_string(bytes.size()) + (is_last ? " LAST" : "") + "\r\n" + bytes;
  };
  const auto expect_codes = [](SmtpClient& client, std::initializer_list<int> codes) {
    for (const int code : codes) EXPECT_EQ(client.read_reply().value_or(peer::Reply{}).code, code);
  };
  for (const bool takes_chunks : {true, false}) {
    SCOPED_TRACE(takes_chunks ? "chunks" : "DATA");
    const auto play = [&] {
      lab_->relay->play(peer::offering(takes_chunks
                                           ? std::vector<std::string>{"PIPELINING", "8BITMIME", "CHUNKING"}
                                           : std::vector<std::string>{"PIPELINING", "8BITMIME"}));
    };
    const std::string envelope = "MAIL FROM:<alice@lawfirm.example>\r\nRCPT TO:<bob@a.cjsm.net>\r\n";
    play();
    SmtpClient bad = lab_->lan_client();
    ASSERT_TRUE(bad.write(envelope + bdat("Subject: x\r\nX-CJSM-Or") + bdat("igin: y\r\n\r\nSEC") +
                          bdat("RET\r\n" + std::string(kSecret) + "\r\n", true)));
    expect_codes(bad, {250, 250, 250, 250, 550});
    EXPECT_TRUE(lab_->relay->mails().empty());
    for (const auto& session : sessions_of(lab_->relay.get()))
      EXPECT_THAT(session.encrypted, Not(HasSubstr(kSecret)));
    EXPECT_THAT(only_row().reply, HasSubstr("marked above"));
    GatewayTest::SetUp();
    play();
    SmtpClient good = lab_->lan_client();
    ASSERT_TRUE(good.write(envelope + bdat("Subject: x\r\nX-CJSM-Or") + bdat("igin: y\r\nTo: z\r\n\r\nfir") +
                           bdat("st\r\n.dot\r\n") + bdat("last\r\n") + bdat("", true)));
    expect_codes(good, {250, 250, 250, 250, 250, 250, 250});
    ASSERT_EQ(lab_->relay->mails().size(), 1U);
    EXPECT_EQ(without_trace(lab_->relay->mails()[0].message),
              "Subject: x\r\nTo: z\r\n\r\nfirst\r\n.dot\r\nlast\r\n");
    static_cast<void>(only_row());
    GatewayTest::SetUp();
  }
}

TEST_F(GatewayPolicy, Clause1OddHeadersPassUnchanged) {
  for (const char* message : {"no header at all\r\n", "\r\nbody\r\n", "", "A: b\r\n", "A: b\r\n\r\n",
                              "..A: b\r\n.B: c\r\n\r\n..\r\n"}) {
    Mail mail = mail_out();
    mail.message = message;
    expect_out(250, mail);
    ASSERT_EQ(lab_->relay->mails().size(), 1U);
    EXPECT_EQ(without_trace(lab_->relay->mails()[0].message), mail.message);
    static_cast<void>(only_row());
    GatewayTest::SetUp();
  }
}

/// The next hop takes a leading dot away, and would have a field that nobody judged.
TEST_F(GatewayPolicy, Clause1AFieldBehindADotIsRefusedBothWays) {
  use("policy.toml", quiet("from_header = \"enforce\""));
  const auto refused = [&](SmtpClient client, const Mail& mail, const std::string& wire) {
    ASSERT_EQ(client.envelope(mail)->code, 354);
    ASSERT_TRUE(client.write(wire + "\r\n" + std::string(kSecret) + "\r\n.\r\n"));
    const auto reply = client.read_reply();
    ASSERT_TRUE(reply) << reply.error().message;
    EXPECT_EQ(reply->code, 550) << reply->text;
    EXPECT_THAT(reply->text, HasSubstr("begins with a single dot"));
    const LedgerRow row = only_row();
    EXPECT_EQ(row.outcome, "refused");
    EXPECT_EQ(row.verdict, "refused/dot-in-header");
    EXPECT_TRUE(lab_->relay->mails().empty());
    EXPECT_TRUE(lab_->server->mails().empty());
  };
  const std::string from = "From: alice@lawfirm.example\r\n";
  for (const std::string& wire :
       {".X-CJSM-Origin: verified\r\n" + from, ".From: minister@elsewhere.example\r\n" + from,
        from + ".Subject: [SECRET]\r\n", from + ".Precedence: bulk\r\n",
        from + "Subject: a\r\n. SECRET\r\n"}) {
    SCOPED_TRACE(wire);
    refused(lab_->lan_client(), mail_out(), wire);
    GatewayTest::SetUp();
    refused(lab_->cjsm_client(), mail_in(), wire);
    GatewayTest::SetUp();
  }
  expect_carried(
      with_header(".Subject: [SECRET]"));  // a proper sender stuffs it: it is no subject at the hop either
}

/// By BDAT a dot is text, and stays text on the way by DATA.
TEST_F(GatewayPolicy, Clause1ADotInChunksHidesNothing) {
  const std::string decoy =
      "Content-Type: multipart/mixed; "
      "boundary=b\r\n\r\n.--b\r\n\r\nharmless\r\n--b\r\n\r\nSECRET\r\n--b--\r\n";
  for (const bool takes_chunks : {true, false}) {
    SCOPED_TRACE(takes_chunks ? "chunks" : "DATA");
    const auto send = [&](const std::string& mail) {
      lab_->relay->play(peer::offering(takes_chunks
                                           ? std::vector<std::string>{"PIPELINING", "8BITMIME", "CHUNKING"}
                                           : std::vector<std::string>{"PIPELINING", "8BITMIME"}));
      SmtpClient client = lab_->lan_client();
      EXPECT_EQ(client.command("MAIL FROM:<alice@lawfirm.example>")->code, 250);
      EXPECT_EQ(client.command("RCPT TO:<bob@a.cjsm.net>")->code, 250);
      EXPECT_TRUE(client.write("BDAT " + std::to_string(mail.size()) + " LAST\r\n" + mail));
      return client.read_reply().value_or(peer::Reply{});
    };
    const std::string mail = ".X-CJSM-Origin: y\r\nSubject: x\r\n. y\r\n\r\n.text\r\n";
    EXPECT_EQ(send(mail).code, 250);
    ASSERT_EQ(lab_->relay->mails().size(), 1U);
    EXPECT_EQ(without_trace(lab_->relay->mails()[0].message), mail);
    static_cast<void>(only_row());
    GatewayTest::SetUp();
    EXPECT_EQ(send(decoy).code, 550);
    EXPECT_THAT(only_row().reply, HasSubstr("marked above"));
    GatewayTest::SetUp();
  }
}

TEST_F(GatewayPolicy, Clause1AHeaderThatCannotBeCheckedIsRefused) {
  std::string fields = "Subject: x";
  for (int i = 0; i < 3000; ++i) fields += "\r\nX-Field: " + std::string(100, 'y');
  expect_refused(552, "too long to be checked", with_header(fields));
}

TEST_F(GatewayPolicy, Clause2SensitiveMailNeedsAHandlingInstruction) {
  use("policy.toml", quiet("handling = \"enforce\""));
  expect_refused(550, "says nothing on how to handle it", with_header("Subject: OFFICIAL-SENSITIVE"));
  expect_carried(with_header("Subject: OFFICIAL-SENSITIVE - RECIPIENTS ONLY"));
}

TEST_F(GatewayPolicy, Clause2AHandlingInstructionIsPutIn) {
  use("policy.toml", quiet("", "[marking]\nadd_handling = \"RECIPIENTS ONLY\"\n"));
  expect_out(250, with_header("Subject: OFFICIAL-SENSITIVE"));
  EXPECT_THAT(lab_->relay->mails().at(0).message,
              HasSubstr("\r\nX-Handling-Instructions: RECIPIENTS ONLY\r\nFrom: "));
}

TEST_F(GatewayPolicy, Clause3SenderWithoutASignedCommitmentIsRefused) {
  use("policy.toml",
      quiet("registered_sender = \"enforce\"", "[contacts]\nrepresentative = \"Jane Doe, ext 2\"\n"));
  expect_refused(550, "Contact: Jane Doe, ext 2", mail_out());
  use("commitments.csv", "address,terms,signed,leaves\r\nalice@lawfirm.example,v9.4,2020-01-01,\r\n");
  expect_refused(550, "no current signed commitment", mail_out());
  use("commitments.csv", "address,terms,signed,leaves\r\nalice@lawfirm.example,v10.2,2026-01-01,\r\n");
  expect_carried(mail_out());
}

TEST_F(GatewayPolicy, Clause5SuspendedLineDefersNewMailBothWaysAndLosesNone) {
  SmtpClient open = lab_->lan_client();
  ASSERT_EQ(open.envelope(mail_out())->code, 354);
  SmtpClient idle = lab_->lan_client();
  ASSERT_TRUE(lab_->gateway->ask({{"op", "line-switch"}, {"line", "suspended"}, {"why", "a test"}}));
  ASSERT_TRUE(open.write(peer::dot_stuffed(mail_out().message)));  // what was under way ends as it began
  EXPECT_EQ(open.read_reply()->code, 250);
  EXPECT_EQ(lab_->relay->mails().size(), 1U);
  static_cast<void>(only_row());
  GatewayTest::SetUp();
  EXPECT_EQ(idle.command("MAIL FROM:<alice@lawfirm.example>")->code, 421);
  EXPECT_TRUE(idle.is_ended_by_server(10s));
  EXPECT_EQ(lab_->lan_client().command("MAIL FROM:<alice@lawfirm.example>")->code, 421);
  EXPECT_EQ(lab_->cjsm_client().command("MAIL FROM:<bob@police.example.cjsm.net>")->code, 421);
  for (const LedgerRow& row : rows(3)) EXPECT_THAT(row.reply, HasSubstr("has suspended its connection"));
  EXPECT_EQ(json_text(policy_status(), "line").value(), "suspended");
  ASSERT_TRUE(lab_->gateway->ask({{"op", "line-switch"}, {"line", "active"}, {"why", "the test is over"}}));
  GatewayTest::SetUp();
  expect_carried(mail_out());
}

TEST_F(GatewayPolicy, Clause5SwitchNeedsAReasonAndSurvivesARestart) {
  EXPECT_EQ(lab_->gateway->ask({{"op", "line-switch"}, {"line", "suspended"}, {"why", ""}}).error().code,
            ErrorCode::kInvalid);
  EXPECT_EQ(lab_->gateway->ask({{"op", "line-switch"}, {"line", "off"}, {"why", "x"}}).error().code,
            ErrorCode::kInvalid);
  ASSERT_TRUE(lab_->gateway->ask({{"op", "line-switch"}, {"line", "suspended"}, {"why", "a test"}}));
  ASSERT_TRUE(lab_->gateway->restart(SIGKILL));
  EXPECT_EQ(lab_->lan_client().command("MAIL FROM:<alice@lawfirm.example>")->code, 421);
  ASSERT_TRUE(lab_->gateway->ask({{"op", "line-switch"}, {"line", "active"}, {"why", "the test is over"}}));
  ASSERT_TRUE(lab_->gateway->restart(SIGTERM));
  static_cast<void>(rows(1));
  GatewayTest::SetUp();
  expect_carried(mail_out());
}

TEST_F(GatewayPolicy, Clause27TerminatedLineRefusesBothWaysForGood) {
  ASSERT_TRUE(lab_->gateway->ask({{"op", "line-switch"}, {"line", "terminated"}, {"why", "a test"}}));
  EXPECT_EQ(lab_->lan_client().command("MAIL FROM:<alice@lawfirm.example>")->code, 550);
  EXPECT_EQ(lab_->cjsm_client().command("MAIL FROM:<bob@police.example.cjsm.net>")->code, 521);
  for (const LedgerRow& row : rows(2)) EXPECT_THAT(row.reply, HasSubstr("connection to CJSM has ended"));
  EXPECT_TRUE(lab_->gateway->ask({{"op", "mail-find"}}));  // the ledger is still there to be read
  EXPECT_EQ(lab_->gateway->ask({{"op", "line-switch"}, {"line", "active"}, {"why", "x"}}).error().code,
            ErrorCode::kConflict);
  std::filesystem::remove(lab_->gateway->ledger().parent_path() / "line.json");
  ASSERT_TRUE(lab_->gateway->restart(SIGTERM));
  GatewayTest::SetUp();
  expect_carried(mail_out());
}

TEST_F(GatewayPolicy, Clause27ASwitchThatCannotBeReadMeansSuspended) {
  const auto file = lab_->gateway->ledger().parent_path() / "line.json";
  std::ofstream(file) << "{\"line\":\"acti";
  CHECK(::chmod(file.c_str(), 0644) == 0);
  ASSERT_TRUE(lab_->gateway->restart(SIGTERM));
  EXPECT_EQ(lab_->lan_client().command("MAIL FROM:<alice@lawfirm.example>")->code, 421);
  static_cast<void>(only_row());
  std::filesystem::remove(file);
  ASSERT_TRUE(lab_->gateway->restart(SIGTERM));
  GatewayTest::SetUp();
  expect_carried(mail_out());
}

TEST_F(GatewayPolicy, Clause9AutomatedMailNeedsAPermission) {
  const Mail automated = with_header("Auto-Submitted: auto-generated");
  expect_refused(550, "A program sent this mail", automated);
  use("permissions.csv",
      "reference,sender,kind,from,until,hourly_cap\r\nMOJ-1,alice@lawfirm.example,generated,2026-01-01,2099-"
      "12-31,1\r\n");
  expect_carried(automated);
  expect_refused(451, "used up for this hour", automated);
  use("permissions.csv",
      "reference,sender,kind,from,until,hourly_cap\r\nMOJ-1,alice@lawfirm.example,generated,2020-01-01,2020-"
      "12-31,9\r\n");
  expect_refused(550, "A program sent this mail", automated);
  Mail bounce = automated;
  bounce.sender.clear();
  expect_carried(bounce);
  expect_carried(with_header("Auto-Submitted: auto-replied"));
}

TEST_F(GatewayPolicy, Clause9AMailThatNeedsTwoPermissionsIsCountedAgainstBothAlsoAfterARestart) {
  const auto permit = [&](const std::string& bulk_cap, const std::string& generated_cap) {
    const std::string days = ",2026-01-01,2099-12-31,";
    use("permissions.csv", "reference,sender,kind,from,until,hourly_cap\r\nMOJ 2,fay@lawfirm.example,bulk" +
                               days + bulk_cap + "\r\nMOJ 3,fay@lawfirm.example,generated" + days +
                               generated_cap + "\r\n");
  };
  const auto by_fay = [](const std::string& fields) {
    Mail mail = with_header(fields);
    mail.sender = "fay@lawfirm.example";
    return mail;
  };
  const Mail bulk = by_fay("List-Id: x");
  const Mail generated = by_fay("Auto-Submitted: auto-generated");
  const Mail both = by_fay("List-Id: x\r\nAuto-Submitted: auto-generated");
  permit("1", "2");
  expect_out(250, both);
  EXPECT_EQ(only_row().verdict, "passed permit/MOJ 2 permit/MOJ 3");
  GatewayTest::SetUp();
  expect_refused(451, "used up for this hour", both);  // the first one is, and the second is not touched
  expect_refused(451, "used up for this hour", bulk);
  expect_carried(generated);
  expect_refused(451, "used up for this hour", generated);
  ASSERT_TRUE(lab_->gateway->restart(SIGKILL));
  GatewayTest::SetUp();
  expect_refused(451, "used up for this hour", bulk);
  expect_refused(451, "used up for this hour", generated);
  permit("2", "3");
  expect_carried(by_fay("List-Id: x\r\nAuto-Submitted: auto-generated\r\nSubject: again"));
  expect_refused(451, "used up for this hour", bulk);
  expect_refused(451, "used up for this hour", generated);
}

TEST_F(GatewayPolicy, Clause25BulkMailIsRefused) {
  expect_refused(550, "no mailing lists", with_header("List-Unsubscribe: <https://lawfirm.example/out>"));
  expect_refused(550, "no mailing lists", with_header("Precedence: bulk"));
}

TEST_F(GatewayPolicy, Clause25SenderAboveTheHourlyCapWaitsForReleaseByAPerson) {
  use("policy.toml", quiet("", "[limits]\nsender_per_hour = 2\norganisation_per_hour = 0\n"));
  Mail mail = mail_out();
  mail.sender = "carol@lawfirm.example";
  expect_carried(mail);
  expect_carried(mail);
  expect_refused(451, "too many mails within one hour", mail);
  EXPECT_THAT(lab_->gateway->output(), HasSubstr("rate-reached"));
  Mail others = mail_out();
  others.sender = "dora@lawfirm.example";
  expect_carried(others);
  GatewayTest::SetUp();
  const std::string key = "sender/carol@lawfirm.example";
  EXPECT_THAT(to_text(policy_status()), HasSubstr("{\"key\":\"" + key + "\",\"count\":2}"));
  EXPECT_EQ(lab_->gateway->ask({{"op", "rate-release"}, {"key", "sender/nobody"}, {"why", "x"}}).error().code,
            ErrorCode::kNotFound);
  ASSERT_TRUE(lab_->gateway->ask({{"op", "rate-release"}, {"key", key}, {"why", "a mailing of the court"}}));
  const auto status = lab_->gateway->ask({{"op", "status"}});
  ASSERT_TRUE(status);
  const auto size = json_number(*json_object(*status, "audit"), "size").value();
  const auto log = lab_->gateway->ask({{"op", "audit-entries"}, {"after", size - 1}, {"limit", 1}});
  ASSERT_TRUE(log) << log.error().message;
  const std::string entry = json_texts(*log, "entries").value().at(0);
  EXPECT_THAT(entry, HasSubstr("rate-release"));
  EXPECT_THAT(entry, HasSubstr("a mailing of the court"));
  expect_carried(mail);
}

TEST_F(GatewayPolicy, Clause25ARestartGivesNobodyASecondAllowance) {
  use("policy.toml", quiet("", "[limits]\nsender_per_hour = 2\norganisation_per_hour = 0\n"));
  use("permissions.csv",
      "reference,sender,kind,from,until,hourly_cap\r\nMOJ-7,erin@lawfirm.example,generated,2026-01-01,2099-"
      "12-31,1\r\n");
  Mail automated = with_header("Auto-Submitted: auto-generated");
  automated.sender = "erin@lawfirm.example";
  expect_carried(automated);
  const auto by_hand = [] {
    Mail mail = mail_out();  // another one each time: the very same would count as sent once more
    mail.sender = "erin@lawfirm.example";
    return mail;
  };
  expect_carried(by_hand());
  ASSERT_TRUE(lab_->gateway->restart(SIGKILL));
  GatewayTest::SetUp();
  expect_refused(451, "too many mails within one hour", by_hand());
  const std::string key = "sender/erin@lawfirm.example";
  ASSERT_TRUE(lab_->gateway->ask({{"op", "rate-release"}, {"key", key}, {"why", "a mailing of the court"}}));
  ASSERT_TRUE(lab_->gateway->restart(SIGTERM));
  GatewayTest::SetUp();
  expect_carried(by_hand());
  expect_refused(451, "used up for this hour", automated);
}

TEST_F(GatewayPolicy, Clause8TheRecipientAboveTheCapIsPutOffAndTheOthersGetTheMail) {
  use("policy.toml", quiet("", "[limits]\nrecipients = 50\nblind_recipients = 1\n"));
  SmtpClient client = lab_->lan_client();
  ASSERT_EQ(client.command("MAIL FROM:<alice@lawfirm.example>")->code, 250);
  for (int i = 0; i < 50; ++i)
    ASSERT_EQ(client.command("RCPT TO:<r" + std::to_string(i) + "@police.example.cjsm.net>")->code, 250);
  EXPECT_EQ(client.command("RCPT TO:<c@police.example.cjsm.net>")->code, 452);
  ASSERT_EQ(client.command("DATA")->code, 354);
  ASSERT_TRUE(client.write("To: a@police.example.cjsm.net\r\n\r\nx\r\n.\r\n"));
  EXPECT_EQ(client.read_reply()->code, 250);
  EXPECT_EQ(lab_->relay->mails().at(0).rcpts.size(), 50U);
  static_cast<void>(only_row());
  GatewayTest::SetUp();
  Mail blind = with_header("Subject: x");
  blind.recipients.emplace_back("c@police.example.cjsm.net");
  expect_refused(550, "names none of them", blind);
}

TEST_F(GatewayPolicy, SecureEmailGuideG17MailThroughSharedServicesIsRefused) {
  for (const char* field : {"X-Mailgun-Sid: x", "X-MC-User: x", "X-SES-Outgoing: x"})
    expect_refused(550, "a mailing service that many customers share", with_header(field));
}

TEST_F(GatewayPolicy, SecureEmailGuideG20AutoForwardedMailIsRefused) {
  expect_refused(550, "not forwarded to CJSM by a rule", with_header("Auto-Submitted: auto-forwarded"));
}

TEST_F(GatewayPolicy, SecureEmailGuideG20OriginMarksAreOursAndForgedOnesAreRemovedBothWays) {
  const std::string forged =
      "X-CJSM-Origin: verified\r\nSubject: x\r\nx-cjsm-origin:\r\n forged\r\nX-CJSM-Handling: none";
  expect_out(250, with_header(forged));
  const std::string out = lab_->relay->mails().at(0).message;
  EXPECT_EQ(without_trace(out), "From: alice@lawfirm.example\r\nSubject: x\r\n\r\ntext\r\n");
  EXPECT_THAT(out, Not(HasSubstr("X-CJSM-")));
  Mail mail = mail_in();
  mail.message = forged + "\r\n\r\nbody\r\n";
  expect_in(250, mail);
  const std::string in = lab_->server->mails().at(0).message;
  EXPECT_EQ(without_trace(in), "Subject: x\r\n\r\nbody\r\n");
  EXPECT_THAT(
      in, HasSubstr(
              "\r\nX-CJSM-Origin: verified\r\nX-CJSM-Handling: treat as OFFICIAL-SENSITIVE/RESTRICTED\r\n"));
  EXPECT_THAT(in, HasSubstr("Authentication-Results: gateway.lawfirm.example;"));
  EXPECT_THAT(in, Not(HasSubstr("forged")));
}

TEST_F(GatewayPolicy, FaqF3WhatComesInSaysHowToTreatItOnce) {
  expect_in(250, mail_in());
  const std::string in = lab_->server->mails().at(0).message;
  const auto at = in.find("X-CJSM-Handling: ");
  ASSERT_NE(at, std::string::npos);
  EXPECT_EQ(in.find("X-CJSM-Handling: ", at + 1), std::string::npos);
}

TEST_F(GatewayPolicy, FaqF9DuringPlannedMaintenanceTheSenderIsToldSo) {
  const auto refuse_all = [](const peer::Event& event, peer::Answer usual) {
    if (event.step == Step::kGreeting) usual.reply = "421 4.3.2 closed\r\n";
    return usual;
  };
  lab_->relay->play(refuse_all);
  expect_out(451, mail_out());
  EXPECT_THAT(only_row().reply, Not(HasSubstr("planned maintenance")));
  use("maintenance.csv", "from,until\r\n2020-01-01T00:00Z,2099-01-01T00:00Z\r\n");
  GatewayTest::SetUp();
  lab_->relay->play(refuse_all);
  expect_refused(451, "down for planned maintenance", mail_out());
  EXPECT_NE(json_object(policy_status(), "maintenance"), nullptr);
  use("maintenance.csv", "from,until\r\n");
  expect_carried(mail_out());
}

TEST_F(GatewayPolicy, FaqF13ClosedMailboxesAreToldAndTheDirectoryIsSearched) {
  use("directory.csv",
      "Firstname,Lastname,Organisation,Secure Email,Account Status\r\n"
      "Bob,Test,Police,bob@police.example.cjsm.net,Deleted\r\nBea,Test,Police,bea@police.example.cjsm.net,"
      "Active\r\n");
  expect_carried(mail_out());
  use("policy.toml", quiet("retired_recipient = \"enforce\""));
  expect_refused(550, "5.1.1 The CJSM directory says that this recipient's mailbox is closed", mail_out());
  const auto found = lab_->gateway->ask({{"op", "directory-search"}, {"text", "test police"}});
  ASSERT_TRUE(found) << found.error().message;
  ASSERT_EQ(json_array(*found, "entries")->size(), 1U) << to_text(*found);
  EXPECT_EQ(json_text(json_array(*found, "entries")->at(0).as_object(), "address").value(),
            "bea@police.example.cjsm.net");
  const auto file = lab_->gateway->ask({{"op", "directory-export"}, {"format", "ldif"}});
  ASSERT_TRUE(file) << file.error().message;
  EXPECT_THAT(json_text(*file, "text").value(), HasSubstr("mail: bea@police.example.cjsm.net\r\n"));
  EXPECT_THAT(json_text(*file, "text").value(), Not(HasSubstr("bob@")));
  EXPECT_EQ(json_number(*file, "next").value(), 2);
}

TEST_F(GatewayPolicy, CouncilK1AForgedFromIsRefused) {
  use("policy.toml", quiet("from_header = \"enforce\""));
  Mail mail = mail_out();
  mail.message = "From: minister@elsewhere.example\r\n\r\nx\r\n";
  expect_refused(550, "names nobody of this organisation", mail);
  expect_carried(mail_out());
}

TEST_F(GatewayPolicy, Clause4TheLedgerSaysWhatTheRulesSawAndSaid) {
  const Mail mail = with_header("Message-ID: <one@lawfirm.example>\r\nSubject: [OFFICIAL-SENSITIVE] case");
  auto client = lab_->lan_client();
  for (const auto& [command, code] : {std::pair{"MAIL FROM:<alice@lawfirm.example>", 250},
                                      {"RCPT TO:<bob@gmail.example>", 550},
                                      {"RCPT TO:<bob@police.example.cjsm.net>", 250},
                                      {"DATA", 354}})
    EXPECT_EQ(client.command(command)->code, code) << command;
  ASSERT_TRUE(client.write(mail.message + ".\r\n"));
  EXPECT_EQ(client.read_reply()->code, 250);
  const LedgerRow row = only_row();
  EXPECT_EQ(row.message_id, "one@lawfirm.example");
  EXPECT_EQ(row.marking, "OFFICIAL-SENSITIVE");
  EXPECT_EQ(row.verdict, "passed left-out/recipient-not-cjsm");
  EXPECT_EQ(row.signatures, 1);
  EXPECT_EQ(row.lan_signatures, 1);
  for (const auto took : {row.connect_ms, row.record_ms, row.body_ms, row.verdict_ms}) EXPECT_GE(took, 0);
  GatewayTest::SetUp();

  ASSERT_TRUE(lab_->lan_client().send(with_header("Subject: [SECRET]")));
  const LedgerRow stopped = only_row();
  EXPECT_EQ(stopped.marking, "SECRET");
  EXPECT_EQ(stopped.verdict, "refused/marked-too-high");
  EXPECT_GE(stopped.body_ms, 0);
  EXPECT_EQ(stopped.verdict_ms, -1);  // the relay was not asked
}

TEST_F(GatewayPolicy, Clause4OfV94KeepsTheSameRecords) {
  const auto recorded = [&](const char* terms) {
    use("policy.toml", std::string("terms = \"") + terms + "\"\n" + quiet(""));
    Mail mail = with_header("Message-ID: <same@lawfirm.example>\r\nSubject: [OFFICIAL] case", terms);
    expect_out(250, mail);
    const LedgerRow row = only_row();
    GatewayTest::SetUp();
    EXPECT_FALSE(row.session_id.empty());
    EXPECT_FALSE(row.peer_serial.empty());
    return std::tuple(row.direction, row.sender, row.recipients, row.tls_version, row.peer_subject,
                      row.outcome, row.message_id, row.marking, row.verdict, row.signatures);
  };
  EXPECT_EQ(recorded("v10.2"), recorded("v9.4"));
}

TEST_F(GatewayPolicy, CouncilK4PartnersOutsideTheListAreRefusedOrWarnedAbout) {
  use("assured.csv", "domain,status,confirmed\r\ncourt.example.cjsm.net,assured,2026-01-01\r\n");
  use("policy.toml", quiet("assured = \"enforce\""));
  expect_refused(550, "list of assured partners", mail_out());
  use("policy.toml", quiet("assured = \"warn\""));
  expect_out(250, mail_out());
  EXPECT_THAT(lab_->relay->mails().at(0).message, HasSubstr("X-Privyseal-Warning: partner-not-assured\r\n"));
  EXPECT_EQ(only_row().verdict, "passed warned/partner-not-assured");
  const JsonObject status = policy_status();
  EXPECT_GE(json_number(*json_object(status, "counts"), "warned/partner-not-assured").value(), 1);
  for (const auto& [confirmed, is_old] : {std::pair{"2020-01-01", true}, {"2099-01-01", false}}) {
    use("assured.csv",
        std::string("domain,status,confirmed\r\ncourt.example.cjsm.net,assured,") + confirmed + "\r\n");
    EXPECT_EQ(json_flag(*json_object(policy_status(), "registers"), "assured_is_old", !is_old).value(),
              is_old);
  }
}

TEST_F(GatewayPolicy, CouncilK5WhoAsksForSecurityGetsItForAllOrForNobody) {
  const auto send = [](const std::string& subject) {
    SmtpClient client = lab_->lan_client();
    EXPECT_EQ(client.command("MAIL FROM:<alice@lawfirm.example>")->code, 250);
    EXPECT_EQ(client.command("RCPT TO:<bob@police.example.cjsm.net>")->code, 250);
    EXPECT_EQ(client.command("RCPT TO:<carol@elsewhere.example>")->code, 550);
    EXPECT_EQ(client.command("DATA")->code, 354);
    EXPECT_TRUE(client.write("Subject: " + subject + "\r\n\r\nx\r\n.\r\n"));
    return client.read_reply().value_or(peer::Reply{});
  };
  const auto refused = send("[Secure] case");
  EXPECT_EQ(refused.code, 550);
  EXPECT_THAT(refused.text, HasSubstr("ends in .cjsm.net"));
  EXPECT_TRUE(lab_->relay->mails().empty());
  EXPECT_EQ(send("case").code, 250);
  EXPECT_EQ(lab_->relay->mails().size(), 1U);
  static_cast<void>(rows(2));
}

TEST_F(GatewayPolicy, CouncilK6ClassificationCanBeForced) {
  use("policy.toml", quiet("", "[marking]\nunmarked = \"refuse\"\n"));
  expect_refused(550, "has no protective marking", mail_out());
  expect_carried(with_header("Subject: [OFFICIAL] case"));
}

TEST_F(GatewayPolicy, AddressRuleMappedDomainsAreOurs) {
  Mail mail = mail_in();
  mail.recipients = {"alice@york.cjsm.net"};
  expect_in(250, mail);
  EXPECT_THAT(lab_->server->mails().at(0).rcpts.at(0), StartsWith("RCPT TO:<alice@lawfirm.example>"));
}

TEST_F(GatewayPolicy, RuleFilesThatAreWrongChangeNothing) {
  use("policy.toml", quiet("", "[marking]\nunmarked = \"refuse\"\n"));
  use("policy.toml", quiet("assured = \"sometimes\""));
  EXPECT_THAT(json_text(policy_status(), "failure").value(), HasSubstr("rules.assured must be one of"));
  expect_refused(550, "has no protective marking", mail_out());
  use("policy.toml", quiet(""));
  EXPECT_FALSE(policy_status().contains("failure"));
}

}  // namespace
}  // namespace privyseal::test
