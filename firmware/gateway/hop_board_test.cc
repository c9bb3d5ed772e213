#include "firmware/gateway/hop_board.h"

#include <gtest/gtest.h>

namespace privyseal::gateway {
namespace {

using namespace std::chrono_literals;

constexpr HopBoard::Time kNow{1000s};

std::vector<smtp::HopPlace> hops(int count) {
  std::vector<smtp::HopPlace> all;
  for (int i = 1; i <= count; ++i)
    all.push_back({.address = {.host = "192.0.2." + std::to_string(i), .port = 25}, .name = "relay.example"});
  return all;
}

void fail_often(HopBoard& board, std::size_t hop) {
  for (int i = 0; i < Breaker::kFailures; ++i)
    if (auto place = board.take(hop, kNow))
      place->failed(kNow, "refused", smtp::make_reply(451, "4.4.1", "x"));
}

TEST(HopBoard, SaysWhichHopIsLeftAlone) {
  HopBoard board(hops(3), 10);
  EXPECT_EQ(board.waits(kNow), "");
  fail_often(board, 2);
  fail_often(board, 1);
  const std::string said =
      "192.0.2.2:25 failed 5 times in a row (refused): it is left alone, and tried again within half a "
      "minute";
  EXPECT_EQ(board.waits(kNow), said);
  EXPECT_EQ(board.waits(kNow + Breaker::kFirstPause), said) << "it may be tried, and is not back yet";
  auto trial = board.take(1, kNow + Breaker::kFirstPause);
  ASSERT_TRUE(trial);
  EXPECT_EQ(board.waits(kNow + Breaker::kFirstPause), said);
  trial->succeeded();
  EXPECT_TRUE(board.waits(kNow).starts_with("192.0.2.3:25 failed"));
}

TEST(HopBoard, NeverLeavesTheOnlyHopAlone) {
  HopBoard board(hops(1), 10);
  fail_often(board, 0);
  EXPECT_EQ(board.waits(kNow), "");
}

TEST(HopBoard, LogsThatAHopIsLeftAloneAndThatItIsBackOnceEach) {
  HopBoard board(hops(2), 10);
  testing::internal::CaptureStderr();
  board.take(0, kNow)->succeeded();
  fail_often(board, 0);
  for (int i = 0; i < 2; ++i) board.take(0, kNow + Breaker::kFirstPause)->succeeded();
  EXPECT_EQ(testing::internal::GetCapturedStderr(),
            "<4>next-hop-paused hop=192.0.2.1:25\n<5>next-hop-back hop=192.0.2.1:25\n");
}

}  // namespace
}  // namespace privyseal::gateway
