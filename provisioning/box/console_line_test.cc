#include "provisioning/box/console_line.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <memory>

#include "firmware/base/door.h"
#include "firmware/base/guarded.h"
#include "tests/support/temp_folder.h"

namespace privyseal::provisioning {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

constexpr std::array kGrants{DoorGrant{"provisioning", "status"}, DoorGrant{"provisioning", "claim-code"}};
constexpr const char* kCode = "K7QM-W3ZC-8PXA-0DVN-5RTJ";
constexpr const char* kNextCode = "AAAA-BBBB-CCCC-DDDD-0123";

/// What admind's door answers, as far as the screen asks there.
struct Admind {
  JsonObject status{{"officer", false}, {"claim_open", false}, {"url", "https://console.example:8443"}};
  Result<JsonObject> claim = JsonObject{{"url", "https://console.example:8443/claim"}, {"code", kCode}};
  int codes_asked_for = 0;

  Result<JsonObject> reply(const DoorRequest& request) {
    if (request.operation == "status") return status;
    ++codes_asked_for;
    if (claim) status["claim_open"] = true;
    return claim;
  }
};

class ConsoleLineTest : public testing::Test {
 protected:
  void start() {
    const auto reply = [this](const DoorRequest& request) {
      return admind_.with([&](Admind& admind) { return admind.reply(request); });
    };
    door_ = std::move(
        Door::open({.path = path_, .group = {}, .callers = {{::getuid(), "provisioning"}}}, kGrants, reply)
            .value());
  }
  void stop() { door_.reset(); }
  [[nodiscard]] std::string text() { return line_.text(now_); }
  template <class Value>
  void say(const char* key, Value value) {
    admind_.with([&](Admind& admind) { admind.status[key] = value; });
  }
  void give(Result<JsonObject> claim) {
    admind_.with([&](Admind& admind) { admind.claim = std::move(claim); });
  }
  [[nodiscard]] int codes_asked_for() {
    return admind_.with([](const Admind& admind) { return admind.codes_asked_for; });
  }

  ConsoleLine::Now now_ = std::chrono::steady_clock::now();
  Guarded<Admind> admind_;

 private:
  test::TempFolder folder_;
  const std::filesystem::path path_ = folder_ / "door";
  ConsoleLine line_{path_};
  std::unique_ptr<Door> door_;
};

TEST_F(ConsoleLineTest, AConsoleThatIsNotThereIsSaidSo) {
  EXPECT_EQ(text(), "no: the web console does not answer");
}

TEST_F(ConsoleLineTest, TheFirstOfficerIsToldWhereAndWithWhichCode) {
  start();
  EXPECT_EQ(text(),
            "it has no officer yet: open https://console.example:8443/claim\n"
            "               with the claim code K7QM-W3ZC-8PXA-0DVN-5RTJ");
}

TEST_F(ConsoleLineTest, ACodeThatIsOpenIsNotAskedForAgain) {
  start();
  for (int look = 0; look < 5; ++look, now_ += 10min) EXPECT_THAT(text(), HasSubstr(kCode));
  stop();
  EXPECT_THAT(text(), Not(HasSubstr(kCode)));
  start();  // admind was restarted, and has kept it
  EXPECT_THAT(text(), HasSubstr(kCode));
  EXPECT_EQ(codes_asked_for(), 1);
}

TEST_F(ConsoleLineTest, ACodeThatIsTooOldOrUsedUpIsFollowedByANewOneOnceAMinute) {
  start();
  EXPECT_THAT(text(), HasSubstr(kCode));
  give(JsonObject{{"code", kNextCode}});
  say("claim_open", false);
  EXPECT_EQ(text(), "NO: it has no officer, and gives no claim code");
  now_ += 59s;
  EXPECT_THAT(text(), Not(HasSubstr(kCode)));
  EXPECT_EQ(codes_asked_for(), 1);
  now_ += 1s;
  EXPECT_THAT(text(), HasSubstr(kNextCode));
  EXPECT_EQ(codes_asked_for(), 2);
}

TEST_F(ConsoleLineTest, AnEarlierScreensCodeIsReplacedBecauseNobodyKnowsIt) {
  say("claim_open", true);
  start();
  EXPECT_THAT(text(), HasSubstr(kCode));
  EXPECT_EQ(codes_asked_for(), 1);
}

TEST_F(ConsoleLineTest, WithAnOfficerTheCodeIsGoneAndNoneIsAskedFor) {
  start();
  EXPECT_THAT(text(), HasSubstr(kCode));
  say("officer", true);
  say("claim_open", false);
  for (int look = 0; look < 3; ++look, now_ += 24h) EXPECT_EQ(text(), "https://console.example:8443");
  EXPECT_EQ(codes_asked_for(), 1);
  say("officer", false);  // he lost his passkey: the box must be claimed anew
  give(JsonObject{{"code", kNextCode}});
  EXPECT_THAT(text(), HasSubstr(kNextCode));
}

TEST_F(ConsoleLineTest, ARefusalIsTriedAgainAMinuteLater) {
  start();
  give(fail(ErrorCode::kUnavailable, "\x1b[2Jthe log is full"));
  for (int look = 0; look < 3; ++look, now_ += 2s)
    EXPECT_EQ(text(), "NO: it has no officer, and gives no claim code");
  EXPECT_EQ(codes_asked_for(), 1);
  give(JsonObject{{"code", kCode}});
  now_ += 1min;
  EXPECT_THAT(text(), HasSubstr(kCode));
}

TEST_F(ConsoleLineTest, ACapturedConsoleCannotDrawOnTheTerminal) {
  start();
  for (const char* code : {"\x1b[2JK7QM-W3ZC-8PXA-0DVN", "K7QM-W3ZC-8PXA-0DVN-5RTJ\n", ""}) {
    give(JsonObject{{"code", code}});
    EXPECT_EQ(text(), "NO: it has no officer, and gives no claim code");
    now_ += 1min;
  }
  const auto makes_no_sense = [&](const char* key) {
    EXPECT_EQ(text(), "NO: what the web console answers makes no sense") << key;
    admind_.with([](Admind& admind) { admind.status = Admind().status; });
  };
  const auto says_nothing = [&](const char* key, auto value) {
    say(key, value);
    makes_no_sense(key);
  };
  says_nothing("url", "https://console.example/\x1b[2J");
  says_nothing("url", 7);
  says_nothing("officer", "yes");
  says_nothing("claim_open", 1);
  for (const char* key : {"url", "officer", "claim_open"}) {
    admind_.with([&](Admind& admind) { admind.status.erase(key); });
    makes_no_sense(key);
  }
}

TEST(IsClaimCode, TakesWhatTheConsoleMakesAndNothingElse) {
  EXPECT_TRUE(is_claim_code(kCode));
  EXPECT_TRUE(is_claim_code("0000-1111-2222-3333-4444"));
  for (const char* wrong :
       {"", "K7QM", "K7QMW3ZC8PXA0DVN5RTJ", "K7QM-W3ZC-8PXA-0DVN-5RT", "K7QM-W3ZC-8PXA-0DVN-5RTJ2",
        "K7QM-W3ZC-8PXA-0DVN-5RTj", "K7QM-W3ZC-8PXA-0DVN_5RTJ", "K7QM-W3ZC-8PXA-0DVN-5RT\n",
        "-7QM-W3ZC-8PXA-0DVN-5RTJ", "K7QM-W3ZC-8PXA-0DVN-\x1b[2J", "K7QM W3ZC 8PXA 0DVN 5RTJ"})
    EXPECT_FALSE(is_claim_code(wrong)) << wrong;
}

TEST(IsConsoleAddress, TakesAHostAndAPortAndNothingElse) {
  for (const char* right : {"https://console.example", "https://console.example:8443", "https://10.0.2.15:1"})
    EXPECT_TRUE(is_console_address(right)) << right;
  EXPECT_TRUE(is_console_address("https://" + std::string(253, 'a')));
  EXPECT_FALSE(is_console_address("https://" + std::string(254, 'a')));
  for (const char* wrong : {"", "https://", "http://console.example", "console.example",
                            "https://console.example/", "https://:8443", "https://console.example:",
                            "https://console.example:844300", "https://console.example:84a3", "https://a@b",
                            "https://a b", "https://a\n", "https://A", "https://\x1b[2J", "https://a:1:2"})
    EXPECT_FALSE(is_console_address(wrong)) << wrong;
}

}  // namespace
}  // namespace privyseal::provisioning
