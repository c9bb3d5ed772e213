#include "hsm/keyd/tls13.h"

#include <gtest/gtest.h>

#include <string>

namespace privyseal::keyd {
namespace {

using namespace std::string_literals;

const std::string kBlanks(64, ' ');
const std::string kServer = "TLS 1.3, server CertificateVerify\0"s;
const std::string kClient = "TLS 1.3, client CertificateVerify\0"s;
const std::string kSha256(32, '\x5a');
const std::string kSha384(48, '\x5a');

struct Case {
  std::string name;
  std::string message;
  std::optional<Tls13Side> side;
};

class CertificateVerifySide : public testing::TestWithParam<Case> {};

TEST_P(CertificateVerifySide, IsKnownOnlyForTheExactForm) {
  EXPECT_EQ(certificate_verify_side(bytes_of(GetParam().message)), GetParam().side);
}

// RFC 8446 section 4.4.3 prints this example: a transcript hash of 32 bytes 0x01.
const std::string kRfcExample = std::string(64, '\x20') +
                                "\x54\x4c\x53\x20\x31\x2e\x33\x2c\x20\x73\x65\x72\x76\x65\x72\x20\x43\x65\x72"
                                "\x74\x69\x66\x69\x63\x61\x74\x65"
                                "\x56\x65\x72\x69\x66\x79\x00"s +
                                std::string(32, '\x01');

INSTANTIATE_TEST_SUITE_P(
    , CertificateVerifySide,
    testing::ValuesIn(std::vector<Case>{
        {"RfcExample", kRfcExample, Tls13Side::kServer},
        {"ServerSha256", kBlanks + kServer + kSha256, Tls13Side::kServer},
        {"ServerSha384", kBlanks + kServer + kSha384, Tls13Side::kServer},
        {"ClientSha256", kBlanks + kClient + kSha256, Tls13Side::kClient},
        {"ClientSha384", kBlanks + kClient + kSha384, Tls13Side::kClient},
        {"Empty", "", {}},
        {"Sha256Digest", kSha256, {}},
        {"Sha384Digest", kSha384, {}},
        {"OnlyBlanks", kBlanks, {}},
        {"RightLengthOnlyBlanks", std::string(130, ' '), {}},
        {"RightLengthOnlyZeroes", std::string(146, '\0'), {}},
        {"NoHash", kBlanks + kServer, {}},
        {"HashOneShort", kBlanks + kServer + kSha256.substr(1), {}},
        {"HashOneLong", kBlanks + kServer + kSha256 + "x", {}},
        {"HashOfSha1Length", kBlanks + kServer + std::string(20, 'h'), {}},
        {"HashOfSha512Length", kBlanks + kServer + std::string(64, 'h'), {}},
        {"HashBetween", kBlanks + kServer + std::string(40, 'h'), {}},
        {"OneByteAfterSha384", kBlanks + kServer + kSha384 + "x", {}},
        {"BlankMissing", kBlanks.substr(1) + kServer + kSha256 + "x", {}},
        {"BlankTooMany", kBlanks + " " + kServer + kSha256.substr(1), {}},
        {"TabAmongBlanks", kBlanks.substr(1) + "\t" + kServer + kSha256, {}},
        {"FirstBlankIsOther", "x" + kBlanks.substr(1) + kServer + kSha256, {}},
        {"SeparatorMissing", kBlanks + kServer.substr(0, 33) + kSha256 + "x", {}},
        {"SeparatorNotZero", kBlanks + kServer.substr(0, 33) + "\x01" + kSha256, {}},
        {"LowerCaseContext", kBlanks + "tls 1.3, server certificateverify\0"s + kSha256, {}},
        {"Tls12Context", kBlanks + "TLS 1.2, server CertificateVerify\0"s + kSha256, {}},
        {"UnknownSide", kBlanks + "TLS 1.3, editor CertificateVerify\0"s + kSha256, {}},
        {"DelegatedCredential", kBlanks + "TLS, server delegated credentials\0"s + kSha256, {}},
        {"ContextRunsOn", kBlanks + "TLS 1.3, server CertificateVerifyX" + kSha256, {}},
        {"ServerThenClient", kBlanks + kServer + kClient, {}},
        {"Tls12ServerKeyExchange", std::string(64, 'r') + "\x03\x00\x17\x41"s + std::string(65, '\x04'), {}},
    }),
    [](const auto& tested) { return tested.param.name; });

}  // namespace
}  // namespace privyseal::keyd
