#include "firmware/gateway/clear_hosts.h"

#include <gtest/gtest.h>

namespace privyseal::gateway {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr WallTime kEnd{std::chrono::sys_days{std::chrono::March / 31 / 2027}};

bool finds(const ClearHosts& hosts, const char* address, WallTime now) {
  return hosts.find(boost::asio::ip::make_address(address), now) != nullptr;
}

ClearHosts hosts() {
  auto made = ClearHosts::make({{.host = "192.0.2.9", .reason = "r", .authoriser = "a", .until = kEnd},
                                {.host = "10.0.0.0/30", .reason = "r", .authoriser = "a", .until = kEnd},
                                {.host = "2001:db8::/126", .reason = "r", .authoriser = "a", .until = kEnd}});
  EXPECT_TRUE(made);
  return std::move(*made);
}

TEST(ClearHosts, AreThoseOfTheExceptionsAndNobodyElse) {
  const ClearHosts excepted = hosts();
  for (const char* host : {"192.0.2.9", "::ffff:192.0.2.9", "10.0.0.0", "10.0.0.3", "2001:db8::3"})
    EXPECT_TRUE(finds(excepted, host, kEnd - seconds(1))) << host;
  for (const char* host : {"192.0.2.8", "192.0.2.10", "10.0.0.4", "2001:db8::4", "127.0.0.1", "::1"})
    EXPECT_FALSE(finds(excepted, host, kEnd - seconds(1))) << host;
  EXPECT_FALSE(finds(ClearHosts{}, "192.0.2.9", kEnd - seconds(1)));
}

TEST(ClearHosts, SecureEmailGuideG5AnExceptionEndsAtItsSecond) {
  const ClearHosts excepted = hosts();
  EXPECT_TRUE(finds(excepted, "192.0.2.9", kEnd - milliseconds(1)));
  EXPECT_FALSE(finds(excepted, "192.0.2.9", kEnd));
  EXPECT_FALSE(finds(excepted, "192.0.2.9", kEnd + seconds(1)));
}

TEST(ClearHosts, AnEndedExceptionDoesNotHideALaterOne) {
  const auto two = ClearHosts::make(
      {{.host = "192.0.2.9", .reason = "old", .authoriser = "a", .until = kEnd},
       {.host = "192.0.2.0/24", .reason = "new", .authoriser = "a", .until = kEnd + seconds(9)}});
  ASSERT_TRUE(two);
  const auto* found = two->find(boost::asio::ip::make_address("192.0.2.9"), kEnd);
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(found->reason, "new");
}

TEST(ClearUses, AreNamedOnceAnHourForEachHost) {
  using Steady = std::chrono::steady_clock;
  ClearUses uses;
  const Steady::time_point start{};
  EXPECT_TRUE(uses.is_news("192.0.2.9", start));
  EXPECT_FALSE(uses.is_news("192.0.2.9", start + seconds(3599)));
  EXPECT_TRUE(uses.is_news("192.0.2.8", start + seconds(3599)));
  EXPECT_TRUE(uses.is_news("192.0.2.9", start + seconds(3600)));
  EXPECT_FALSE(uses.is_news("192.0.2.9", start + seconds(3601)));
}

}  // namespace
}  // namespace privyseal::gateway
