#include "firmware/gateway/pace.h"

#include <gtest/gtest.h>

#include <limits>
#include <vector>

namespace privyseal::gateway {
namespace {

using namespace std::chrono_literals;

struct Fill {
  std::uint32_t sessions;
  std::uint32_t max_sessions;
  bool is_stress;
};

TEST(Pace, IsShortWhenFourFifthsAreTaken) {
  const PaceTable table;
  for (const Fill& c : std::vector<Fill>{{1, 1000, false},
                                         {799, 1000, false},
                                         {800, 1000, true},
                                         {1000, 1000, true},
                                         {1001, 1000, true},
                                         {1, 2, false},
                                         {1, 1, true},
                                         {4'000'000'000, 4'100'000'000, true},
                                         {3'000'000'000, 4'100'000'000, false}})
    EXPECT_EQ(&table.at(c.sessions, c.max_sessions), c.is_stress ? &table.stress : &table.usual)
        << c.sessions;
}

TEST(Pace, UsuallyWaitsAsLongAsTheStandardWants) {
  const Pace usual = PaceTable().usual;
  EXPECT_GE(usual.command, 5min);     // RFC 5321 section 4.5.3.2.7
  EXPECT_GE(usual.body_block, 3min);  // section 4.5.3.2.5
}

struct Part {
  std::chrono::milliseconds time;
  std::uint64_t bytes;
};
struct Body {
  const char* name;
  std::vector<Part> parts;
  std::chrono::milliseconds may_wait;
};

const Pace kPace{.command = 1s,
                 .body_block = 10s,
                 .min_body_bytes_per_second = 100,
                 .max_bad_commands = 1,
                 .max_idle_commands = 1};

TEST(BodyClock, LetsAClientWaitByWhatItHasSent) {
  for (const Body& c :
       std::vector<Body>{{"AtFirst", {}, 10s},
                         {"SomeTimeForNothing", {{4s, 1}}, 6s},
                         {"AllItsTimeForNothing", {{10s, 1}}, 0s},
                         {"JustFastEnough", {{10s, 100}}, 1s},
                         {"Drip", {{5s, 1}, {5s, 1}, {500ms, 1}}, -500ms},
                         {"Fast", {{0s, 1'000'000}}, 10s},
                         {"FastThenSlow", {{0s, 1000}, {15s, 1}}, 5s},
                         {"Endless", {{1s, std::numeric_limits<std::uint64_t>::max()}}, 10s}}) {
    BodyClock clock(kPace);
    for (const Part& part : c.parts) clock.waited(part.time, part.bytes);
    EXPECT_EQ(clock.may_wait(), c.may_wait) << c.name;
  }
}

}  // namespace
}  // namespace privyseal::gateway
