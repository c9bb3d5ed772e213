#include "firmware/base/gmac.h"

#include <gtest/gtest.h>

namespace privyseal {
namespace {

std::string tag_of(std::initializer_list<std::string_view> parts) {
  Gmac gmac({});
  for (const std::string_view part : parts) gmac.add(bytes_of(part));
  return to_hex(gmac.finish());
}

// Test case 13 of McGrew and Viega, "The Galois/Counter Mode of Operation": key and nonce are 0.
TEST(Gmac, OfNothingIsAsPublished) { EXPECT_EQ(tag_of({}), "530f8afbc74536b9a963b4f1c4cb738b"); }

// By Python's cryptography: AESGCM(bytes(32)).encrypt(bytes(12), b"", text).
TEST(Gmac, OfBytesIsTheTagOfGcm) {
  EXPECT_EQ(tag_of({"hello\r\n"}), "fe3bb52131f444b11f6aee96e4761601");
  EXPECT_EQ(tag_of({std::string(1000, 'a')}), "261bcb35bebca29e794c585cdf8bf81f");
}

TEST(Gmac, IsTheSameInOtherPieces) {
  const std::string text(1000, 'a');
  EXPECT_EQ(tag_of({text.substr(0, 17), "", text.substr(17)}), tag_of({text}));
}

TEST(Gmac, IsAnotherUnderAnotherKey) {
  Gmac gmac({std::byte{1}});
  EXPECT_NE(to_hex(gmac.finish()), tag_of({}));
}

}  // namespace
}  // namespace privyseal
