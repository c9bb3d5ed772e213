#include "firmware/base/config.h"

#include <gtest/gtest.h>

namespace privyseal {
namespace {

Config config_of(std::string_view text) {
  auto config = Config::parse(text, "test.toml");
  EXPECT_TRUE(config.has_value());
  return std::move(*config);
}

TEST(Config, ReadsWhatIsThere) {
  Config config = config_of("a = 'text'\n[b]\nc = 7\nd = ['x', 'y']\ne = true\n");
  EXPECT_EQ(config.text("a").value(), "text");
  EXPECT_EQ(config.number("b.c", 1, 0, 10).value(), 7);
  EXPECT_EQ(config.texts("b.d").value(), (std::vector<std::string>{"x", "y"}));
  EXPECT_TRUE(config.flag("b.e", false).value());
  EXPECT_TRUE(config.unknown_keys().has_value());
}

TEST(Config, GivesFallbacksForWhatIsMissing) {
  Config config = config_of("");
  EXPECT_EQ(config.text("a", "fallback").value(), "fallback");
  EXPECT_EQ(config.number("a", 3, 0, 10).value(), 3);
  EXPECT_FALSE(config.flag("a", false).value());
  EXPECT_TRUE(config.texts("a").value().empty());
}

TEST(Config, NamesFileAndKeyOfAWrongSetting) {
  Config config = config_of("n = 11\ns = 5\nl = [1]\nf = 'yes'\n");
  EXPECT_EQ(config.text("gone").error().message, "test.toml: gone is missing");
  EXPECT_EQ(config.number("n", 1, 0, 10).error().message, "test.toml: n must be a whole number from 0 to 10");
  EXPECT_EQ(config.text("s").error().message, "test.toml: s must be a string");
  EXPECT_EQ(config.texts("l").error().message, "test.toml: l must be a list of strings");
  EXPECT_EQ(config.texts("s").error().message, "test.toml: s must be a list of strings");
  EXPECT_EQ(config.flag("f", true).error().message, "test.toml: f must be true or false");
}

TEST(Config, RefusesAKeyThatNobodyAskedFor) {
  Config config = config_of("[lan]\nlisten = 'x'\nlisen = 'y'\n");
  EXPECT_TRUE(config.text("lan.listen").has_value());
  const auto unknown = config.unknown_keys();
  ASSERT_FALSE(unknown.has_value());
  EXPECT_EQ(unknown.error().message, "test.toml: lan.lisen is no known setting");
}

TEST(Config, RefusesAKeyThatNobodyAskedForInAListOfTables) {
  Config config = config_of("[[lan.clear]]\nhost = 'x'\n[[lan.clear]]\nhost = 'y'\nhosst = 'z'\n");
  EXPECT_TRUE(config.has("lan.clear"));
  EXPECT_EQ(config.text("lan.clear[0].host").value(), "x");
  EXPECT_EQ(config.text("lan.clear[1].host").value(), "y");
  EXPECT_FALSE(config.has("lan.clear[2]"));
  EXPECT_EQ(config.unknown_keys().error().message, "test.toml: lan.clear[1].hosst is no known setting");
}

TEST(Config, SaysWhereTheSyntaxIsWrong) {
  const auto config = Config::parse("a = 1\nb = = 2\n", "test.toml");
  ASSERT_FALSE(config.has_value());
  EXPECT_EQ(config.error().code, ErrorCode::kInvalid);
  EXPECT_TRUE(config.error().message.starts_with("test.toml: line 2: ")) << config.error().message;
}

TEST(Config, SaysWhichFileIsMissing) {
  const auto config = Config::load("/nowhere/x.toml");
  ASSERT_FALSE(config.has_value());
  EXPECT_EQ(config.error().code, ErrorCode::kNotFound);
}

}  // namespace
}  // namespace privyseal
