#include "firmware/base/door.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "firmware/base/unix_socket.h"
#include "firmware/base/user.h"
#include "tests/support/temp_folder.h"

namespace privyseal {
namespace {

using std::chrono::milliseconds;
constexpr milliseconds kSoon{5000};
constexpr std::array kGrants{DoorGrant{"console", "echo"}, DoorGrant{"console", "fail"},
                             DoorGrant{"console", "much"}, DoorGrant{"provisioning", "echo"},
                             DoorGrant{"provisioning", "destroy"}};

Result<JsonObject> reply(const DoorRequest& request) {
  if (request.operation == "fail") return fail(ErrorCode::kConflict, "it is under way");
  if (request.operation == "much") return JsonObject{{"text", std::string(kMaxDoorAnswerBytes, 'x')}};
  return JsonObject{
      {"name", request.actor.name}, {"role", request.actor.role}, {"source", request.actor.source}};
}

class DoorTest : public testing::Test {
 protected:
  std::unique_ptr<Door> opened_for(const std::string& caller) {
    return std::move(
        Door::open({.path = path_, .group = {}, .callers = {{::getuid(), caller}}}, kGrants, reply).value());
  }
  [[nodiscard]] Result<JsonObject> ask(const char* request) const {
    return ask_door(path_, parse_json_object(request).value(), kSoon);
  }

  test::TempFolder folder_;
  const std::filesystem::path path_ = folder_ / "door";
};

TEST_F(DoorTest, AnswersAndSaysWhoAsked) {
  const auto door = opened_for("console");
  const auto answer = ask(R"({"op":"echo","actor":{"name":"alice","role":"officer","source":"192.0.2.7"}})");
  EXPECT_EQ(to_text(answer.value()), R"({"ok":true,"name":"alice","role":"officer","source":"192.0.2.7"})");
  EXPECT_EQ(json_text(ask(R"({"op":"echo"})").value(), "name").value(), user_name(::getuid()));
}

TEST_F(DoorTest, OnlyTheConsoleMaySpeakForSomebodyElse) {
  const auto door = opened_for("provisioning");
  const auto answer = ask(R"({"op":"echo","actor":{"name":"alice","role":"officer","source":"192.0.2.7"}})");
  EXPECT_EQ(json_text(answer.value(), "name").value(), user_name(::getuid()));
  EXPECT_EQ(json_text(answer.value(), "role").value(), "provisioning");
}

TEST_F(DoorTest, DeniesWhatIsNotInTheTable) {
  const auto door = opened_for("console");
  EXPECT_EQ(ask(R"({"op":"destroy"})").error().code, ErrorCode::kDenied);
  EXPECT_EQ(ask(R"({"op":"unheard-of"})").error().code, ErrorCode::kDenied);
}

TEST_F(DoorTest, HandsErrorsOnWithTheirCode) {
  const auto door = opened_for("console");
  const auto answer = ask(R"({"op":"fail"})");
  EXPECT_EQ(answer.error().code, ErrorCode::kConflict);
  EXPECT_EQ(answer.error().message, "it is under way");
}

TEST_F(DoorTest, RefusesBadRequestsAndGoesOn) {
  const auto door = opened_for("console");
  EXPECT_EQ(ask(R"({"no-op":1})").error().code, ErrorCode::kInvalid);
  EXPECT_EQ(ask(R"({"op":"echo","actor":{"name":"alice"}})").error().code, ErrorCode::kInvalid);
  EXPECT_EQ(ask(R"({"op":"much"})").error().code, ErrorCode::kInvalid);
  const UniqueFd connection = std::move(connect_seqpacket(path_).value());
  ASSERT_TRUE(send_message(connection.get(), bytes_of("not JSON"), kSoon).has_value());
  std::array<std::byte, 256> buffer;
  EXPECT_NE(text_of(receive_message(connection.get(), buffer, kSoon).value()).find("\"ok\":false"),
            std::string_view::npos);
  EXPECT_TRUE(ask(R"({"op":"echo"})").has_value());
}

TEST_F(DoorTest, AVisitorWhoSaysNothingHoldsItUpForASecondAtMost) {
  const auto door = opened_for("console");
  const UniqueFd silent = std::move(connect_seqpacket(path_).value());
  EXPECT_TRUE(ask(R"({"op":"echo"})").has_value());
}

TEST_F(DoorTest, IsShutToUsersWhoAreNotListed) {
  const auto door =
      Door::open({.path = path_, .group = {}, .callers = {{::getuid() + 1, "console"}}}, kGrants, reply);
  EXPECT_EQ(ask(R"({"op":"echo"})").error().code, ErrorCode::kDenied);
}

TEST_F(DoorTest, NobodyBehindItIsSaid) {
  opened_for("console").reset();
  EXPECT_EQ(ask(R"({"op":"echo"})").error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(ask_door(folder_ / "none", {{"op", "echo"}}, kSoon).error().code, ErrorCode::kUnavailable);
}

TEST(DoorSettings, AreReadFromTheDaemonsFile) {
  auto config = Config::parse(R"(
    [door]
    path = "/run/d"
    mode = "0600"
    [door.callers]
    console = ["965"]
    provisioning = ["root"])",
                              "t");
  const auto settings = read_door_settings(*config).value().value();
  EXPECT_EQ(settings.path, "/run/d");
  EXPECT_EQ(settings.mode, 0600U);
  EXPECT_EQ(settings.callers.at(965), "console");
  EXPECT_EQ(settings.callers.at(0), "provisioning");
  EXPECT_TRUE(config->unknown_keys().has_value());
}

TEST(DoorSettings, MayBeAbsentButNotWrong) {
  auto none = Config::parse("", "t");
  EXPECT_FALSE(read_door_settings(*none).value().has_value());
  for (const char* text :
       {"[door]\npath='/d'\nmode='0999'",
        "[door]\npath='/d'\n[door.callers]\nconsole=['nobody-of-that-name']",
        "[door]\npath='/d'\n[door.callers]\nconsole=['0']\nprovisioning=['root']", "[door]\npath=1"}) {
    auto config = Config::parse(text, "t");
    EXPECT_FALSE(read_door_settings(*config).has_value()) << text;
  }
}

}  // namespace
}  // namespace privyseal
