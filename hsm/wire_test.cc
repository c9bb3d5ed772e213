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
      {8, GenerateRequest{"console", KeyRole::kConsoleIdentity, KeyType::kEcP256}},
      {9, SignCheckpointRequest{"audit", "gateway.lawfirm.example/keyd\n7\nAAAA\n"}},
      {10, SignCheckpointRequest{"audit", std::string(kMaxCheckpointBytes, 'c')}},
      {11, SignCertificateRequest{"issuing-ca", Bytes(700, std::byte{0x30})}},
      {12, SignCrlRequest{"issuing-ca", Bytes(300, std::byte{0x30})}},
      {13, RetireRequest{"cjsm-1"}},
      {14, ReadAuditRequest{0, 1}},
      {15, ReadAuditRequest{std::numeric_limits<std::uint64_t>::max(), kMaxAuditEntries}},
      {16, ReadAuditCheckpointRequest{}},
      {17, SignTls13Request{"rsa", Bytes(130, std::byte{0x20}), Hash::kSha512}},
      {18, GenerateRequest{"rsa", KeyRole::kLanIdentity, KeyType::kRsa4096}},
      {19, FindKeyByIdRequest{Bytes(kMaxKeyIdBytes, std::byte{0xee})}},
      {20, FindKeyByIdRequest{Bytes(1)}},
      {21, SignOcspRequest{"issuing-ca", Bytes(400, std::byte{0x30})}},
      {22, SignTls12Request{"lan-1", Bytes(100, std::byte{3}), Hash::kSha384}},
      {23,
       DestroyRequest{"cjsm-1",
                      std::string(kMaxDestructionBytes, 't'),
                      {Approval{"alice", Bytes(37, std::byte{1}), "{}", Bytes(70, std::byte{0x30})},
                       Approval{"bob", Bytes(kMaxAuthenticatorDataBytes),
                                std::string(kMaxClientDataBytes, 'j'), Bytes(kMaxPasskeySignatureBytes)}}}},
      {24, ListRetiredKeysRequest{}},
  };
}

std::vector<Answer> every_answer() {
  const KeyInfo key{"gateway", KeyRole::kCjsmIdentity, KeyType::kEcP256, Bytes(91, std::byte{7})};
  const KeyUses uses{"gateway", 1, 2, 3, 4, 5, 6, 7, 8, std::numeric_limits<std::uint64_t>::max()};
  const RetiredKey retired{std::string(kMaxKeyNameBytes, 'r'), KeyRole::kConsoleIdentity,
                           std::numeric_limits<std::uint64_t>::max()};
  return {
      {1, HealthAnswer{.ready = true, .token = "SoftHSM project, SoftHSM v2", .cpu = "AES-NI"}},
      {2, HealthAnswer{.ready = false}},
      {3, KeysAnswer{}},
      {4, KeysAnswer{std::vector<KeyInfo>(kMaxKeys, key)}},
      {5, SignatureAnswer{Bytes(72, std::byte{0x30})}},
      {6, UsesAnswer{std::vector<KeyUses>(kMaxKeys, uses)}},
      {7, ErrorAnswer{ErrorCode::kDenied, "key: not for this caller"}},
      {8, ErrorAnswer{ErrorCode::kClosed, ""}},
      {9, DoneAnswer{}},
      {10, AuditEntriesAnswer{}},
      {11, AuditEntriesAnswer{{R"({"v":1})", "", std::string(kMaxEntryBytes, 'e')}}},
      {13, AuditCheckpointAnswer{}},
      {14, AuditCheckpointAnswer{std::numeric_limits<std::uint64_t>::max(), std::string(kMaxNoteBytes, 'n')}},
      {15, RetiredKeysAnswer{}},
      {16, RetiredKeysAnswer{std::vector<RetiredKey>(3, retired)}},
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
            "0403040302010200"
            "6162");
  EXPECT_EQ(to_hex(to_bytes(Request{1, SignTls13Request{"k", hex("2020")}})),
            "0404010000000100"
            "6b0200202000");
  EXPECT_EQ(to_hex(to_bytes(Request{1, GenerateRequest{"k", KeyRole::kLanIdentity, KeyType::kEcP256}})),
            "0406010000000100"
            "6b0201");
  EXPECT_EQ(to_hex(to_bytes(Answer{9, ErrorAnswer{ErrorCode::kConflict, "x"}})), "04850900000003010078");
  std::string nine_counts;
  for (char count = '1'; count <= '9'; ++count)
    nine_counts += std::string("0") + count + std::string(14, '0');
  EXPECT_EQ(to_hex(to_bytes(Answer{9, UsesAnswer{{KeyUses{"k", 1, 2, 3, 4, 5, 6, 7, 8, 9}}}})),
            "048409000000"
            "0100"
            "01006b" +
                nine_counts);
  EXPECT_EQ(to_hex(to_bytes(Answer{9, HealthAnswer{.ready = true, .token = "t", .cpu = "c"}})),
            "048109000000"
            "01010074010063");
  EXPECT_EQ(to_hex(to_bytes(
                Answer{9, KeysAnswer{{KeyInfo{"k", KeyRole::kLanIdentity, KeyType::kEcP256, hex("ee")}}}})),
            "048209000000"
            "0100"
            "01006b02010100ee");
  EXPECT_EQ(to_hex(to_bytes(Answer{9, SignatureAnswer{hex("30aa")}})), "048309000000020030aa");
  EXPECT_EQ(to_hex(to_bytes(Request{1, DestroyRequest{"k",
                                                      "t",
                                                      {Approval{"a", hex("01"), "c", hex("02")},
                                                       Approval{"b", hex("03"), "d", hex("04")}}}})),
            "041101000000"
            "01006b010074"
            "010061010001010063010002"
            "010062010003010064010004");
  EXPECT_EQ(to_hex(to_bytes(Request{1, SignCheckpointRequest{"k", "o\n"}})),
            "0408010000000100"
            "6b02006f0a");
  EXPECT_EQ(to_hex(to_bytes(Request{1, ReadAuditRequest{258, 3}})), "040c0100000002010000000000000300");
  EXPECT_EQ(to_hex(to_bytes(Request{1, SignOcspRequest{"k", hex("30")}})),
            "040f010000000100"
            "6b010030");
  EXPECT_EQ(to_hex(to_bytes(Request{1, SignTls12Request{"k", hex("2020")}})),
            "0410010000000100"
            "6b0200202000");
  EXPECT_EQ(to_hex(to_bytes(Answer{9, DoneAnswer{}})), "048609000000");
  EXPECT_EQ(to_hex(to_bytes(Answer{9, AuditEntriesAnswer{{"a", "bc"}}})),
            "04870900000002000100610200"
            "6263");
  EXPECT_EQ(to_hex(to_bytes(Answer{9, AuditCheckpointAnswer{1, "n"}})),
            "0488090000000100000000000000"
            "01006e");
  EXPECT_EQ(to_hex(to_bytes(Request{1, ListRetiredKeysRequest{}})), "041201000000");
  EXPECT_EQ(to_hex(to_bytes(Answer{9, RetiredKeysAnswer{{RetiredKey{"k", KeyRole::kLanIdentity, 258}}}})),
            "048909000000"
            "0100"
            "01006b020201000000000000");
}

TEST(Wire, KeepsAsManyEntriesAsFit) {
  for (const std::size_t size : {std::size_t{0}, std::size_t{30}, std::size_t{700}, kMaxEntryBytes}) {
    std::vector<std::string> entries(1000, std::string(size, 'e'));
    keep_what_fits(entries);
    ASSERT_FALSE(entries.empty());
    const Bytes bytes = to_bytes(Answer{1, AuditEntriesAnswer{entries}});
    EXPECT_TRUE(entries.size() == kMaxAuditEntries || bytes.size() + 2 + size > kMaxMessageBytes) << size;
    EXPECT_EQ(std::get<AuditEntriesAnswer>(parse_answer(bytes).value().body).entries, entries);
  }
}

TEST(Wire, CutsLongErrorMessages) {
  const auto answer =
      parse_answer(to_bytes(Answer{1, ErrorAnswer{ErrorCode::kDenied, std::string(99999, 'e')}}));
  EXPECT_EQ(std::get<ErrorAnswer>(answer.value().body).message, std::string(kMaxErrorBytes, 'e'));
}

TEST(WireDeathTest, AnAnswerWithTooManyKeysIsABrokenInvariant) {
  const KeyInfo key{"k", KeyRole::kCjsmIdentity, KeyType::kEcP256, {}};
  EXPECT_DEATH((void)to_bytes(Answer{1, KeysAnswer{std::vector<KeyInfo>(kMaxKeys + 1, key)}}), "most");
}

TEST(Wire, AsManyKeysAsThereMayBeFitWhateverTheirKind) {
  const KeyInfo key{std::string(kMaxKeyNameBytes, 'k'), KeyRole::kCjsmIdentity, KeyType::kRsa4096,
                    Bytes(kMaxPublicKeyBytes, std::byte{0x30})};
  const Answer answer{1, KeysAnswer{std::vector<KeyInfo>(kMaxKeys, key)}};
  EXPECT_EQ(parse_answer(to_bytes(answer)).value(), answer);
}

TEST(Wire, AsManyRetiredKeysAsThereMayBeFit) {
  const RetiredKey key{std::string(kMaxKeyNameBytes, 'r'), KeyRole::kLanIdentity, 7};
  const Answer answer{1, RetiredKeysAnswer{std::vector<RetiredKey>(kMaxRetiredKeys, key)}};
  EXPECT_EQ(parse_answer(to_bytes(answer)).value(), answer);
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

// Each one byte longer than it may be, and otherwise right.
const std::string kLongCheckpoint =
    "04080100000001006b0102" + to_hex(Bytes(kMaxCheckpointBytes + 1, std::byte{'c'}));
const std::string kLongKeyId = "040e010000004100" + to_hex(Bytes(kMaxKeyIdBytes + 1, std::byte{0xee}));
const std::string kLongToken =
    "048101000000018100" + to_hex(Bytes(kMaxFactBytes + 1, std::byte{'t'})) + "0000";
const std::string kLongCpu = "0481010000000100008100" + to_hex(Bytes(kMaxFactBytes + 1, std::byte{'c'}));
const std::string kLongError = "048501000000000101" + to_hex(Bytes(kMaxErrorBytes + 1, std::byte{'e'}));
const std::string kLongEntry = "04870100000001000110" + to_hex(Bytes(kMaxEntryBytes + 1, std::byte{'e'}));
const std::string kLongNote =
    "0488010000000100000000000000"
    "0108" +
    to_hex(Bytes(kMaxNoteBytes + 1, std::byte{'n'}));

/// A request to destroy a key in which the parts of the first approval are so long.
std::string destroying(std::size_t data, std::size_t client, std::size_t signature) {
  const auto part = [](std::size_t size) {
    return to_hex(Bytes{static_cast<std::byte>(size & 0xff), static_cast<std::byte>(size >> 8)}) +
           to_hex(Bytes(size, std::byte{'p'}));
  };
  return "04110100000001006b0000" + ("010061" + part(data) + part(client) + part(signature)) + "010062" +
         part(0) + part(0) + part(0);
}
const std::string kLongAuthenticatorData = destroying(kMaxAuthenticatorDataBytes + 1, 0, 0);
const std::string kLongClientData = destroying(0, kMaxClientDataBytes + 1, 0);
const std::string kLongPasskeySignature = destroying(0, 0, kMaxPasskeySignatureBytes + 1);
TEST(Wire, AnApprovalMayBeAsLongAsThat) {
  EXPECT_TRUE(parse_request(
      hex(destroying(kMaxAuthenticatorDataBytes, kMaxClientDataBytes, kMaxPasskeySignatureBytes))));
}

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
                             {"VersionOne", "010101000000"},
                             {"VersionTwo", "020101000000"},
                             {"VersionThree", "030101000000"},
                             {"KindZero", "040001000000"},
                             {"KindAfterTheLast", "041301000000"},
                             {"KindOfAnAnswer", "04810100000001"},
                             {"EmptyName", "0403010000000000"},
                             {"NameTooLong",
                              "0403010000002100"
                              "616161616161616161616161616161616161616161616161616161616161616161"},
                             {"UpperCaseName", "040301000000010041"},
                             {"NameWithSlash", "04030100000001002f"},
                             {"NameWithNul", "040301000000010000"},
                             {"NameWithHighByte", "0403010000000100e9"},
                             {"NameLengthBeyondTheEnd",
                              "0403010000000200"
                              "61"},
                             {"MessageLengthBeyondTheEnd",
                              "0404010000000100"
                              "6bffff2020"},
                             {"RoleZero",
                              "0406010000000100"
                              "6b0001"},
                             {"RoleSix",
                              "0406010000000100"
                              "6b0601"},
                             {"TypeZero",
                              "0406010000000100"
                              "6b0100"},
                             {"LimitZero", "040c0100000000000000000000000000"},
                             {"LimitAboveTheMost", "040c010000000000000000000000f501"},
                             {"CheckpointLengthBeyondTheEnd", "04080100000001006b03006f0a"},
                             {"CheckpointTooLong", kLongCheckpoint.c_str()},
                             {"TypeSeven",
                              "0406010000000100"
                              "6b0107"},
                             {"HashFour",
                              "0404010000000100"
                              "6b0200202004"},
                             {"NoHash",
                              "0404010000000100"
                              "6b02002020"},
                             {"EmptyKeyId", "040e010000000000"},
                             {"KeyIdTooLong", kLongKeyId.c_str()},
                             {"AuthenticatorDataTooLong", kLongAuthenticatorData.c_str()},
                             {"ClientDataTooLong", kLongClientData.c_str()},
                             {"PasskeySignatureTooLong", kLongPasskeySignature.c_str()},
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
                             {"VersionOne", "01810100000001"},
                             {"VersionTwo", "02810100000001"},
                             {"VersionThree", "03810100000001"},
                             {"KindBeforeTheFirst", "048001000000"},
                             {"KindAfterTheLast", "048a01000000"},
                             {"FlagTwo", "0481010000000200000000"},
                             {"ErrorCodeSeven", "048501000000070000"},
                             {"TokenTooLong", kLongToken.c_str()},
                             {"CpuTooLong", kLongCpu.c_str()},
                             {"ErrorTooLong", kLongError.c_str()},
                             {"KeyOfRoleSix", "048201000000010001006b06010000"},
                             {"KeyOfTypeSeven", "048201000000010001006b01070000"},
                             {"RetiredKeyOfRoleSix", "048901000000010001006b060000000000000000"},
                             {"MoreKeysThanThere",
                              "0482010000000200"
                              "01006b01010000"},
                             {"CountAboveTheMost", "0482010000004100"},
                             {"HugeCount", "048201000000ffff"},
                             {"MoreEntriesThanThere", "0487010000000200010061"},
                             {"EntriesAboveTheMost", "048701000000f501"},
                             {"EntryTooLong", kLongEntry.c_str()},
                             {"NoteTooLong", kLongNote.c_str()},
                             {"DoneWithSomething", "04860100000000"},
                             {"RetiredKeysAboveTheMost", "0489010000000102"},
                             {"RetiredKeyOfNoRole", "048901000000010001006b000000000000000000"},
                             {"RetiredKeyWithoutItsTime", "048901000000010001006b01"},
                             {"RetiredKeyWithoutName", "0489010000000100000001000000000000000000"},
                             {"UsesCutInACounter", "048401000000010001006b01000000"},
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
