#include "firmware/base/base64.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>

namespace privyseal {
namespace {

// RFC 4648 section 10.
constexpr std::array<std::pair<const char*, const char*>, 7> kVectors{{{"", ""},
                                                                       {"f", "Zg=="},
                                                                       {"fo", "Zm8="},
                                                                       {"foo", "Zm9v"},
                                                                       {"foob", "Zm9vYg=="},
                                                                       {"fooba", "Zm9vYmE="},
                                                                       {"foobar", "Zm9vYmFy"}}};
constexpr std::array kMalformed{
    "Z",    "Zg",   "Zg=",   "Zg===",    "=",        "====", "Zh==", "Zm9=", "Zm9v=",    "Zm9v!",
    "Zm-v", "Zm_v", "Zm9vY", "Zm9vY===", "Zg==Zg==", "Z===", "=Zg=", "Z=g=", "Zm9v====", "\x80\x80\x80\x80"};

Bytes every_byte() {
  Bytes all;
  for (int i = 0; i < 256; ++i) all.push_back(static_cast<std::byte>(i));
  return all;
}

TEST(Base64, GivesTheTextsOfRfc4648AndTakesThemBack) {
  for (const auto& [plain, text] : kVectors) {
    EXPECT_EQ(to_base64(bytes_of(plain)), text);
    EXPECT_EQ(base64_size(bytes_of(plain)), std::string_view(text).size());
    EXPECT_EQ(from_base64(text).value(), copy_of(bytes_of(plain)));
  }
}

TEST(Base64, KeepsEveryByte) {
  EXPECT_EQ(from_base64(to_base64(every_byte())).value(), every_byte());
  EXPECT_EQ(from_base64url(to_base64url(every_byte())).value(), every_byte());
}

TEST(Base64, RefusesWhatHasAnotherReadingOrNone) {
  for (const char* text : kMalformed) {
    EXPECT_FALSE(from_base64(text).has_value()) << text;
    EXPECT_FALSE(from_base64_lines(text).has_value()) << text;
  }
  for (const char* text : {"Zm9v\n", "Zm 9", " Zm9v", "Zm9v\r\nYmFy"})
    EXPECT_FALSE(from_base64(text).has_value()) << text;
  EXPECT_FALSE(from_base64(std::string_view("Zm9\0", 4)));
  EXPECT_FALSE(from_base64_lines(std::string_view("Zm9v\0", 5)));
}

TEST(Base64, IsAppendedWithoutMovingWhatIsThere) {
  const Bytes secret = every_byte();
  Bytes to = copy_of(bytes_of("Basic "));
  to.reserve(to.size() + base64_size(secret));
  const std::byte* const place = to.data();
  append_base64(to, secret);
  EXPECT_EQ(to.data(), place);
  EXPECT_EQ(text_of(to), "Basic " + to_base64(secret));
}

TEST(Base64Lines, AreNeverLongerThanTheyMayBe) {
  const std::string lines = to_base64_lines(Bytes(58), kMimeLines);  // one byte more than a line holds
  EXPECT_EQ(lines, std::string(76, 'A') + "\r\nAA==\r\n");
  EXPECT_EQ(to_base64_lines(Bytes(57), kMimeLines), std::string(76, 'A') + "\r\n");
  EXPECT_EQ(to_base64_lines(Bytes(49), kPemLines), std::string(64, 'A') + "\nAA==\n");
  EXPECT_EQ(to_base64_lines({}, kPemLines), "");
}

TEST(Base64Lines, MayHaveWhiteSpaceAnywhere) {
  EXPECT_EQ(from_base64_lines(to_base64_lines(every_byte(), kPemLines)).value(), every_byte());
  EXPECT_EQ(from_base64_lines(to_base64_lines(every_byte(), kMimeLines)).value(), every_byte());
  EXPECT_EQ(text_of(from_base64_lines(" Zm9v\r\n\tY mF\ny ").value()), "foobar");
  EXPECT_EQ(from_base64_lines(" \r\n").value(), Bytes());
}

TEST(Base64Url, IsTheSameWithTwoOtherDigitsAndWithoutPadding) {
  for (const auto& [plain, text] : kVectors) {
    std::string unpadded = text;
    std::erase(unpadded, '=');
    EXPECT_EQ(to_base64url(bytes_of(plain)), unpadded);
    EXPECT_EQ(text_of(from_base64url(unpadded).value()), plain);
  }
  const Bytes last{std::byte{0xfb}, std::byte{0xff}, std::byte{0xbf}};
  EXPECT_EQ(to_base64(last), "+/+/");
  EXPECT_EQ(to_base64url(last), "-_-_");
}

TEST(Base64Url, RefusesWhatHasAnotherReadingOrNone) {
  for (const char* text : {"Z", "Zg==", "Zh", "Zm9", "Zm9vY", "Zm+v", "Zm/v", "Zm9v\n", "Zm 9v"})
    EXPECT_FALSE(from_base64url(text).has_value()) << text;
}

}  // namespace
}  // namespace privyseal
