#include "hsm/keyd/csr.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "hsm/keyd/test_to_be_signed.h"

namespace privyseal::keyd {
namespace {

class RequestInfo : public testing::Test {
 protected:
  const TestKey key_ = test_ca_key();
  const Bytes spki_ = spki_of(key_);
  const Bytes good_ = request_info_of(key_);

  [[nodiscard]] bool passes(ByteView info) const { return check_request_info(info, spki_).has_value(); }
};

TEST_F(RequestInfo, PassesForTheKeyItself) {
  EXPECT_TRUE(passes(good_));
  const TestKey big = make_test_key("P-384");
  EXPECT_TRUE(check_request_info(request_info_of(big), spki_of(big)));
}

TEST_F(RequestInfo, IsDeniedForAnotherKey) {
  const auto checked = check_request_info(request_info_of(make_test_key("P-256")), spki_);
  ASSERT_FALSE(checked);
  EXPECT_EQ(checked.error().code, ErrorCode::kDenied);
}

TEST_F(RequestInfo, IsRefusedWhenCutAnywhereAndWithAnythingBehindIt) {
  expect_passes_only_whole([this](ByteView info) { return passes(info); }, good_);
}

TEST_F(RequestInfo, IsRefusedWithAnotherVersion) {
  Bytes other = good_;
  ASSERT_EQ(other[5], std::byte{0});  // 30 81 LEN 02 01 00
  other[5] = std::byte{1};
  EXPECT_FALSE(passes(other));
}

TEST_F(RequestInfo, IsRefusedInASecondSpelling) {
  // The outer length 30 81 xx once more as 30 82 00 xx.
  ASSERT_EQ(good_[1], std::byte{0x81});
  Bytes padded{std::byte{0x30}, std::byte{0x82}, std::byte{0x00}};
  padded.insert(padded.end(), good_.begin() + 2, good_.end());
  EXPECT_FALSE(passes(padded));
  // Indefinite length.
  Bytes indefinite{std::byte{0x30}, std::byte{0x80}};
  indefinite.insert(indefinite.end(), good_.begin() + 3, good_.end());
  indefinite.insert(indefinite.end(), 2, std::byte{0});
  EXPECT_FALSE(passes(indefinite));
}

TEST_F(RequestInfo, IsRefusedInASecondSpellingInsideTheName) {
  // 30 LEN 02 01 00 30 NAMELEN ...: the name's length in the long form, the outer length grown by one.
  Bytes padded = good_;
  ASSERT_EQ(padded[6], std::byte{0x30});
  ASSERT_LT(padded[7], std::byte{0x80});
  padded.insert(padded.begin() + 7, std::byte{0x81});
  padded[2] = static_cast<std::byte>(std::to_integer<int>(padded[2]) + 1);
  EXPECT_FALSE(passes(padded));
}

TEST_F(RequestInfo, IsRefusedWithItsAttributesInAnotherOrder) {
  // They are a SET OF, which DER sorts; lengths alone do not show the second spelling.
  Bytes info = request_info_of(key_, true);
  EXPECT_TRUE(passes(info));
  const auto attributes = std::ranges::search(info, spki_).end() + 2;  // behind A0 LEN
  ASSERT_EQ(attributes[-2], std::byte{0xa0});
  ASSERT_LT(attributes[1], std::byte{0x80});
  std::rotate(attributes, attributes + 2 + std::to_integer<int>(attributes[1]), info.end());
  EXPECT_FALSE(passes(info));
}

TEST_F(RequestInfo, IsRefusedWhenItIsSomethingElse) {
  expect_refuses_other_meanings([this](ByteView info) { return passes(info); }, "request");
  EXPECT_FALSE(passes(bytes_of(std::string(130, ' '))));
  Bytes whole{std::byte{0x30}, std::byte{0x82}, static_cast<std::byte>(good_.size() >> 8),
              static_cast<std::byte>(good_.size() & 0xff)};
  whole.insert(whole.end(), good_.begin(), good_.end());
  EXPECT_FALSE(passes(whole));
}

TEST_F(RequestInfo, IsRefusedWithAnyBitOfThePublicKeyFlipped) {
  const auto at = std::ranges::search(good_, spki_).begin();
  ASSERT_NE(at, good_.end());
  const auto offset = static_cast<std::size_t>(at - good_.begin());
  for (std::size_t i = 0; i < spki_.size(); ++i)
    for (int bit = 0; bit < 8; ++bit) {
      Bytes flipped = good_;
      flipped[offset + i] ^= static_cast<std::byte>(1 << bit);
      EXPECT_FALSE(passes(flipped)) << i << " bit " << bit;
    }
}

TEST_F(RequestInfo, IsRefusedWhenNestedTooDeep) {
  Bytes deep;
  for (int i = 0; i < 1000; ++i) {
    Bytes outer{std::byte{0x30}};
    if (deep.size() < 0x80) {
      outer.push_back(static_cast<std::byte>(deep.size()));
    } else {
      outer.push_back(std::byte{0x82});
      outer.push_back(static_cast<std::byte>(deep.size() >> 8));
      outer.push_back(static_cast<std::byte>(deep.size() & 0xff));
    }
    outer.insert(outer.end(), deep.begin(), deep.end());
    deep = std::move(outer);
  }
  EXPECT_FALSE(passes(deep));
}

}  // namespace
}  // namespace privyseal::keyd
