#include "web-admin/server/settings.h"

#include <gtest/gtest.h>

namespace privyseal::web {
namespace {

constexpr std::string_view kRight = R"(
listen = "192.0.2.2:8443"
hosts = ["box.example:8443", "console.box.example"]
rp_id = "box.example"
host = "box.example"
identity = "/i"
openssl_config = "/o"
keyd_socket = "/k"
state = "/s"
doors.gateway = "/g"
doors.renewal = "/r"
)";

Result<Settings> read(std::string text) {
  return Config::parse(text, "console.toml").and_then([](Config config) {
    return read_settings(std::move(config));
  });
}

std::string with(std::string_view old, std::string_view now) {
  std::string text(kRight);
  const auto at = text.find(old);
  EXPECT_NE(at, std::string::npos) << old;
  return text.replace(at, old.size(), now);
}

TEST(ConsoleSettings, AreRead) {
  const auto settings = read(std::string(kRight));
  ASSERT_TRUE(settings) << settings.error().message;
  EXPECT_EQ(settings->listen.text(), "192.0.2.2:8443");
  EXPECT_EQ(settings->party.origins,
            (std::vector<std::string>{"https://box.example:8443", "https://console.box.example"}));
  EXPECT_FALSE(settings->validated_token);  // unless somebody says so, it is a test token
  EXPECT_FALSE(settings->door);
  EXPECT_EQ(read(with("192.0.2.2:8443", "[::1]:0"))->listen.text(), "[::1]:0");
  EXPECT_EQ(settings->authority, "");
  EXPECT_EQ(settings->declarations, "/etc/privyseal/declarations.toml");
  EXPECT_EQ(read(with("rp_id", "authority = \"/a\"\nrp_id"))->authority, "/a");
}

TEST(ConsoleSettings, AreRefusedWhenWrong) {
  for (const auto& [old, now] : std::vector<std::pair<std::string_view, std::string_view>>{
           {"192.0.2.2:8443", "192.0.2.2"},
           {"192.0.2.2:8443", "box.example:8443"},
           {"192.0.2.2:8443", "192.0.2.2:x"},
           {"rp_id = \"box.example\"", "rp_id = \"192.0.2.2\""},
           {"rp_id = \"box.example\"", "rp_id = \"other.example\""},
           {"rp_id = \"box.example\"", "rp_id = \"ox.example\""},
           {"[\"box.example:8443\", \"console.box.example\"]", "[]"},
           {"box.example:8443", "Box.example:8443"},
           {"keyd_socket = \"/k\"", ""},
           {"hosts", "hots"},
       })
    EXPECT_FALSE(read(with(old, now))) << old << " -> " << now;
}

}  // namespace
}  // namespace privyseal::web
