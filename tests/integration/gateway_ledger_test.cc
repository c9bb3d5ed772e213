// The ledger's promise: no mail goes on unrecorded, whatever happens to the disk or the process.
#include <gmock/gmock.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "firmware/base/check.h"
#include "firmware/base/database.h"
#include "tests/integration/gateway_lab.h"
#include "tests/support/small_disk.h"

namespace privyseal::test {
namespace {

using namespace std::chrono_literals;
using peer::Answer;
using peer::Event;
using peer::SmtpClient;
using peer::SmtpPeer;
using peer::Step;
using testing::HasSubstr;

class GatewayLedger : public GatewayTest {
 protected:
  static void SetUpTestSuite() {
    disk_ = std::make_unique<SmallDisk>(kGatewayUid);
    open_lab({.ledger_folder = disk_->folder()});
  }
  static void TearDownTestSuite() {
    GatewayTest::TearDownTestSuite();
    disk_.reset();
  }

  void SetUp() override {
    disk_->empty();
    GatewayTest::SetUp();
  }

  /// The sender must wait, and the next hop must not have heard DATA.
  void expect_refused_unrecorded(SmtpClient client, const peer::Mail& mail, SmtpPeer* hop, int code,
                                 const char* enhanced) {
    const auto reply = client.send(mail);
    ASSERT_TRUE(reply) << reply.error().message;
    EXPECT_EQ(reply->code, code) << reply->text;
    EXPECT_THAT(reply->text, HasSubstr(enhanced));
    for (const auto& session : sessions_of(hop)) EXPECT_FALSE(session.encrypted.contains("DATA"));
    EXPECT_TRUE(hop->mails().empty());
  }

  static std::unique_ptr<SmallDisk> disk_;
};

std::unique_ptr<SmallDisk> GatewayLedger::disk_;

TEST_F(GatewayLedger, Clause4FullDiskRefusesMailBothWaysAndRoomMakesItGoOn) {
  disk_->fill();
  expect_refused_unrecorded(lab_->lan_client(), mail_out(), lab_->relay.get(), 452, "4.3.1");
  expect_refused_unrecorded(lab_->cjsm_client(), mail_in(), lab_->server.get(), 452, "4.3.1");
  disk_->empty();
  EXPECT_TRUE(lab_->gateway->rows(first_row_).empty());
  expect_out(250, mail_out());
  expect_in(250, mail_in());
  EXPECT_EQ(rows(2).at(0).outcome, "delivered");
}

TEST_F(GatewayLedger, LockedLedgerRefusesMail) {
  auto other = Database::open(lab_->gateway->ledger(), Database::Mode::kReadWrite);
  ASSERT_TRUE(other);
  ASSERT_TRUE(other->execute("BEGIN IMMEDIATE"));
  expect_refused_unrecorded(lab_->lan_client(), mail_out(), lab_->relay.get(), 451, "4.3.0");
  ASSERT_TRUE(other->execute("ROLLBACK"));
  expect_out(250, mail_out());
}

TEST_F(GatewayLedger, LineIsNotSwitchedUnrecorded) {
  const JsonObject suspend{{"op", "line-switch"}, {"line", "suspended"}, {"why", "a test"}};
  auto other = Database::open(lab_->gateway->ledger(), Database::Mode::kReadWrite);
  ASSERT_TRUE(other);
  ASSERT_TRUE(other->execute("BEGIN IMMEDIATE"));
  const auto answer = lab_->gateway->ask(suspend);
  ASSERT_TRUE(other->execute("ROLLBACK"));
  ASSERT_FALSE(answer);
  EXPECT_NE(answer.error().code, ErrorCode::kTimeout) << answer.error().message;
  expect_out(250, mail_out());
  ASSERT_TRUE(lab_->gateway->ask(suspend));
  EXPECT_EQ(lab_->lan_client().command("MAIL FROM:<alice@lawfirm.example>")->code, 421);
  ASSERT_TRUE(lab_->gateway->ask({{"op", "line-switch"}, {"line", "active"}, {"why", "the test is over"}}));
}

TEST_F(GatewayLedger, DiskThatFillsDuringTheMailDoesNotMakeItTwo) {
  lab_->relay->play([this](const Event& event, Answer usual) {
    if (event.step == Step::kFinalDot) disk_->fill();
    return usual;
  });
  // The relay has it: saying anything but yes would bring it a second time.
  expect_out(250, mail_out());
  lab_->relay->play(nullptr);
  disk_->empty();
  const auto row = lab_->gateway->rows(first_row_).at(0);
  EXPECT_TRUE(row.outcome == "open" || row.outcome == "delivered") << row.outcome;
  ASSERT_TRUE(lab_->gateway->restart(SIGTERM));
  expect_out(250, mail_out());
}

TEST_F(GatewayLedger, KillMidMailLeavesNothingAtTheRelayAndARowThatSaysSo) {
  SmtpClient client = lab_->lan_client();
  ASSERT_EQ(client.envelope(mail_out())->code, 354);
  ASSERT_TRUE(client.write(mail_out().message));
  ASSERT_TRUE(wait_until([this] { return !lab_->gateway->rows(first_row_).empty(); }));
  ASSERT_TRUE(lab_->gateway->restart(SIGKILL));
  EXPECT_TRUE(client.is_ended_by_server(10s));
  for (const auto& session : sessions_of(lab_->relay.get()))
    for (const auto& transaction : session.transactions) EXPECT_FALSE(transaction.is_complete);
  const LedgerRow row = only_row();
  EXPECT_EQ(row.outcome, "unknown");
  EXPECT_FALSE(row.closed_at.empty());
  expect_out(250, mail_out());
}

TEST_F(GatewayLedger, TermFinishesOpenMailAndTellsTheOthersToComeBack) {
  peer::Gate gate;
  peer::Gate relay_has_it;
  lab_->relay->play([&](const Event& event, Answer usual) {
    if (event.step == Step::kFinalDot) {
      relay_has_it.open();
      gate.wait();
    }
    return usual;
  });
  SmtpClient idle = lab_->lan_client();
  SmtpClient chattering = lab_->lan_client();
  ASSERT_TRUE(chattering.write("BDAT 1000\r\n"));  // that nobody wants
  SmtpClient sending = lab_->lan_client();
  ASSERT_EQ(sending.envelope(mail_out())->code, 354);
  ASSERT_TRUE(sending.write(peer::dot_stuffed(mail_out().message)));
  ASSERT_TRUE(relay_has_it.wait(20s));
  lab_->gateway->process().signal(SIGTERM);
  EXPECT_EQ(idle.read_reply()->code, 421);
  EXPECT_EQ(chattering.read_reply()->code, 421);
  EXPECT_TRUE(wait_until([&] { return !SmtpClient::connect(lab_->gateway->lan_port()); }));
  gate.open();
  EXPECT_EQ(sending.read_reply()->code, 250);
  EXPECT_EQ(lab_->gateway->process().wait(20s), 0);
  EXPECT_EQ(only_row().outcome, "delivered");
  ASSERT_TRUE(lab_->gateway->restart(SIGTERM));
  lab_->relay->play(nullptr);
  expect_out(250, mail_out());
}

TEST_F(GatewayLedger, DamagedLedgerIsNeverReplacedByAnEmptyOne) {
  expect_out(250, mail_out());
  lab_->gateway->process().signal(SIGTERM);
  ASSERT_EQ(lab_->gateway->process().wait(20s), 0);
  const auto ledger = lab_->gateway->ledger();
  const auto copy = lab_->keyd.folder() / "ledger.copy";
  std::filesystem::copy_file(ledger, copy);
  {
    std::fstream file(ledger, std::ios::binary | std::ios::in | std::ios::out);
    file.write("this is no ledger any more......", 32);
  }
  const auto started = lab_->gateway->restart(SIGTERM);
  ASSERT_FALSE(started);
  EXPECT_THAT(started.error().message, HasSubstr("ledger"));
  std::filesystem::copy_file(copy, ledger, std::filesystem::copy_options::overwrite_existing);
  ASSERT_TRUE(lab_->gateway->restart(SIGTERM));
  expect_out(250, mail_out());
}

}  // namespace
}  // namespace privyseal::test
