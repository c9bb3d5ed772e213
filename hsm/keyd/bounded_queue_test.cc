#include "hsm/keyd/bounded_queue.h"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

namespace privyseal::keyd {
namespace {

TEST(BoundedQueue, GivesItemsInTheirOrder) {
  BoundedQueue<int> queue(3);
  for (int i = 1; i <= 3; ++i) EXPECT_TRUE(queue.push(int{i}));
  for (int i = 1; i <= 3; ++i) EXPECT_EQ(queue.pop(), i);
}

TEST(BoundedQueue, RefusesWhatItHasNoRoomForAndLeavesItWithItsOwner) {
  BoundedQueue<std::unique_ptr<int>> queue(1);
  EXPECT_TRUE(queue.push(std::make_unique<int>(1)));
  auto second = std::make_unique<int>(2);
  EXPECT_FALSE(queue.push(std::move(second)));
  ASSERT_NE(second, nullptr);  // NOLINT(bugprone-use-after-move): that it was not moved is the point
  EXPECT_EQ(*second, 2);
  EXPECT_EQ(*queue.pop().value(), 1);
  EXPECT_TRUE(queue.push(std::move(second)));
}

TEST(BoundedQueue, RunsEmptyAfterItWasClosed) {
  BoundedQueue<int> queue(2);
  EXPECT_TRUE(queue.push(1));
  queue.close();
  EXPECT_FALSE(queue.push(2));
  EXPECT_EQ(queue.pop(), 1);
  EXPECT_EQ(queue.pop(), std::nullopt);
}

TEST(BoundedQueue, LosesNothingBetweenThreads) {
  BoundedQueue<int> queue(8);
  std::atomic<int> sum{0};
  {
    std::vector<std::jthread> takers;
    takers.reserve(4);
    for (int t = 0; t < 4; ++t)
      takers.emplace_back([&] {
        while (const auto item = queue.pop()) sum += *item;
      });
    for (int i = 1; i <= 1000; ++i)
      while (!queue.push(int{i})) std::this_thread::yield();
    queue.close();
  }
  EXPECT_EQ(sum, 500500);
}

}  // namespace
}  // namespace privyseal::keyd
