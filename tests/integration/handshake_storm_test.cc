/// Handshakes that die while their signature is pending: none is leaked, and none leaves anything behind.
#include "tests/integration/handshake_fixture.h"
#include "tests/support/process.h"

namespace privyseal::test {
namespace {

using namespace std::chrono_literals;

/// How the handshakes of a wave die.
enum class Death : std::uint8_t {
  kCut,        ///< the server cuts them
  kPeerGone,   ///< the client vanishes; then the signature comes
  kTooLate,    ///< their deadline passes
  kDestroyed,  ///< the stream ceases to be
  kRaced,      ///< the server cuts them while the signatures arrive
};
constexpr int kDeaths = 5;
constexpr int kInAWave = 128;
constexpr auto kShort = 300ms;

class HandshakeStorm : public HandshakeTest {
 protected:
  void wave(Death death) {
    const int before = servers_.all() + clients_.all();
    const int good_before = servers_.good;
    lab_->keyd(death == Death::kRaced ? lab_->signs_after(20ms) : lab_->never_signs());
    const auto pairs = start_many(kInAWave, lab_->lone_server, lab_->nameless_client,
                                  death == Death::kTooLate ? kShort : std::chrono::milliseconds(kLong));
    if (death == Death::kRaced)
      run([&] { return servers_.all() + clients_.all() >= before + kInAWave / 2; });
    else if (death != Death::kTooLate)
      run_until_paused(kInAWave);
    for (const auto& pair : pairs) kill(death, pair);
    const bool is_our_doing = death == Death::kCut || death == Death::kDestroyed;
    ASSERT_TRUE(!is_our_doing || pool_->paused() == 0) << "not before keyd answers";
    if (death == Death::kPeerGone) lab_->keyd(lab_->signs_after(0ms));  // it is asked again for each of them
    run_until_ended(before + 2 * kInAWave);
    ASSERT_EQ(pool_->paused(), 0U);
    const bool may_succeed = death == Death::kRaced || death == Death::kPeerGone;
    EXPECT_TRUE(may_succeed || servers_.good == good_before);
    if (death != Death::kRaced) died_ += static_cast<int>(lab_->asked());
  }

  void kill(Death death, const Pair& pair) {
    if (death == Death::kCut || death == Death::kRaced) pair.server->cut();
    if (death == Death::kPeerGone) pair.client->cut();
    if (death != Death::kDestroyed) return;
    *pair.server = Stream(net::tcp::socket(*loop_));
    pair.client->cut();
  }

  /// At least so many; memory is compared once each way of dying has been seen twice.
  void storm(int handshakes) {
    std::size_t at_first = 0;
    for (int waves = 0; died_ < handshakes; ++waves) {
      ASSERT_NO_FATAL_FAILURE(wave(static_cast<Death>(waves % kDeaths)));
      if (waves + 1 == 2 * kDeaths) at_first = resident_bytes();
    }
    EXPECT_TRUE(wait_until([&] { return lab_->open_questions() == 0; }, kLong));
    if (kMemoryIsOurs && at_first != 0) {
      EXPECT_LT(resident_bytes(), at_first + 1024 * 1024);
    }
  }

  int died_ = 0;  // surely while the signature was pending
};

TEST_F(HandshakeStorm, SomeHundredLeaveNothing) { storm(4 * kInAWave); }
TEST_F(HandshakeStorm, DISABLED_TenThousandTakeNoMemory) { storm(10'000); }
TEST_F(HandshakeStorm, DISABLED_AHundredThousandTakeNoMemory) { storm(100'000); }

}  // namespace
}  // namespace privyseal::test
