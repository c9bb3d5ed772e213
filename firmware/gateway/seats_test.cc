#include "firmware/gateway/seats.h"

#include <gtest/gtest.h>

#include <vector>

namespace privyseal::gateway {
namespace {

const auto kOne = boost::asio::ip::make_address("192.0.2.1");
const auto kOther = boost::asio::ip::make_address("2001:db8::1");

TEST(Seats, AreCountedByClient) {
  Seats seats(2);
  auto first = seats.take(kOne);
  auto second = seats.take(kOne);
  EXPECT_TRUE(first && second);
  EXPECT_FALSE(seats.take(kOne));
  EXPECT_FALSE(seats.take(kOne));
  EXPECT_TRUE(seats.take(kOther));
  first.reset();
  EXPECT_TRUE(seats.take(kOne));
}

TEST(Seats, AreGivenBackOnce) {
  Seats seats(1);
  {
    auto seat = seats.take(kOne);
    ASSERT_TRUE(seat);
    const Seats::Seat moved(std::move(*seat));
    seat.reset();
    EXPECT_FALSE(seats.take(kOne));
  }
  EXPECT_TRUE(seats.take(kOne));
}

}  // namespace
}  // namespace privyseal::gateway
