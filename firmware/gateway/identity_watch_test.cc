#include "firmware/gateway/identity_watch.h"

#include <gtest/gtest.h>

#include <fstream>

#include "firmware/base/guarded.h"
#include "tests/support/temp_folder.h"

namespace privyseal::gateway {
namespace {

class IdentityWatchTest : public testing::Test {
 protected:
  void activate(const std::filesystem::path& folder) {
    std::filesystem::create_symlink("1", folder / "next");
    std::filesystem::rename(folder / "next", folder / "active");
  }

  bool reaches(std::vector<int> wanted) {
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    const auto now = [&] { return calls_.with([](auto& calls) { return calls; }); };
    while (now() != wanted && std::chrono::steady_clock::now() < until)
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    EXPECT_EQ(now(), wanted);
    return now() == wanted;
  }

  bool count(std::size_t folder) {
    calls_.with([&](auto& calls) { ++calls[folder]; });
    return true;
  }

  test::TempFolder one_;
  test::TempFolder two_;
  Guarded<std::vector<int>> calls_{2, 0};
};

TEST_F(IdentityWatchTest, CallsForTheFolderWhereAnotherBecameActive) {
  const auto watch = IdentityWatch::start({one_ / "", two_ / ""}, [this](std::size_t i) { return count(i); });
  ASSERT_TRUE(watch.has_value()) << watch.error().message;
  ASSERT_TRUE(reaches({1, 1}));  // the look at the beginning
  activate(two_ / "");
  ASSERT_TRUE(reaches({1, 2}));
  std::ofstream(one_ / "other") << "x";
  activate(two_ / "");
  EXPECT_TRUE(reaches({1, 3}));
  activate(one_ / "");
  EXPECT_TRUE(reaches({2, 3}));
}

TEST_F(IdentityWatchTest, NeedsItsFolders) {
  EXPECT_EQ(IdentityWatch::start({one_ / "gone"}, [](std::size_t) { return true; }).error().code,
            ErrorCode::kNotFound);
}

}  // namespace
}  // namespace privyseal::gateway
