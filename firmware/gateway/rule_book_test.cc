// Where the rules come from: provisioning's folder, and over it what an administrator brought.
#include "firmware/gateway/rule_book.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "firmware/base/sha256.h"
#include "tests/support/temp_folder.h"

namespace privyseal::gateway {
namespace {

using testing::HasSubstr;

const std::string kPermissions = "reference,sender,kind,from,until,hourly_cap\n";
const std::string kOne = kPermissions + "MOJ-1,a@law.example,bulk,2026-01-01,2026-12-31,5\n";
const std::string kTwo = kOne + "MOJ-2,b@law.example,bulk,2026-01-01,2026-12-31,5\n";

/// Why it failed; when it did not, an error that no test expects.
template <class T>
Error failure_of(const Result<T>& result) {
  return result ? Error{ErrorCode::kClosed, "it did not fail"} : result.error();
}

class RuleBookTest : public testing::Test {
 protected:
  RuleBookTest() {
    std::filesystem::create_directory(given());
    open();
  }
  [[nodiscard]] std::filesystem::path given() const { return folder_ / "given"; }
  [[nodiscard]] std::filesystem::path brought() const { return folder_ / "brought"; }

  /// As a new process does; false: it would not start.
  bool open() {
    book_.reset();
    auto opened =
        RuleBook::open({.folder = given(), .line = folder_ / "line.json", .brought = brought()}, clock_);
    if (opened) book_ = std::move(*opened);
    return book_ != nullptr;
  }
  static void write(const std::filesystem::path& file, const std::string& text) {
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file) << text;
  }
  Result<void> bring(const std::string& name, const std::string& text) {
    const std::string hash = to_hex(sha256(bytes_of(text)));
    return book_->add_to_spool(0, bytes_of(text))
        .and_then([&] { return book_->try_brought(name, hash); })
        .and_then([&](RuleBook::Change&& change) { return book_->use(std::move(change)); });
  }
  Result<void> remove(const std::string& name) {
    return book_->try_without(name).and_then(
        [&](RuleBook::Change&& change) { return book_->use(std::move(change)); });
  }
  std::size_t permissions() { return book_->rules()->permissions.size(); }
  /// The file as files() tells of it.
  RuleFiles::File in_use(const std::string& name) {
    for (const RuleFiles::File& file : book_->files().files)
      if (file.name == name) return file;
    return {};
  }
  [[nodiscard]] bool has_spool() const { return std::filesystem::exists(brought() / "spool"); }

  const SystemClock clock_;
  test::TempFolder folder_;
  std::unique_ptr<RuleBook> book_;
};

TEST_F(RuleBookTest, ABroughtFileIsInUseAtOnceAndAfterARestart) {
  write(given() / "permissions.csv", kOne);
  ASSERT_TRUE(open());
  EXPECT_EQ(permissions(), 1U);
  EXPECT_FALSE(in_use("permissions.csv").is_brought);
  const auto done = bring("permissions.csv", kTwo);
  ASSERT_TRUE(done) << done.error().message;
  for (const char* when : {"at once", "after a restart"}) {
    SCOPED_TRACE(when);
    EXPECT_EQ(permissions(), 2U);
    const auto file = in_use("permissions.csv");
    EXPECT_TRUE(file.is_brought);
    EXPECT_TRUE(file.hides_given);
    EXPECT_EQ(file.rows, 2U);
    EXPECT_EQ(file.bytes, kTwo.size());
    EXPECT_EQ(file.sha256, to_hex(sha256(bytes_of(kTwo))));
    EXPECT_LT(std::chrono::abs(clock_.now() - file.since), std::chrono::minutes(1));
    EXPECT_FALSE(has_spool());
    ASSERT_TRUE(open());
  }
}

TEST_F(RuleBookTest, RemovingItGoesBackToWhatProvisioningGave) {
  write(given() / "permissions.csv", kOne);
  ASSERT_TRUE(open());
  ASSERT_TRUE(bring("permissions.csv", kTwo));
  ASSERT_TRUE(bring("directory.csv", "Secure Email,Account Status\nx@y.cjsm.net,Active\nnobody,Active\n"));
  EXPECT_EQ(in_use("directory.csv").rows, 1U);
  EXPECT_EQ(in_use("directory.csv").left_out, 1U);
  EXPECT_FALSE(in_use("directory.csv").hides_given);
  ASSERT_TRUE(remove("permissions.csv"));
  EXPECT_EQ(permissions(), 1U);
  EXPECT_EQ(failure_of(book_->try_without("permissions.csv")).code, ErrorCode::kNotFound);
  ASSERT_TRUE(remove("directory.csv"));
  EXPECT_EQ(in_use("directory.csv").name, "");
  EXPECT_EQ(book_->rules()->directory.size(), 0U);
}

TEST_F(RuleBookTest, WhatIsNotSoundChangesNothing) {
  ASSERT_TRUE(bring("permissions.csv", kOne));
  const auto refused = bring("permissions.csv", kTwo + "MOJ-3,b@law.example,bulk,2026-01-01,soon,5\n");
  EXPECT_EQ(failure_of(refused).message,
            "permissions.csv: line 4: from or until is no day, or before the other");
  EXPECT_FALSE(bring("policy.toml", "[rules]\nassured = \"sometimes\"\n"));
  EXPECT_FALSE(bring("policy.toml", "terms = \"v1\"\n"));
  EXPECT_FALSE(bring("directory.csv", ""));
  EXPECT_FALSE(has_spool());
  EXPECT_EQ(book_->files().files.size(), 1U);
  EXPECT_EQ(book_->files().failure, "");
  EXPECT_EQ(permissions(), 1U);
  ASSERT_TRUE(open());
  EXPECT_EQ(permissions(), 1U);
}

/// Another file that cannot be read stands in the way: the set as a whole is what mail is judged by.
TEST_F(RuleBookTest, AllFilesAreTriedTogether) {
  write(given() / "assured.csv", "domain\n");
  EXPECT_THAT(failure_of(bring("permissions.csv", kOne)).message, HasSubstr("assured.csv: column missing"));
  EXPECT_EQ(permissions(), 0U);
  ASSERT_TRUE(bring("assured.csv", "domain,status,confirmed\n"));  // in its place
  ASSERT_TRUE(bring("permissions.csv", kOne));
  EXPECT_THAT(failure_of(remove("assured.csv")).message, HasSubstr("assured.csv: column missing"));
  EXPECT_TRUE(in_use("assured.csv").is_brought);
}

TEST_F(RuleBookTest, APartThatDoesNotFollowTheOneBeforeIsRefused) {
  const auto part = [&](std::uint64_t after, const std::string& text) {
    return book_->add_to_spool(after, bytes_of(text));
  };
  EXPECT_EQ(failure_of(part(1, "x")).code, ErrorCode::kConflict);
  ASSERT_TRUE(part(0, kOne.substr(0, 20)));
  EXPECT_EQ(failure_of(part(19, "x")).code, ErrorCode::kConflict);
  EXPECT_EQ(failure_of(part(21, "x")).code, ErrorCode::kConflict);
  ASSERT_TRUE(part(20, kOne.substr(20)));
  const std::string other_hash = to_hex(sha256(bytes_of(kTwo)));
  EXPECT_EQ(failure_of(book_->try_brought("permissions.csv", other_hash)).code, ErrorCode::kConflict);
  EXPECT_FALSE(has_spool());
  EXPECT_EQ(failure_of(book_->try_brought("permissions.csv", other_hash)).code, ErrorCode::kConflict);
}

TEST_F(RuleBookTest, TooMuchIsRefused) {
  EXPECT_EQ(failure_of(book_->add_to_spool(kMaxBroughtBytes, bytes_of("x"))).code, ErrorCode::kInvalid);
  EXPECT_EQ(failure_of(book_->add_to_spool(~0ULL, bytes_of("x"))).code, ErrorCode::kInvalid);
  EXPECT_EQ(failure_of(book_->add_to_spool(0, Bytes(kMaxBroughtBytes + 1))).code, ErrorCode::kInvalid);
  EXPECT_TRUE(book_->add_to_spool(0, Bytes(kMaxBroughtBytes)));
}

/// Whatever a crash left: a spool that was never renamed is no rule.
TEST_F(RuleBookTest, AHalfBroughtFileIsGoneAtTheNextStart) {
  ASSERT_TRUE(bring("permissions.csv", kOne));
  ASSERT_TRUE(book_->add_to_spool(0, bytes_of(kTwo.substr(0, 60))));
  EXPECT_TRUE(has_spool());
  ASSERT_TRUE(open());
  EXPECT_FALSE(has_spool());
  EXPECT_EQ(permissions(), 1U);
}

/// Without them too much might pass; and a gateway that does not start cannot be told to remove them.
TEST_F(RuleBookTest, BroughtFilesThatCannotBeReadAtStartHoldAllMailUntilTheyAreMended) {
  write(brought() / "permissions.csv", "half");
  write(brought() / "assured.csv", "half, too");
  ASSERT_TRUE(open());
  EXPECT_EQ(book_->line(), LineState::kSuspended);
  EXPECT_THAT(book_->files().failure, HasSubstr("all mail waits until this is mended"));
  EXPECT_TRUE(book_->status().contains("held"));
  EXPECT_THAT(book_->files().failure, HasSubstr("permissions.csv: column missing"));
  ASSERT_TRUE(book_->set_line(LineState::kActive, "alice", "a mistake"));
  EXPECT_EQ(book_->line(), LineState::kSuspended);
  ASSERT_TRUE(remove("permissions.csv"));
  EXPECT_EQ(book_->line(), LineState::kSuspended);
  EXPECT_THAT(book_->files().failure, HasSubstr("assured.csv: column missing"));
  ASSERT_TRUE(bring("assured.csv", "domain,status,confirmed\n"));
  EXPECT_EQ(book_->line(), LineState::kActive);
  EXPECT_EQ(book_->files().failure, "");
  EXPECT_FALSE(book_->status().contains("held"));
}

TEST_F(RuleBookTest, WhatProvisioningGaveAndIsNotSoundDoesNotStart) {
  write(given() / "permissions.csv", "half");
  EXPECT_FALSE(open());
  write(brought() / "assured.csv", "domain,status,confirmed\n");
  EXPECT_FALSE(open());
}

TEST_F(RuleBookTest, WithoutProvisionedFilesBroughtOnesHoldAllTheSame) {
  const auto reopen = [this] {
    book_.reset();
    book_ =
        RuleBook::open({.folder = {}, .line = folder_ / "line.json", .brought = brought()}, clock_).value();
  };
  reopen();
  EXPECT_TRUE(book_->files().files.empty());
  ASSERT_TRUE(bring("permissions.csv", kOne));
  EXPECT_EQ(permissions(), 1U);
  reopen();
  EXPECT_EQ(permissions(), 1U);
  ASSERT_TRUE(remove("permissions.csv"));
  EXPECT_EQ(permissions(), 0U);
}

}  // namespace
}  // namespace privyseal::gateway
