#include "firmware/firewall/watch.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <iterator>

#include "firmware/base/check.h"
#include "firmware/base/file.h"
#include "tests/support/temp_folder.h"

namespace privyseal::firewall {
namespace {

using namespace std::chrono_literals;

class TestClock final : public Clock {
 public:
  [[nodiscard]] WallTime now() const override { return WallTime(1'795'392'000'000ms) + on; }
  [[nodiscard]] BootTime boot_time() const override { return {.boot = "b", .since = on}; }
  std::chrono::seconds on{100};
};

/// A kernel that is a file, and an nft that knows it.
class WatchTest : public testing::Test {
 protected:
  WatchTest() {
    std::ofstream(folder_ / "nft") << "#!/bin/sh\ncd " << folder_.path().string() << R"(
echo "$*" >> asked
case "$1" in
  --stateless) cat kernel ;;
  --file) [ ! -e broken ] && cp "$2" kernel ;;
  --json) echo '{"nftables":[{"counter":{"name":"dropped","packets":3}}]}' ;;
esac
)";
    CHECK(::chmod((folder_ / "nft").c_str(), 0700) == 0);
    write("rules", "ours");
    write("kernel", "");
    CHECK(load(Nft(folder_ / "nft"), places_.rules, places_.expected));
  }

  void write(const std::string& name, std::string_view text) const { std::ofstream(folder_ / name) << text; }
  [[nodiscard]] std::string content(const std::string& name) const {
    std::ifstream in(folder_ / name);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  [[nodiscard]] Result<Watch> open() const { return Watch::open(places_, Nft(folder_ / "nft"), clock_); }
  [[nodiscard]] State look(Watch& watch) {
    clock_.on += 10s;
    EXPECT_TRUE(watch.look());
    return parse_state(content("state")).value();
  }

  test::TempFolder folder_;
  TestClock clock_;
  Watch::Places places_{
      .rules = folder_ / "rules", .expected = folder_ / "expected", .state = folder_ / "state"};
};

TEST_F(WatchTest, SaysWhatItSawAndWhen) {
  auto watch = open().value();
  const State state = look(watch);
  EXPECT_TRUE(state.is_up);
  EXPECT_EQ(state.looked, 110s);
  EXPECT_EQ(state.looked_at, clock_.now());
  EXPECT_EQ(state.dropped, 3U);
  EXPECT_EQ(content("expected"), state.rules + "\n");
  struct stat facts{};
  ASSERT_EQ(::stat(places_.state.c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 0777U, 0644U) << "gatewayd reads it, and nobody else writes it";
}

TEST_F(WatchTest, Clause21LoadsTheRulesAgainAndBelievesThemOneLookLater) {
  auto watch = open().value();
  ASSERT_TRUE(look(watch).is_up);
  write("kernel", "");
  const State changed = look(watch);
  EXPECT_FALSE(changed.is_up);
  EXPECT_EQ(changed.changes, 1U);
  EXPECT_EQ(content("kernel"), "ours");
  const State whole = look(watch);
  EXPECT_TRUE(whole.is_up);
  EXPECT_EQ(whole.changes, 1U);
}

TEST_F(WatchTest, StaysDownWhileTheRulesCannotBeLoaded) {
  auto watch = open().value();
  write("broken", "");
  write("kernel", "theirs");
  EXPECT_FALSE(look(watch).is_up);
  EXPECT_FALSE(look(watch).is_up);
  std::filesystem::remove(folder_ / "broken");
  EXPECT_FALSE(look(watch).is_up);
  EXPECT_TRUE(look(watch).is_up);
}

TEST_F(WatchTest, StaysDownWhileTheRulesCannotBeReadAndTouchesNothing) {
  auto watch = open().value();
  std::filesystem::remove(folder_ / "kernel");
  write("asked", "");
  EXPECT_FALSE(look(watch).is_up);
  EXPECT_EQ(content("asked").find("--file"), std::string::npos);
}

TEST_F(WatchTest, ExpectsAfterARestartWhatWasLoadedAtStart) {
  {
    auto watch = open().value();
    write("kernel", "theirs");
    ASSERT_EQ(look(watch).changes, 1U);
  }
  write("kernel", "theirs");
  auto watch = open().value();
  const State state = look(watch);
  EXPECT_FALSE(state.is_up);
  EXPECT_EQ(state.changes, 2U) << "the earlier change is not forgotten";
}

TEST_F(WatchTest, DoesNotBeginWithoutKnowingWhatTheRulesMustBe) {
  write("expected", "ours\n");
  EXPECT_EQ(open().error().code, ErrorCode::kInvalid);
  write("expected", "");
  EXPECT_EQ(open().error().code, ErrorCode::kInvalid);
  std::filesystem::remove(folder_ / "expected");
  EXPECT_EQ(open().error().code, ErrorCode::kNotFound);
}

TEST_F(WatchTest, BeginsAnewWhereTheEarlierStateIsNotSound) {
  write("state", "{\"state\":\"up\"}");
  auto watch = open().value();
  EXPECT_TRUE(look(watch).is_up);
}

TEST_F(WatchTest, SaysWhenItsStateCannotBeWritten) {
  auto watch = open().value();
  std::filesystem::create_directory(places_.state);
  EXPECT_FALSE(watch.look());
}

TEST_F(WatchTest, WritesDownNothingThatWasNotLoaded) {
  write("broken", "");
  std::filesystem::remove(places_.expected);
  EXPECT_FALSE(load(Nft(folder_ / "nft"), places_.rules, places_.expected));
  EXPECT_FALSE(std::filesystem::exists(places_.expected));
}

}  // namespace
}  // namespace privyseal::firewall
