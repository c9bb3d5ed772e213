#include "hsm/wire.h"

#include <gtest/gtest.h>

#include <limits>
#include <random>

namespace privyseal::hsm {
namespace {

Bytes hex(std::string_view digits) {
  Bytes bytes;
  for (std::size_t i = 0; i + 1 < digits.size(); i += 2)
    bytes.push_back(static_cast<std::byte>(std::stoi(std::string(digits.substr(i, 2)), nullptr, 16)));
  return bytes;
}

std::vector<Request> every_request() {
  return {
      {1, HealthRequest{}},
      {2, ListKeysRequest{}},
      {3, FindKeyRequest{"gateway"}},
      {0xffffffff, SignTls13Request{"a", Bytes(146, std::byte{0x20})}},
      {0, SignCsrRequest{std::string(kMaxKeyNameBytes, 'z'), Bytes(15000, std::byte{0x30})}},
      {6, GenerateRequest{"lan-2", KeyRole::kLanIdentity, KeyType::kEcP384}},
      {7, CountUsesRequest{}},
  };
}

std::vector<Answer> every_answer() {
  const KeyInfo key{"gateway", KeyRole::kCjsmIdentity, KeyType::kEcP256, Bytes(91, std::byte{7})};
  const KeyUses uses{"gateway", 1, 2, 3, std::numeric_limits<std::uint64_t>::max()};
  return {
      {1, HealthAnswer{true}},
      {2, HealthAnswer{false}},
      {3, KeysAnswer{}},
      {4, KeysAnswer{std::vector<KeyInfo>(kMaxKeys, key)}},
      {5, SignatureAnswer{Bytes(72, std::byte{0x30})}},
      {6, UsesAnswer{std::vector<KeyUses>(kMaxKeys, uses)}},
      {7, ErrorAnswer{ErrorCode::kDenied, "key: not for this caller"}},
      {8, ErrorAnswer{ErrorCode::kClosed, ""}},
  };
}

TEST(Wire, EveryRequestSurvivesTheTrip) {
  for (const Request& request : every_request()) EXPECT_EQ(parse_request(to_bytes(request)).value(), request);
}

TEST(Wire, EveryAnswerSurvivesTheTrip) {
  for (const Answer& answer : every_answer()) EXPECT_EQ(parse_answer(to_bytes(answer)).value(), answer);
}

TEST(Wire, BytesAreAsTheyWere) {  // a change of these needs another version
  EXPECT_EQ(to_hex(to_bytes(Request{0x01020304, FindKeyRequest{"ab"}})),
            "0103040302010200"
            "6162");
  EXPECT_EQ(to_hex(to_bytes(Request{1, SignTls13Request{"k", hex("2020")}})),
            "0104010000000100"
            "6b02002020");
  EXPECT_EQ(to_hex(to_bytes(Request{1, GenerateRequest{"k", KeyRole::kLanIdentity, KeyType::kEcP256}})),
            "0106010000000100"
            "6b0201");
  EXPECT_EQ(to_hex(to_bytes(Answer{9, ErrorAnswer{ErrorCode::kConflict, "x"}})), "01850900000003010078");
  EXPECT_EQ(to_hex(to_bytes(Answer{9, UsesAnswer{{KeyUses{"k", 1, 0, 0, 0}}}})),
            "018409000000"
            "0100"
            "01006b" +
                std::string("0100000000000000") + std::string(48, '0'));
}

TEST(Wire, CutsLongErrorMessages) {
  const auto answer =
      parse_answer(to_bytes(Answer{1, ErrorAnswer{ErrorCode::kDenied, std::string(99999, 'e')}}));
  EXPECT_EQ(std::get<ErrorAnswer>(answer.value().body).message, std::string(kMaxErrorBytes, 'e'));
}

TEST(WireDeathTest, AnAnswerWithTooManyKeysIsABrokenInvariant) {
  const KeyInfo key{"k", KeyRole::kCjsmIdentity, KeyType::kEcP256, {}};
  EXPECT_DEATH((void)to_bytes(Answer{1, KeysAnswer{std::vector<KeyInfo>(kMaxKeys + 1, key)}}), "kMaxKeys");
}

TEST(Wire, RefusesEveryTruncationAndEveryAppendix) {
  const auto refuses_cuts = [](const Bytes& bytes, auto parse) {
    for (std::size_t size = 0; size < bytes.size(); ++size)
      ASSERT_FALSE(parse(ByteView(bytes).first(size))) << to_hex(bytes).substr(0, 64) << " cut to " << size;
    Bytes longer = bytes;
    longer.push_back(std::byte{0});
    ASSERT_FALSE(parse(longer));
  };
  for (const Request& request : every_request()) refuses_cuts(to_bytes(request), parse_request);
  for (const Answer& answer : every_answer()) refuses_cuts(to_bytes(answer), parse_answer);
}

TEST(Wire, ARequestIsNoAnswer) {
  for (const Request& request : every_request()) EXPECT_FALSE(parse_answer(to_bytes(request)));
  for (const Answer& answer : every_answer()) EXPECT_FALSE(parse_request(to_bytes(answer)));
}

TEST(Wire, RefusesMoreThanTheLongestMessage) {
  EXPECT_FALSE(parse_request(Bytes(kMaxMessageBytes + 1)));
  EXPECT_FALSE(parse_answer(Bytes(kMaxMessageBytes + 1)));
}

struct BadMessage {
  const char* name;
  const char* bytes;
};

class RefusedRequest : public testing::TestWithParam<BadMessage> {};
TEST_P(RefusedRequest, IsInvalid) {
  const auto request = parse_request(hex(GetParam().bytes));
  ASSERT_FALSE(request);
  EXPECT_EQ(request.error().code, ErrorCode::kInvalid);
}
INSTANTIATE_TEST_SUITE_P(, RefusedRequest,
                         testing::ValuesIn(std::to_array<BadMessage>({
                             {"Empty", ""},
                             {"VersionZero", "000101000000"},
                             {"VersionTwo", "020101000000"},
                             {"KindZero", "010001000000"},
                             {"KindAfterTheLast", "010801000000"},
                             {"KindOfAnAnswer", "01810100000001"},
                             {"EmptyName", "0103010000000000"},
                             {"NameTooLong",
                              "0103010000002100"
                              "616161616161616161616161616161616161616161616161616161616161616161"},
                             {"UpperCaseName", "010301000000010041"},
                             {"NameWithSlash", "01030100000001002f"},
                             {"NameWithNul", "010301000000010000"},
                             {"NameWithHighByte", "0103010000000100e9"},
                             {"NameLengthBeyondTheEnd",
                              "0103010000000200"
                              "61"},
                             {"MessageLengthBeyondTheEnd",
                              "0104010000000100"
                              "6bffff2020"},
                             {"RoleZero",
                              "0106010000000100"
                              "6b0001"},
                             {"RoleThree",
                              "0106010000000100"
                              "6b0301"},
                             {"TypeZero",
                              "0106010000000100"
                              "6b0100"},
                             {"TypeThree",
                              "0106010000000100"
                              "6b0103"},
                         })),
                         [](const auto& c) { return std::string(c.param.name); });

class RefusedAnswer : public testing::TestWithParam<BadMessage> {};
TEST_P(RefusedAnswer, IsInvalid) {
  const auto answer = parse_answer(hex(GetParam().bytes));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::kInvalid);
}
INSTANTIATE_TEST_SUITE_P(, RefusedAnswer,
                         testing::ValuesIn(std::to_array<BadMessage>({
                             {"Empty", ""},
                             {"VersionTwo", "02810100000001"},
                             {"KindBeforeTheFirst", "018001000000"},
                             {"KindAfterTheLast", "018601000000"},
                             {"FlagTwo", "01810100000002"},
                             {"ErrorCodeSeven", "018501000000070000"},
                             {"MoreKeysThanThere",
                              "0182010000000200"
                              "01006b01010000"},
                             {"CountAboveTheMost", "0182010000004100"},
                             {"HugeCount", "018201000000ffff"},
                             {"UsesCutInACounter", "018401000000010001006b01000000"},
                         })),
                         [](const auto& c) { return std::string(c.param.name); });

/// Whatever parses is written back as the very same bytes: one value, one spelling.
TEST(Wire, ChangedBytesAreRefusedOrMeanWhatTheySay) {
  std::mt19937 random(20260301);
  const auto change = [&](Bytes bytes) {
    bytes[random() % std::min<std::size_t>(bytes.size(), 40)] = static_cast<std::byte>(random());
    return bytes;
  };
  for (int round = 0; round < 300; ++round) {
    for (const Request& request : every_request()) {
      const Bytes changed = change(to_bytes(request));
      if (const auto parsed = parse_request(changed)) {
        EXPECT_EQ(to_bytes(*parsed), changed);
      }
    }
    for (const Answer& answer : every_answer()) {
      const Bytes changed = change(to_bytes(answer));
      if (const auto parsed = parse_answer(changed)) {
        EXPECT_EQ(to_bytes(*parsed), changed);
      }
    }
  }
}

}  // namespace
}  // namespace privyseal::hsm
