#include "ca/der.h"

#include <gtest/gtest.h>

namespace privyseal::ca::der {
namespace {

Bytes bytes(std::initializer_list<int> values) {
  Bytes made;
  for (const int value : values) made.push_back(static_cast<std::byte>(value));
  return made;
}

TEST(Tagged, WritesTheShortestLength) {
  EXPECT_EQ(to_hex(tagged(Tag::kOctetString, {})), "0400");
  EXPECT_EQ(to_hex(tagged(Tag::kOctetString, Bytes(0x7f))).substr(0, 4), "047f");
  EXPECT_EQ(to_hex(tagged(Tag::kOctetString, Bytes(0x80))).substr(0, 6), "048180");
  EXPECT_EQ(to_hex(tagged(Tag::kOctetString, Bytes(0xff))).substr(0, 6), "0481ff");
  EXPECT_EQ(to_hex(tagged(Tag::kOctetString, Bytes(0x100))).substr(0, 8), "04820100");
  EXPECT_EQ(to_hex(tagged(Tag::kOctetString, Bytes(0xffff))).substr(0, 8), "0482ffff");
}

TEST(UnsignedInteger, StaysPositiveAndShort) {
  EXPECT_EQ(to_hex(unsigned_integer({})), "020100");
  EXPECT_EQ(to_hex(unsigned_integer(bytes({0}))), "020100");
  EXPECT_EQ(to_hex(unsigned_integer(bytes({0x7f}))), "02017f");
  EXPECT_EQ(to_hex(unsigned_integer(bytes({0x80}))), "02020080");
  EXPECT_EQ(to_hex(unsigned_integer(bytes({0, 0, 1}))), "020101");
}

TEST(IsDer, TakesWhatIsWrittenHere) {
  EXPECT_TRUE(is_der(sequence({unsigned_integer(bytes({5})), bit_string(Bytes(300)), sequence({})})));
}

struct Bad {
  const char* name;
  Bytes bytes;
};
class NotDer : public testing::TestWithParam<Bad> {};
TEST_P(NotDer, IsRefused) { EXPECT_FALSE(is_der(GetParam().bytes)); }

Bytes nested(int depth) {
  Bytes inner;
  for (int i = 0; i < depth; ++i) inner = tagged(Tag::kSequence, inner);
  return inner;
}

INSTANTIATE_TEST_SUITE_P(, NotDer,
                         testing::ValuesIn(std::vector<Bad>{
                             {"Nothing", {}},
                             {"TagAlone", bytes({0x30})},
                             {"ContentMissing", bytes({0x04, 2, 0})},
                             {"BytesLeftOver", bytes({0x04, 0, 0x04})},
                             {"IndefiniteLength", bytes({0x30, 0x80, 0, 0})},
                             {"LongLengthForShort", bytes({0x04, 0x81, 0x01, 0})},
                             {"LeadingZeroLength", bytes({0x04, 0x82, 0x00, 0x80})},
                             {"FourOctetsOfLength", bytes({0x04, 0x84, 0, 0, 0, 1, 0})},
                             {"HighTagNumber", bytes({0x1f, 0x81, 0x01, 0})},
                             {"InnerRunsOver", bytes({0x30, 0x02, 0x04, 0x01})},
                             {"TooDeep", nested(40)},
                         }),
                         [](const auto& c) { return std::string(c.param.name); });

}  // namespace
}  // namespace privyseal::ca::der
