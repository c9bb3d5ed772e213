#include "hsm/provider/message_kind.h"

#include <gtest/gtest.h>

#include <string>

namespace privyseal::hsm::provider {
namespace {

using std::string_literals::operator""s;

struct Case {
  const char* name;
  std::string message;
  std::optional<MessageKind> kind;
};

class MessageKindOf : public testing::TestWithParam<Case> {};

TEST_P(MessageKindOf, IsToldByItsBeginning) {
  EXPECT_EQ(message_kind_of(bytes_of(GetParam().message)), GetParam().kind);
}

INSTANTIATE_TEST_SUITE_P(
    , MessageKindOf,
    testing::Values(
        Case{"Handshake", std::string(64, ' ') + "TLS", MessageKind::kTls13},
        Case{"SixtyFourBlanksAlone", std::string(64, ' '), {}},
        Case{"SixtyThreeBlanks", std::string(63, ' ') + "TLS", {}}, Case{"Empty", "", {}},
        Case{"OneByte", "\x30", {}}, Case{"Request", "\x30\x05\x02\x01\x00\x30\x00"s, MessageKind::kRequest},
        Case{"RequestOfOneLengthByte", "\x30\x81\x05\x02\x01\x00\x30\x00"s, MessageKind::kRequest},
        Case{"RequestOfTwoLengthBytes", "\x30\x82\x01\x05\x02\x01\x00"s, MessageKind::kRequest},
        Case{"Certificate", "\x30\x82\x01\x05\xa0\x03\x02\x01\x02\x02"s, MessageKind::kCertificate},
        Case{"CertificateOfVersionOne", "\x30\x82\x01\x05\x02\x08\x11\x11"s, {}},
        Case{"Crl", "\x30\x82\x01\x05\x02\x01\x01\x30"s, MessageKind::kCrl},
        Case{"OcspResponse", "\x30\x82\x01\x05\xa2\x16\x04\x14k"s, MessageKind::kOcsp},
        Case{"OcspResponseByName", "\x30\x82\x01\x05\xa1\x16\x30\x14k"s, {}},
        Case{"ServerKeyExchange", std::string(56, 'r') + "DOWNGRD\x01\x03", MessageKind::kTls12},
        Case{"ServerKeyExchangeThatBeginsAsARequest",
             "\x30\x62\x02\x01\x00"s + std::string(51, 'r') + "DOWNGRD\x01\x03", MessageKind::kTls12},
        Case{"ServerKeyExchangeWithoutTls13", std::string(64, 'r') + "\x03", {}},
        Case{"ServerKeyExchangeOfAnExplicitCurve", std::string(56, 'r') + "DOWNGRD\x01\x01", {}},
        Case{"RandomsAlone", std::string(56, 'r') + "DOWNGRD\x01", {}},
        Case{"SignedAttributesOfCms", "\x31\x05\x02\x01\x00\x30\x00"s, {}},
        Case{"IndefiniteLength", "\x30\x80\x02\x01\x00"s, {}},
        Case{"LengthCutShort", "\x30\x84\x00\x00"s, {}},
        Case{"LengthOfTooManyBytes", "\x30\x88\x00\x00\x00\x00\x00\x00\x00\x05\x02\x01\x00"s, {}},
        Case{"LengthOfAllBytes", "\x30\xff\x02\x01\x00"s, {}},
        Case{"ContentCutShort", "\x30\x02\x02\x01"s, {}}, Case{"SomeText", "any old file\n", {}}),
    [](const auto& c) { return std::string(c.param.name); });

}  // namespace
}  // namespace privyseal::hsm::provider
