/// Handshakes in which both ends sign with keys of one real keyd, many at a time: none fails, on a token that
/// answers at once and on one that takes its time.
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <iostream>

#include "tests/integration/handshake_fixture.h"
#include "tests/support/token.h"

namespace privyseal::test {
namespace {

using namespace std::chrono_literals;

struct Campaign {
  std::chrono::microseconds latency;  ///< of each PKCS#11 call, and of each signature besides
  int at_once;
};

std::string name_of(const Campaign& campaign) {
  return (campaign.latency == 0us ? "AtOnce" : "After1ms") + std::to_string(campaign.at_once);
}
void PrintTo(const Campaign& campaign, std::ostream* out) { *out << name_of(campaign); }

class MutualTls : public HandshakeTest, public testing::WithParamInterface<Campaign> {
 protected:
  static void SetUpTestSuite() {
    HandshakeTest::SetUpTestSuite();
    lab_->no_keyd();
    keyd_ = std::make_unique<TestKeyd>(
        TestKeydOptions{.gateway = {0}, .provisioning = {kGatewayUid}, .workers = 16, .shim = true});
    lab_->use(*keyd_, kGatewayUid);
  }
  static void TearDownTestSuite() {
    keyd_.reset();
    HandshakeTest::TearDownTestSuite();
  }

  net::awaitable<void> one_after_the_other(int* left) {
    using asio::experimental::awaitable_operators::operator&&;
    while (--*left >= 0) {
      const Pair pair = connect();
      co_await (shake(pair.server, lab_->server, kLong, &servers_) &&
                shake(pair.client, lab_->client, kLong, &clients_));
    }
  }

  void expect_all_good(int handshakes) {
    const auto [latency, at_once] = GetParam();
    keyd_->shim().set_latency(latency, latency);
    const std::uint64_t signed_before = keyd_->shim().calls("C_Sign");
    int left = handshakes;
    for (int i = 0; i < at_once; ++i) spawn(one_after_the_other(&left));
    run();
    EXPECT_EQ(servers_.good, handshakes);
    EXPECT_EQ(clients_.good, handshakes);
    EXPECT_EQ(keyd_->shim().calls("C_Sign") - signed_before, 2U * static_cast<unsigned>(handshakes));
    std::cout << handshakes << " handshakes, " << at_once << " at once, " << servers_.good << " good\n";
  }

  static inline std::unique_ptr<TestKeyd> keyd_;
};

TEST_P(MutualTls, NoHandshakeFails) { expect_all_good(150); }
TEST_P(MutualTls, DISABLED_NoneOfAHundredThousandHandshakesFails) { expect_all_good(100'000); }

INSTANTIATE_TEST_SUITE_P(, MutualTls,
                         testing::Values(Campaign{0us, 1}, Campaign{0us, 2}, Campaign{0us, 16},
                                         Campaign{0us, 32}, Campaign{1ms, 1}, Campaign{1ms, 2},
                                         Campaign{1ms, 16}, Campaign{1ms, 32}),
                         [](const auto& row) { return name_of(row.param); });

}  // namespace
}  // namespace privyseal::test
