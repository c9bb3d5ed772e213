#include "ca/renewd/keys.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>

#include "tests/support/fake_keyd.h"
#include "tests/support/temp_folder.h"

namespace privyseal::renewd {
namespace {

constexpr auto kRole = hsm::KeyRole::kLanIdentity;
constexpr auto kType = hsm::KeyType::kEcP256;

/// A keyd with room for one key, whose answer to `generate` may get lost.
class RenewdKeys : public testing::Test {
 protected:
  [[nodiscard]] test::FakeKeyd::Reply reply(const hsm::Request& request) {
    if (std::holds_alternative<hsm::FindKeyRequest>(request.body)) {
      if (is_made_) return test::answer_to(request, hsm::KeysAnswer{.keys = {key_}});
      return test::answer_to(request, hsm::ErrorAnswer{ErrorCode::kNotFound, "there is no such key"});
    }
    if (is_made_)
      return test::answer_to(request, hsm::ErrorAnswer{ErrorCode::kConflict, "the name is taken"});
    is_made_ = true;
    if (loses_answer_) return test::FakeKeyd::HangUp{};
    return test::answer_to(request, hsm::KeysAnswer{.keys = {key_}});
  }
  std::size_t generated() {
    return static_cast<std::size_t>(std::ranges::count_if(keyd_.requests(), [](const hsm::Request& request) {
      return std::holds_alternative<hsm::GenerateRequest>(request.body);
    }));
  }

  hsm::KeyInfo key_{.name = "lan-2", .role = kRole, .type = kType, .public_key = {}};
  std::atomic<bool> is_made_ = false;  // the fake has a thread of its own
  std::atomic<bool> loses_answer_ = false;
  test::TempFolder folder_;
  test::FakeKeyd keyd_{folder_.path() / "keyd", [this](const auto& request) { return reply(request); }};
  hsm::Client client_{folder_.path() / "keyd"};
  Keys keys_{client_};
};

TEST_F(RenewdKeys, ThatWereMadeBeforeAKillAreTakenUpAndNotMadeAgain) {
  is_made_ = true;  // by a renewd that died before it could write it down
  const auto made = keys_.make("lan-2", kRole, kType);
  EXPECT_TRUE(made) << made.error().message;
  EXPECT_EQ(generated(), 0U);
}

TEST_F(RenewdKeys, WhoseAnswerWasLostAreTakenUpAtTheNextTry) {
  loses_answer_ = true;
  EXPECT_FALSE(keys_.make("lan-2", kRole, kType));
  const auto made = keys_.make("lan-2", kRole, kType);
  EXPECT_TRUE(made) << made.error().message;
  EXPECT_EQ(generated(), 1U);
}

TEST_F(RenewdKeys, OfAnotherRoleAreNotTakenUp) {
  is_made_ = true;
  EXPECT_EQ(keys_.make("lan-2", hsm::KeyRole::kCjsmIdentity, kType).error().code, ErrorCode::kConflict);
}

}  // namespace
}  // namespace privyseal::renewd
