// The gateway holds no mail, not even in memory: a big mail streams through, and a next hop
// that does not read makes the sender wait.
#include <gtest/gtest.h>

#include <atomic>
#include <fstream>
#include <thread>

#include "tests/integration/gateway_lab.h"

namespace privyseal::test {
namespace {

using namespace std::chrono_literals;
using peer::Answer;
using peer::Event;
using peer::Mail;
using peer::SmtpClient;
using peer::Step;

constexpr std::size_t kMailBytes = 24UL * 1024 * 1024;
constexpr std::size_t kMostGrowthKib = 8UL * 1024;

class GatewayMemory : public GatewayTest {
 protected:
  static void SetUpTestSuite() {
    // AddressSanitizer would keep freed memory, and that would look like a mail that is held.
    open_lab({.environment = {"ASAN_OPTIONS=quarantine_size_mb=1:thread_local_quarantine_size_kb=64"}});
  }

  /// The most memory that the gateway has had so far (proc(5): VmHWM).
  static std::size_t peak_kib() {
    std::ifstream status("/proc/" + std::to_string(lab_->gateway->process().pid()) + "/status");
    for (std::string line; std::getline(status, line);)
      if (line.starts_with("VmHWM:")) return std::stoul(line.substr(6));
    return 0;
  }

  static Mail big_mail() {
    Mail mail = mail_out();
    mail.message = "Subject: big\r\n\r\n";
    mail.message.reserve(kMailBytes + 1024);
    while (mail.message.size() < kMailBytes) mail.message += std::string(900, 'z') + "\r\n";
    return mail;
  }
};

TEST_F(GatewayMemory, BigMailStreamsThrough) {
  // Every loop has carried one: what a thread needs once is not what a mail needs.
  for (int i = 0; i < 4; ++i) expect_out(250, mail_out());
  const std::size_t before = peak_kib();
  ASSERT_GT(before, 0U);
  const Mail mail = big_mail();
  lab_->relay->forget_sessions();
  expect_out(250, mail);
  EXPECT_LT(peak_kib() - before, kMostGrowthKib);
  EXPECT_EQ(without_trace(lab_->relay->mails().at(0).message), mail.message);
}

TEST_F(GatewayMemory, RelayThatDoesNotReadMakesTheSenderWait) {
  expect_out(250, mail_out());
  const std::size_t before = peak_kib();
  peer::Gate gate;
  lab_->relay->play([&](const Event& event, Answer usual) {
    if (event.step == Step::kBody) gate.wait();
    return usual;
  });
  SmtpClient client = lab_->lan_client();
  ASSERT_EQ(client.envelope(mail_out())->code, 354);
  const std::string all = peer::dot_stuffed(big_mail().message);
  std::atomic<bool> is_written = false;
  std::thread writing([&] {
    EXPECT_TRUE(client.write(all));
    is_written = true;
  });
  EXPECT_FALSE(wait_until([&] { return is_written.load(); }, 3s)) << "where has it gone?";
  EXPECT_LT(peak_kib() - before, kMostGrowthKib);
  gate.open();
  writing.join();
  EXPECT_EQ(client.read_reply()->code, 250);
}

}  // namespace
}  // namespace privyseal::test
