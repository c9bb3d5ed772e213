#include "ca/authority/request.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

#include "ca/est.h"
#include "tests/support/certificates.h"

namespace privyseal::authority {
namespace {

using test::RequestOptions;
using testing::ElementsAre;
using testing::HasSubstr;

const std::string& key(const char* kind) {
  static std::map<std::string, std::string> made;
  auto& pem = made[kind];
  if (pem.empty()) pem = test::new_key_pem(kind);
  return pem;
}

Bytes der_of(const RequestOptions& options, const char* kind = "P-256") {
  return ca::csr_der(test::request_pem(key(kind), options)).value();
}

TEST(ParseRequest, ReadsWhatIsAskedFor) {
  const auto request = parse_request(der_of({.common_name = "lawfirm.example",
                                             .organisation = "Law & Firm é",
                                             .dns_names = {"MX.lawfirm.example", "b.c"}}));
  ASSERT_TRUE(request) << request.error().message;
  EXPECT_EQ(request->common_name, "lawfirm.example");
  EXPECT_EQ(request->organisation, "Law & Firm é");
  EXPECT_THAT(request->dns_names, ElementsAre("mx.lawfirm.example", "b.c"));
  EXPECT_FALSE(request->public_key.empty());
}

TEST(ParseRequest, TakesTheKeysThatPeersHave) {
  for (const char* kind : {"P-256", "P-384", "RSA-2048", "RSA-4096"})
    EXPECT_TRUE(parse_request(der_of({.common_name = "a.b"}, kind))) << kind;
}

struct BadRequest {
  const char* name;
  RequestOptions options;
  const char* key;
  const char* words;
};
class RefusedRequest : public testing::TestWithParam<BadRequest> {};
TEST_P(RefusedRequest, IsInvalid) {
  const auto request = parse_request(der_of(GetParam().options, GetParam().key));
  ASSERT_FALSE(request);
  EXPECT_EQ(request.error().code, ErrorCode::kInvalid);
  EXPECT_THAT(request.error().message, HasSubstr(GetParam().words));
}
INSTANTIATE_TEST_SUITE_P(
    , RefusedRequest,
    testing::ValuesIn(std::vector<BadRequest>{
        {"Rsa1024", {.common_name = "a.b"}, "RSA-1024", "RSA of at least 2048"},
        {"RsaNotWholeOctets", {.common_name = "a.b"}, "RSA-2052", "whole octets"},
        {"P521", {.common_name = "a.b"}, "P-521", "P-384"},
        {"Ed25519", {.common_name = "a.b", .hash = ""}, "ED25519", "P-384"},
        {"Sha1", {.common_name = "a.b", .hash = "SHA1"}, "P-256", "SHA-256"},
        {"Wildcard", {.common_name = "a.b", .dns_names = {"*.a.b"}}, "P-256", "host names"},
        {"Address",
         {.common_name = "a.b", .subject_alt_name = "DNS:a.b,IP:192.0.2.1"},
         "P-256",
         "nothing else"},
        {"MailAddress", {.common_name = "a.b", .subject_alt_name = "email:a@b.c"}, "P-256", "nothing else"},
        {"TooManyNames",
         {.common_name = "a.b", .dns_names = std::vector<std::string>(17, "a.b")},
         "P-256",
         "16"},
        {"NewlineInName", {.common_name = "a\nb", .dns_names = {"a.b"}}, "P-256", "printable"},
    }),
    [](const auto& c) { return std::string(c.param.name); });

TEST(ParseRequest, NeedsProofOfPossession) {
  const Bytes good = der_of({.common_name = "a.b", .dns_names = {"a.b"}});
  ASSERT_TRUE(parse_request(good));
  for (std::size_t at = 0; at < good.size(); ++at) {
    Bytes other = good;
    other[at] ^= std::byte{0x01};
    EXPECT_FALSE(parse_request(other)) << at;
  }
}

TEST(ParseRequest, RefusesGarbage) {
  const Bytes good = der_of({.common_name = "a.b"});
  Bytes longer = good;
  longer.push_back(std::byte{0});
  EXPECT_FALSE(parse_request({}));
  EXPECT_FALSE(parse_request(longer));
  EXPECT_FALSE(parse_request(bytes_of("hello")));
  EXPECT_FALSE(parse_request(Bytes(20'000, std::byte{0x30})));
  for (std::size_t length = 0; length < good.size(); ++length)
    EXPECT_FALSE(parse_request(ByteView(good).first(length))) << length;
}

const std::vector<std::string> kDomains{"lawfirm.example", "lawfirm.example.cjsm.net"};

struct PolicyCase {
  const char* name;
  const char* profile;
  CertificateRequest request;
  std::optional<std::string> words;  // nothing: allowed
};
class CheckRequest : public testing::TestWithParam<PolicyCase> {};
TEST_P(CheckRequest, FollowsTheProfile) {
  const auto& [name, profile, request, words] = GetParam();
  const auto outcome = check_request(request, *find_profile(profile), kDomains);
  ASSERT_EQ(outcome.has_value(), !words);
  if (!words) return;
  EXPECT_EQ(outcome.error().code, ErrorCode::kDenied);
  EXPECT_THAT(outcome.error().message, HasSubstr(*words));
}
INSTANTIATE_TEST_SUITE_P(
    , CheckRequest,
    testing::ValuesIn(std::vector<PolicyCase>{
        {"Host", "mail-server", {{}, "", "", {"mail.lawfirm.example"}}, {}},
        {"HostWithCommonName", "egress-gateway", {{}, "lawfirm.example", "Firm", {"mx.lawfirm.example"}}, {}},
        {"SecondDomain", "smtp-listener", {{}, "", "", {"a.lawfirm.example.cjsm.net"}}, {}},
        {"Person", "admin-client", {{}, "Alice", "", {}}, {}},
        {"NoName", "mail-server", {{}, "mail.lawfirm.example", "", {}}, "asks for no host name"},
        {"ForeignName", "mail-server", {{}, "", "", {"mail.other.example"}}, "mail.other.example is not at"},
        {"OneForeignName", "mail-server", {{}, "", "", {"a.lawfirm.example", "b.other"}}, "b.other is not"},
        {"ForeignCommonName", "mail-server", {{}, "bank.example", "", {"a.lawfirm.example"}}, "bank.example"},
        {"WordsAsCommonName", "mail-server", {{}, "Some Server", "", {"a.lawfirm.example"}}, "Some Server"},
        {"EveryReason",
         "mail-server",
         {{}, "x", "", {"y"}},
         "name y is not at or below lawfirm.example, lawfirm.example.cjsm.net; the name x"},
        {"PersonWithoutName", "admin-client", {{}, "", "", {}}, "names nobody"},
        {"PersonAsHost", "admin-client", {{}, "Alice", "", {"a.lawfirm.example"}}, "not for people"},
    }),
    [](const auto& c) { return std::string(c.param.name); });

TEST(CommonNameFor, IsTheFirstHostNameWhenNoneIsAskedFor) {
  EXPECT_EQ(common_name_for({{}, "Alice", "", {"a.b"}}), "Alice");
  EXPECT_EQ(common_name_for({{}, "", "", {"a.b", "c.d"}}), "a.b");
  EXPECT_EQ(common_name_for({{}, "", "", {std::string(60, 'a') + ".example"}}), "");
}

TEST(IsForTheSame, ComparesSubjectAndNames) {
  test::TestCa ca("CA");
  const auto current =
      ca::parse_certificates(bytes_of(ca.issue({.dns_names = {"a.b", "c.d"}}).chain_pem)).value().front();
  EXPECT_TRUE(is_for_the_same({{}, "a.b", "", {"c.d", "a.b"}}, current));
  EXPECT_TRUE(is_for_the_same({{}, "", "", {"a.b", "c.d"}}, current));
  EXPECT_FALSE(is_for_the_same({{}, "a.b", "", {"a.b"}}, current));
  EXPECT_FALSE(is_for_the_same({{}, "a.b", "", {"a.b", "c.d", "e.f"}}, current));
  EXPECT_FALSE(is_for_the_same({{}, "c.d", "", {"a.b", "c.d"}}, current));
  EXPECT_FALSE(is_for_the_same({{}, "a.b", "Other", {"a.b", "c.d"}}, current));
}

}  // namespace
}  // namespace privyseal::authority
