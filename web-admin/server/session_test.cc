#include "web-admin/server/session.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/support/temp_folder.h"
#include "web-admin/server/claim.h"
#include "web-admin/server/users.h"

namespace privyseal::web {
namespace {

using namespace std::chrono_literals;
constexpr WallTime kNow{std::chrono::sys_days{std::chrono::November / 22 / 2026}};

/// Users, sessions and claims over one database; users 1 and 2 exist.
class Records : public testing::Test {
 protected:
  Records() {
    for (const char* name : {"alice", "bob"})
      EXPECT_TRUE(users_.add(
          {.name = name, .email = std::string(name) + "@box.example", .role = Role::kOfficer}, kNow));
  }

  test::TempFolder folder_;
  Database database_ = Database::open(folder_.path() / "console.db", Database::Mode::kReadWrite).value();
  Users users_ = Users::open(database_).value();
  Sessions sessions_ = Sessions::open(database_).value();
  Claims claims_ = Claims::open(database_).value();
};

class SessionTest : public Records {};
class ClaimTest : public Records {};
class UsersTest : public Records {};

TEST_F(SessionTest, KnowsWhoIsSignedIn) {
  const auto alice = sessions_.begin(1, "192.0.2.7", kNow);
  const auto bob = sessions_.begin(2, "192.0.2.8", kNow);
  ASSERT_TRUE(alice && bob);
  EXPECT_EQ(sessions_.use(*alice, kNow + 1min).value(), 1);
  EXPECT_EQ(sessions_.use(*bob, kNow + 1min).value(), 2);
  for (const char* stranger : {"", "x", "' OR 1=1 --"})
    EXPECT_EQ(sessions_.use(stranger, kNow).value(), std::nullopt) << stranger;
}

TEST_F(SessionTest, EndsAfterTenIdleMinutes) {
  const std::string cookie = sessions_.begin(1, "", kNow).value();
  EXPECT_EQ(sessions_.use(cookie, kNow + 9min).value(), 1);
  EXPECT_EQ(sessions_.use(cookie, kNow + 18min).value(), 1);  // each use begins the ten minutes again
  EXPECT_EQ(sessions_.use(cookie, kNow + 28min).value(), std::nullopt);
  EXPECT_EQ(sessions_.use(cookie, kNow + 28min).value(), std::nullopt);
}

TEST_F(SessionTest, EndsAfterEightHoursHoweverBusy) {
  const std::string cookie = sessions_.begin(1, "", kNow).value();
  auto now = kNow;
  for (; now + 5min < kNow + kSessionLimit; now += 5min) ASSERT_EQ(sessions_.use(cookie, now).value(), 1);
  EXPECT_EQ(sessions_.use(cookie, kNow + kSessionLimit).value(), std::nullopt);
}

TEST_F(SessionTest, ANewSignInEndsTheOldSession) {
  const std::string first = sessions_.begin(1, "", kNow).value();
  const std::string second = sessions_.begin(1, "", kNow).value();
  EXPECT_NE(first, second);
  EXPECT_EQ(sessions_.use(first, kNow).value(), std::nullopt);
  EXPECT_EQ(sessions_.use(second, kNow).value(), 1);
}

TEST_F(SessionTest, AClockThatWentBackEndsIt) {
  const std::string cookie = sessions_.begin(1, "", kNow).value();
  EXPECT_EQ(sessions_.use(cookie, kNow - 1s).value(), std::nullopt);
}

TEST_F(SessionTest, TheDatabaseDoesNotHoldTheCookie) {
  const std::string cookie = sessions_.begin(1, "", kNow).value();
  auto row = database_.prepare("SELECT token_hash FROM session").value();
  ASSERT_TRUE(row.step().value());
  EXPECT_EQ(row.blob(0).size(), 32U);
  EXPECT_NE(text_of(row.blob(0)), cookie);
}

TEST(Cookie, IsFoundExactlyOnce) {
  EXPECT_EQ(cookie_value("a=1; __Host-session=xyz; b=2", kSessionCookie), "xyz");
  EXPECT_EQ(cookie_value("__Host-session=xyz", kSessionCookie), "xyz");
  for (const char* header :
       {"", "a=1", "x__Host-session=1", "__Host-session", "__Host-session=1; __Host-session=2"})
    EXPECT_EQ(cookie_value(header, kSessionCookie), "") << header;
  EXPECT_EQ(set_cookie("n", "v"), "n=v; Path=/; Secure; HttpOnly; SameSite=Strict");
  EXPECT_EQ(new_cookie_value().size(), 43U);  // 256 bits
}

TEST_F(ClaimTest, ACodeIsGoodOnceAndForItsUser) {
  const auto made = claims_.make(2, kNow);
  ASSERT_TRUE(made);
  const auto claim = claims_.check(made->code, kNow + 23h);
  ASSERT_TRUE(claim);
  EXPECT_EQ(claim->user_id, 2);
  ASSERT_TRUE(claims_.use(*claim));
  EXPECT_FALSE(claims_.use(*claim));
  EXPECT_FALSE(claims_.check(made->code, kNow + 23h));
}

TEST_F(ClaimTest, IsReadAsPeopleTypeIt) {
  std::string code = claims_.make({}, kNow)->code;
  EXPECT_EQ(code.size(), 24U);
  std::ranges::transform(code, code.begin(), [](char c) { return c == '-' ? ' ' : c == '0' ? 'o' : c; });
  EXPECT_TRUE(claims_.check(code, kNow)) << code;
}

TEST_F(ClaimTest, EndsAfterADay) {
  const auto made = claims_.make({}, kNow);
  EXPECT_TRUE(claims_.check(made->code, kNow + 24h - 1s));
  EXPECT_FALSE(claims_.check(made->code, kNow + 24h));
}

TEST_F(ClaimTest, FiveWrongSecretsVoidIt) {
  const std::string code = claims_.make({}, kNow)->code;
  std::string wrong = code;
  wrong.back() = wrong.back() == 'Z' ? 'Y' : 'Z';
  for (int i = 0; i < kMaxClaimAttempts; ++i) EXPECT_FALSE(claims_.check(wrong, kNow));
  EXPECT_FALSE(claims_.check(code, kNow));
}

TEST_F(ClaimTest, WrongFirstGroupsVoidNothing) {
  const std::string code = claims_.make({}, kNow)->code;
  std::string other = code;
  other.front() = other.front() == 'Z' ? 'Y' : 'Z';
  for (int i = 0; i < 20; ++i) EXPECT_FALSE(claims_.check(other, kNow));
  for (const char* typed : {"", "K7QM", "!!!!-!!!!-!!!!-!!!!-!!!!"}) EXPECT_FALSE(claims_.check(typed, kNow));
  EXPECT_TRUE(claims_.check(code, kNow));
}

TEST_F(ClaimTest, ANewCodeVoidsTheOldOne) {
  const std::string first = claims_.make({}, kNow)->code;
  const std::string second = claims_.make({}, kNow)->code;
  const std::string of_bob = claims_.make(2, kNow)->code;
  EXPECT_FALSE(claims_.check(first, kNow));
  EXPECT_TRUE(claims_.check(second, kNow));
  EXPECT_TRUE(claims_.check(of_bob, kNow));
  ASSERT_TRUE(claims_.void_all_of(2));
  EXPECT_FALSE(claims_.check(of_bob, kNow));
}

Passkey passkey_named(char name) {
  return {.credential_id = Bytes(8, static_cast<std::byte>(name)),
          .algorithm = kEs256,
          .public_key = Bytes(64),
          .sign_count = 0};
}

TEST_F(UsersTest, NamesAndAddressesAreUnique) {
  EXPECT_EQ(users_.add({.name = "ALICE", .email = "a@b"}, kNow).error().code, ErrorCode::kConflict);
  EXPECT_EQ(users_.add({.name = "carol", .email = "Alice@Box.Example"}, kNow).error().code,
            ErrorCode::kConflict);
  for (const NewUser& bad :
       {NewUser{"", "a@b"}, NewUser{"x", "a"}, NewUser{"x", "a@"}, NewUser{"x", "@b"}, NewUser{"x", "a@b@c"},
        NewUser{"x", "a b@c"}, NewUser{"x\n", "a@b"}, NewUser{std::string(61, 'x'), "a@b"}})
    EXPECT_EQ(users_.add(bad, kNow).error().code, ErrorCode::kInvalid) << bad.name << bad.email;
}

TEST_F(UsersTest, TheLastOfficerStays) {
  EXPECT_FALSE(users_.has_officer().value());
  ASSERT_TRUE(users_.add_passkey(1, passkey_named('a'), kNow));
  EXPECT_TRUE(users_.has_officer().value());
  EXPECT_EQ(users_.end(1, kNow).error().code, ErrorCode::kConflict);
  ASSERT_TRUE(users_.add_passkey(2, passkey_named('b'), kNow));
  EXPECT_TRUE(users_.end(1, kNow));
  EXPECT_EQ(users_.end(1, kNow).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(users_.end(2, kNow).error().code, ErrorCode::kConflict);
}

TEST_F(UsersTest, WhoWasEndedHasNoPasskeyAndGivesHisNameBack) {
  ASSERT_TRUE(users_.add_passkey(1, passkey_named('a'), kNow));
  ASSERT_TRUE(users_.add_passkey(2, passkey_named('b'), kNow));
  EXPECT_EQ(users_.find_passkey(passkey_named('a').credential_id).value()->user.name, "alice");
  ASSERT_TRUE(users_.end(1, kNow));
  EXPECT_FALSE(users_.find_passkey(passkey_named('a').credential_id).value());
  EXPECT_FALSE(users_.find(1).value());
  EXPECT_TRUE(users_.add({.name = "alice", .email = "alice@box.example"}, kNow));
}

}  // namespace
}  // namespace privyseal::web
