#include "firmware/base/config_reader.h"

#include <gtest/gtest.h>

namespace privyseal {
namespace {

ConfigReader reader_of(std::string_view text) { return ConfigReader(Config::parse(text, "t.toml").value()); }

std::string why(const ConfigReader& reader) {
  const auto sound = reader.finish();
  if (sound) return "sound";
  EXPECT_EQ(sound.error().code, ErrorCode::kInvalid);
  return sound.error().message;
}

TEST(ConfigReader, ReadsWhatIsThere) {
  auto reader = reader_of("a = 'x'\nn = 7\nl = ['y']\nf = true\np = 25\nlisten = '[::1]:0'\n");
  EXPECT_EQ(reader.text("a"), "x");
  EXPECT_EQ(reader.text("b", "z"), "z");
  EXPECT_EQ(reader.number<std::uint32_t>("n", 1, 0, 10), 7U);
  EXPECT_EQ(reader.texts("l"), std::vector<std::string>{"y"});
  EXPECT_TRUE(reader.flag("f", false));
  EXPECT_EQ(reader.port("p"), 25);
  EXPECT_EQ(reader.listen("listen").text(), "[::1]:0");
  EXPECT_FALSE(reader.door());
  EXPECT_TRUE(reader.has("n"));
  EXPECT_FALSE(reader.has("m"));
  EXPECT_EQ(why(reader), "sound");
}

TEST(ConfigReader, KeepsTheFirstErrorOfAnyKind) {
  auto reader = reader_of("n = 'seven'\n");
  EXPECT_EQ(reader.number("n", 1, 0, 10), 0);
  EXPECT_EQ(reader.text("a"), "");
  reader.refuse("b", "must be better");
  EXPECT_EQ(why(reader), "t.toml: n must be a whole number from 0 to 10");
}

TEST(ConfigReader, RefusesAKeyThatNobodyAskedFor) {
  auto reader = reader_of("a = 'x'\ncolour = 'red'\n");
  EXPECT_EQ(reader.text("a"), "x");
  EXPECT_EQ(why(reader), "t.toml: colour is no known setting");
}

TEST(ConfigReader, NamesTheKeyOfWhatOthersRefuse) {
  auto reader = reader_of("");
  EXPECT_EQ(reader.taken("a", Result<int>(7)), 7);
  EXPECT_EQ(reader.taken("a", Result<int>(fail(ErrorCode::kNotFound, "is not there"))), 0);
  EXPECT_EQ(why(reader), "t.toml: a is not there");
}

TEST(ConfigReader, HasNoPortUnlessThereIsOne) {
  for (const auto& [text, words] : std::vector<std::pair<std::string_view, std::string_view>>{
           {"", "t.toml: p is missing"},
           {"p = 0", "t.toml: p must be a whole number from 1 to 65535"},
           {"p = 65536", "t.toml: p must be a whole number from 1 to 65535"},
           {"p = -1", "t.toml: p must be a whole number from 1 to 65535"}}) {
    auto reader = reader_of(text);
    reader.port("p");
    EXPECT_EQ(why(reader), words) << text;
  }
}

TEST(ConfigReader, ListensAtAddressesOnly) {
  for (const std::string_view text :
       {"listen = 'localhost:25'", "listen = '127.0.0.1'", "listen = '::1:25'"}) {
    auto reader = reader_of(text);
    reader.listen("listen");
    EXPECT_EQ(why(reader), "t.toml: listen must be ADDRESS:PORT") << text;
  }
  auto reader = reader_of("");
  reader.listen("listen");
  EXPECT_EQ(why(reader), "t.toml: listen is missing");
}

}  // namespace
}  // namespace privyseal
