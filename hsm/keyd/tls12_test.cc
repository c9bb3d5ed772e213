#include "hsm/keyd/tls12.h"

#include <gtest/gtest.h>

#include <string>

#include "hsm/keyd/tls12_exception.h"

namespace privyseal::keyd {
namespace {

using namespace std::string_literals;

const std::string kClientRandom(32, 'c');
const std::string kServerRandom = std::string(24, 's') + "DOWNGRD\x01";
const std::string kRandoms = kClientRandom + kServerRandom;
const std::string kX25519 = "\x03\x00\x1d\x20"s + std::string(32, 'x');
const std::string kP256 = "\x03\x00\x17\x41\x04"s + std::string(64, 'p');
const std::string kP384 = "\x03\x00\x18\x61\x04"s + std::string(96, 'p');

/// Tag and length of an element that is `size` bytes long in all.
std::string element_head(char tag, std::size_t size) {
  constexpr std::size_t kMostShort = 129;
  return size <= kMostShort ? std::string{tag, static_cast<char>(size - 2)}
                            : std::string{tag, '\x81', static_cast<char>(size - 3)};
}

/// As long as a right one, and right but for this: it is DER, SEQUENCE { NULL, OCTET STRING }.
std::string document_with(const std::string& parameters) {
  const std::size_t size = kRandoms.size() + parameters.size();
  std::string text = element_head('\x30', size) + "\x05\0"s;
  text += element_head('\x04', size - text.size());
  return text + kRandoms.substr(text.size()) + parameters;
}

struct Case {
  std::string name;
  std::string message;
  bool is_one = false;
};

class ServerKeyExchange : public testing::TestWithParam<Case> {};

TEST_P(ServerKeyExchange, IsKnownOnlyForTheExactForm) {
  EXPECT_EQ(is_server_key_exchange(bytes_of(GetParam().message)), GetParam().is_one);
}

INSTANTIATE_TEST_SUITE_P(
    , ServerKeyExchange,
    testing::ValuesIn(std::vector<Case>{
        {"X25519", kRandoms + kX25519, true},
        {"P256", kRandoms + kP256, true},
        {"P384", kRandoms + kP384, true},
        {"ARandomThatBeginsLikeDer", "\x30\x62"s + kRandoms.substr(2) + kX25519, true},
        {"Empty", ""},
        {"RandomsAlone", kRandoms},
        {"RandomsMissing", kX25519},
        {"PointOneShort", kRandoms + kX25519.substr(0, 35)},
        {"PointOneLong", kRandoms + kX25519 + "x"},
        {"LengthOfAnotherPoint", kRandoms + "\x03\x00\x1d\x21"s + std::string(33, 'x')},
        {"ServerWithoutTls13", kClientRandom + std::string(32, 's') + kX25519},
        {"ServerThatWentDownToTls11", kClientRandom + std::string(24, 's') + "DOWNGRD\0"s + kX25519},
        {"MarkInTheClientsRandom", kServerRandom + kClientRandom + kX25519},
        {"CompressedP256", kRandoms + "\x03\x00\x17\x21\x02"s + std::string(32, 'p')},
        {"HybridP256", kRandoms + "\x03\x00\x17\x41\x06"s + std::string(64, 'p')},
        {"CompressedMarkAtFullLength", kRandoms + "\x03\x00\x17\x41\x02"s + std::string(64, 'p')},
        {"P521", kRandoms + "\x03\x00\x19\x85\x04"s + std::string(132, 'p')},
        {"X448", kRandoms + "\x03\x00\x1e\x38"s + std::string(56, 'x')},
        {"Brainpool", kRandoms + "\x03\x00\x1a\x41\x04"s + std::string(64, 'p')},
        {"ExplicitPrime", kRandoms + "\x01\x00\x17\x41\x04"s + std::string(64, 'p')},
        {"ExplicitChar2", kRandoms + "\x02\x00\x17\x41\x04"s + std::string(64, 'p')},
        {"DhParameters", kRandoms + "\x01\x00"s + std::string(256, 'd')},
        {"CurveOfTheOtherByteOrder", kRandoms + "\x03\x1d\x00\x20"s + std::string(32, 'x')},
        {"DocumentWithX25519InIt", document_with(kX25519)},
        {"DocumentWithP256InIt", document_with(kP256)},
        {"Tls13CertificateVerify",
         std::string(64, ' ') + "TLS 1.3, server CertificateVerify\0"s + std::string(32, 'h')},
    }),
    [](const auto& tested) { return tested.param.name; });

TEST(Tls12Exception, CoversItsRolesUntilTheEndOfItsLastDay) {
  using namespace std::chrono;
  const Tls12Exception exception{.reason = "old mail server",
                                 .roles = {hsm::KeyRole::kLanIdentity},
                                 .until = sys_days(2027y / March / 31)};
  EXPECT_TRUE(exception.covers(hsm::KeyRole::kLanIdentity, sys_days(2026y / January / 1)));
  EXPECT_TRUE(exception.covers(hsm::KeyRole::kLanIdentity, sys_days(2027y / March / 31)));
  EXPECT_FALSE(exception.covers(hsm::KeyRole::kLanIdentity, sys_days(2027y / April / 1)));
  EXPECT_FALSE(exception.covers(hsm::KeyRole::kCjsmIdentity, sys_days(2026y / January / 1)));
  EXPECT_EQ(exception.in_words(),
            "TLS 1.2 as a server is excepted for lan-identity until 2027-03-31: old mail server");
}

}  // namespace
}  // namespace privyseal::keyd
