#include "provisioning/evidence/directory_file.h"

#include <gtest/gtest.h>

#include <optional>
#include <vector>

#include "tests/support/temp_folder.h"

namespace privyseal::evidence {
namespace {

/// A gatewayd that gives these answers, one after the other, and notes what it was asked.
class DirectoryFile : public testing::Test {
 protected:
  static JsonObject part(std::string_view text, int next, int entries) {
    return {{"text", text}, {"next", next}, {"entries", entries}};
  }
  Result<Content> fetch(const std::filesystem::path& folder) {
    const Appliance appliance(
        [this](Daemon, const JsonObject& request, std::chrono::milliseconds) -> Result<JsonObject> {
          asked_.push_back(request);
          if (asked_.size() > answers_.size()) return fail(ErrorCode::kUnavailable, "gatewayd: is away");
          return answers_[asked_.size() - 1];
        },
        "no-keyd");
    return directory_file(appliance, "csv", folder);
  }
  Result<Content> fetch() { return fetch(folder_.path()); }
  std::optional<ErrorCode> refusal() {
    const auto fetched = fetch();
    if (fetched) return std::nullopt;
    return fetched.error().code;
  }

  std::vector<JsonObject> answers_;
  std::vector<JsonObject> asked_;
  test::TempFolder folder_;
};

TEST_F(DirectoryFile, IsItsPartsInARowAsTheyCame) {
  answers_ = {part("a,b\r\n1,2\r\n", 3, 7), part("", 5, 7), part("3,4", 7, 7)};
  const auto people = fetch().value();
  EXPECT_EQ(people.piece(0), "a,b\r\n1,2\r\n3,4");
  EXPECT_EQ(people.size_bytes(), 13U);
  ASSERT_EQ(asked_.size(), 3U);
  EXPECT_EQ(asked_[2], (JsonObject{{"op", "directory-export"}, {"format", "csv"}, {"after", 5}}));
  EXPECT_TRUE(std::filesystem::is_empty(folder_.path()));
}

TEST_F(DirectoryFile, OfNobodyIsWhatTheDoorSays) {
  answers_ = {part("a,b\r\n", 0, 0)};
  EXPECT_EQ(fetch().value().piece(0), "a,b\r\n");
}

TEST_F(DirectoryFile, OfTwoDirectoriesIsNone) {
  answers_ = {part("a", 3, 7), part("b", 8, 8)};
  EXPECT_EQ(refusal(), ErrorCode::kConflict);
}

TEST_F(DirectoryFile, ThatDoesNotGoOnIsNone) {
  answers_ = {part("a", 3, 7), part("b", 3, 7)};
  EXPECT_EQ(refusal(), ErrorCode::kInvalid);
  EXPECT_EQ(asked_.size(), 2U);
}

TEST_F(DirectoryFile, OfWhichSomethingIsMissingIsNone) {
  for (const char* key : {"text", "next", "entries"}) {
    JsonObject lame = part("a", 7, 7);
    lame.erase(key);
    answers_ = {lame};
    asked_.clear();
    EXPECT_EQ(refusal(), ErrorCode::kInvalid) << key;
  }
}

TEST_F(DirectoryFile, ThatBreaksOffIsNone) {
  answers_ = {part("a", 3, 7)};
  EXPECT_EQ(refusal(), ErrorCode::kUnavailable);
}

TEST_F(DirectoryFile, ThatCannotBeKeptIsNone) {
  answers_ = {part("a", 1, 1)};
  EXPECT_FALSE(fetch("/nonexistent"));
}

}  // namespace
}  // namespace privyseal::evidence
