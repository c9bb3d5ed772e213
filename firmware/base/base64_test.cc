#include "firmware/base/base64.h"

#include <gtest/gtest.h>

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

TEST(Base64, GivesTheTextsOfRfc4648AndTakesThemBack) {
  for (const auto& [plain, text] : kVectors) {
    EXPECT_EQ(to_base64(bytes_of(plain)), text);
    EXPECT_EQ(from_base64(text).value(), copy_of(bytes_of(plain)));
  }
}

TEST(Base64, KeepsEveryByte) {
  Bytes all;
  for (int i = 0; i < 256; ++i) all.push_back(static_cast<std::byte>(i));
  EXPECT_EQ(from_base64(to_base64(all)).value(), all);
}

TEST(Base64, RefusesWhatHasAnotherReadingOrNone) {
  for (const char* text : {"Zg", "Zg=", "Zg===", "=", "====", "Zh==", "Zm9=", "Zm9v\n", "Zm 9", "Zm9-",
                           "Z===", "Zg==Zg==", "Zm9vY===", "\x80\x80\x80\x80"})
    EXPECT_FALSE(from_base64(text).has_value()) << text;
}

}  // namespace
}  // namespace privyseal
