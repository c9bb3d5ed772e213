#include "hsm/keyd/token_gate.h"

#include <gtest/gtest.h>

#include <thread>

namespace privyseal::keyd {
namespace {

using namespace std::chrono_literals;
using pkcs11::Cure;

class Gate : public testing::Test {
 protected:
  static TokenGate::Time now() { return std::chrono::steady_clock::now(); }
  /// Who would have to wait is turned away.
  std::optional<ErrorCode> refusal() {
    const auto epoch = gate.enter(now());
    if (epoch) return std::nullopt;
    return epoch.error().code;
  }
  TokenGate gate;
};

TEST_F(Gate, IsOpenAtFirst) {
  EXPECT_TRUE(gate.is_open());
  EXPECT_EQ(gate.enter(now()).value(), gate.epoch());
}

TEST_F(Gate, IsClosedFromALossUntilTheTokenIsBack) {
  const std::uint64_t epoch = gate.epoch();
  gate.lose(epoch, Cure::kReinitialise, "gone");
  EXPECT_FALSE(gate.is_open());
  EXPECT_EQ(refusal(), ErrorCode::kTimeout);
  const auto loss = gate.wait_for_loss();
  ASSERT_TRUE(loss);
  EXPECT_EQ(loss->cure, Cure::kReinitialise);
  EXPECT_EQ(loss->why, "gone");
  gate.is_back();
  EXPECT_TRUE(gate.is_open());
  EXPECT_GT(gate.enter(now()).value(), epoch);
}

TEST_F(Gate, HearsNoOldNews) {
  const std::uint64_t epoch = gate.epoch();
  gate.lose(epoch, Cure::kLogIn, "logged out");
  gate.lose(epoch, Cure::kReinitialise, "the second to notice");
  EXPECT_EQ(gate.wait_for_loss()->cure, Cure::kLogIn);
  gate.is_back();
  gate.lose(epoch, Cure::kReinitialise, "the third, too late");
  EXPECT_TRUE(gate.is_open());
}

TEST_F(Gate, LetsWaitersInWhenTheTokenIsBack) {
  gate.lose(gate.epoch(), Cure::kLogIn, "");
  Result<std::uint64_t> entered = 0;
  std::thread waiter([&] { entered = gate.enter(now() + 60s); });
  gate.is_back();
  waiter.join();
  EXPECT_EQ(entered.value(), gate.epoch());
}

TEST_F(Gate, LetsNobodyWaitForAPin) {
  gate.lose(gate.epoch(), Cure::kLogIn, "");
  gate.refuses_pin({ErrorCode::kDenied, "C_Login: CKR_PIN_INCORRECT"});
  EXPECT_EQ(gate.enter(now() + 60s).error().code, ErrorCode::kDenied);
  gate.is_back();
  EXPECT_FALSE(refusal());
}

TEST_F(Gate, StaysOpenWhenOnlyOneCallHangs) {
  const auto begun = now();
  std::this_thread::sleep_for(1ms);
  gate.answered();  // to another call
  gate.call_hangs(begun);
  EXPECT_TRUE(gate.is_open());
  EXPECT_EQ(gate.hung_calls(), 1);
  gate.hung_call_returned();
  EXPECT_EQ(gate.hung_calls(), 0);
}

TEST_F(Gate, LetsOneInAtATimeWhenNothingAnswers) {
  gate.call_hangs(now());
  EXPECT_FALSE(gate.is_open());
  EXPECT_EQ(refusal(), ErrorCode::kTimeout) << "not at once";
  EXPECT_TRUE(gate.enter(now() + 60s)) << "a probe";
  EXPECT_EQ(refusal(), ErrorCode::kTimeout) << "and not a second one";
  gate.answered();
  EXPECT_TRUE(gate.is_open());
  EXPECT_FALSE(refusal());
}

TEST_F(Gate, TurnsEverybodyAwayAtTheEnd) {
  gate.close();
  EXPECT_EQ(gate.enter(now() + 60s).error().code, ErrorCode::kUnavailable);
  EXPECT_FALSE(gate.wait_for_loss());
  EXPECT_FALSE(gate.pause(60s));
}

TEST_F(Gate, RemembersTheLastSuccess) {
  const auto before = now();
  EXPECT_FALSE(gate.has_succeeded_since(before));
  std::this_thread::sleep_for(1ms);
  gate.succeeded();
  EXPECT_TRUE(gate.has_succeeded_since(before));
  EXPECT_FALSE(gate.has_succeeded_since(now()));
}

}  // namespace
}  // namespace privyseal::keyd
