#include "ca/import_policy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/certificates.h"

namespace privyseal::ca {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::UnorderedElementsAreArray;
using enum Reason;

const WallTime kNow = SystemClock().now();
constexpr std::chrono::hours kDay{24};

std::vector<Certificate> parsed(const std::string& pem) { return parse_certificates(bytes_of(pem)).value(); }
Certificate first(const std::string& pem) { return parsed(pem).front(); }

std::vector<Reason> codes(const std::vector<Finding>& findings) {
  std::vector<Reason> list;
  for (const Finding& finding : findings) list.push_back(finding.code);
  return list;
}

/// A pinned root, an authority below it, and one that nobody pinned.
struct Authorities {
  test::TestCa root{"Stand-in Root"};
  test::TestCa below = root.intermediate("Stand-in Issuer");
  test::TestCa foreign{"Stand-in Root"};  // the same name, another key
};
Authorities& authorities() {
  static Authorities made;
  return made;
}

ImportRules rules_for(const Certificate& leaf) {
  return {.public_key = leaf.public_key,
          .dns_names = {"gateway.example"},
          .roots = {first(authorities().root.pem())},
          .active_fingerprint = ""};
}

const test::LeafOptions kGood{.dns_names = {"gateway.example", "mx2.example"}, .ends = kDay * 60 - kDay};

TEST(Judge, AcceptsTheRightOneAndOrdersItsChain) {
  const std::string pem = authorities().below.issue(kGood).chain_pem;
  const auto offered = parsed(authorities().root.pem() + authorities().below.pem() + pem + pem);
  const Judgement judgement = judge(rules_for(first(pem)), offered, kNow);
  EXPECT_TRUE(judgement.is_accepted()) << judgement.refusal_text();
  EXPECT_TRUE(judgement.warnings.empty());
  EXPECT_THAT(judgement.chain, ElementsAre(first(pem), first(authorities().below.pem())));
}

TEST(Judge, AcceptsEveryKindOfKeyThatTheRequestsMayHave) {
  for (const char* key : {"P-256", "P-384", "RSA-2048", "RSA-3072"}) {
    test::LeafOptions options = kGood;
    options.key = key;
    const std::string pem = authorities().root.issue(options).chain_pem;
    const Judgement judgement = judge(rules_for(first(pem)), parsed(pem), kNow);
    EXPECT_TRUE(judgement.is_accepted()) << key << ": " << judgement.refusal_text();
  }
}

TEST(Judge, WarnsWhenItWillNotLast) {
  test::LeafOptions options = kGood;
  options.ends = kDay * 5;
  const std::string pem = authorities().root.issue(options).chain_pem;
  ImportRules rules = rules_for(first(pem));
  EXPECT_THAT(codes(judge(rules, parsed(pem), kNow).warnings), ElementsAre(kExpiresSoon));
  EXPECT_TRUE(judge(rules, parsed(pem), kNow).is_accepted());
  rules.warn_below = std::chrono::days{3};
  EXPECT_TRUE(judge(rules, parsed(pem), kNow).warnings.empty());
}

struct BadLeaf {
  const char* name;
  std::function<void(test::LeafOptions&)> spoil;
  std::vector<Reason> reasons;  // all, and no other
  const char* words;
};
class RefusedLeaf : public testing::TestWithParam<BadLeaf> {};
TEST_P(RefusedLeaf, WithEveryReasonAndNoOther) {
  test::LeafOptions options = kGood;
  GetParam().spoil(options);
  const std::string pem = authorities().root.issue(options).chain_pem;
  const Judgement judgement = judge(rules_for(first(pem)), parsed(pem), kNow);
  EXPECT_THAT(codes(judgement.refusals), UnorderedElementsAreArray(GetParam().reasons))
      << judgement.refusal_text();
  EXPECT_THAT(judgement.refusal_text(), HasSubstr(GetParam().words));
  EXPECT_TRUE(judgement.chain.empty());
}
INSTANTIATE_TEST_SUITE_P(
    , RefusedLeaf,
    testing::ValuesIn(std::vector<BadLeaf>{
        {"AnotherName",
         [](auto& o) { o.dns_names = {"mx2.example"}; },
         {kMissingName},
         "gateway.example is not in"},
        {"NameOfAParent", [](auto& o) { o.dns_names = {"example"}; }, {kMissingName}, "gateway.example"},
        {"WildcardIsNotTheName",
         [](auto& o) { o.dns_names = {"*.example"}; },
         {kMissingName},
         "gateway.example"},
        {"NoSubjectAltName",
         [](auto& o) {
           o.dns_names.clear();
           o.common_name = "gateway.example";
         },
         {kNoSubjectAltName},
         "names no host"},
        {"Expired",
         [](auto& o) {
           o.begins = -kDay * 9;
           o.ends = -kDay;
         },
         {kExpired},
         "expired on"},
        {"NotYetValid", [](auto& o) { o.begins = kDay; }, {kNotYetValid}, "valid only from"},
        {"DatesReversed",
         [](auto& o) {
           o.begins = -kDay;
           o.ends = -kDay * 2;
         },
         {kDatesReversed},
         "ends before it begins"},
        {"ServerOnly", [](auto& o) { o.is_client = false; }, {kWrongPurpose}, "clientAuth"},
        {"ClientOnly", [](auto& o) { o.is_server = false; }, {kWrongPurpose}, "serverAuth"},
        {"NoExtendedKeyUsage", [](auto& o) { o.extended_key_usage = ""; }, {kWrongPurpose}, "what it is for"},
        {"AnyExtendedKeyUsage",
         [](auto& o) { o.extended_key_usage = "serverAuth,clientAuth,anyExtendedKeyUsage"; },
         {kWrongPurpose},
         "'any'"},
        {"OnlyAny",
         [](auto& o) { o.extended_key_usage = "anyExtendedKeyUsage"; },
         {kWrongPurpose, kWrongPurpose, kWrongPurpose},
         "'any'"},
        {"CodeSigning",
         [](auto& o) { o.extended_key_usage = "codeSigning"; },
         {kWrongPurpose, kWrongPurpose},
         "lacks serverAuth"},
        {"ACa", [](auto& o) { o.is_ca = true; }, {kIsCa}, "authority"},
        {"Sha1", [](auto& o) { o.hash = "SHA1"; }, {kWeakSignature}, "ecdsa-with-SHA1"},
        {"Rsa1024", [](auto& o) { o.key = "RSA-1024"; }, {kWeakKey}, "RSA 1024"},
        {"RsaNotWholeOctets", [](auto& o) { o.key = "RSA-2052"; }, {kWeakKey}, "RSA 2052"},
        {"P521", [](auto& o) { o.key = "P-521"; }, {kWeakKey}, "P-256"},
        {"Ed25519", [](auto& o) { o.key = "ED25519"; }, {kWeakKey, kSecondOpinion}, "another kind of key"},
        {"SerialZero", [](auto& o) { o.serial_hex = "00"; }, {kBadSerial}, "serial"},
        {"SerialNegative", [](auto& o) { o.serial_hex = "-7f"; }, {kBadSerial, kSecondOpinion}, "serial"},
        {"SerialOf21Octets",
         [](auto& o) { o.serial_hex = "01" + std::string(40, '0'); },
         {kBadSerial},
         "1 to 20 octets"},
        {"Everything",
         [](auto& o) {
           o.dns_names = {"other.example"};
           o.is_client = false;
           o.hash = "SHA1";
           o.begins = -kDay * 9;
           o.ends = -kDay;
         },
         {kMissingName, kWrongPurpose, kWeakSignature, kExpired},
         "; "},
    }),
    [](const auto& c) { return std::string(c.param.name); });

TEST(Judge, RefusesAVersion1Certificate) {
  test::LeafOptions options = kGood;
  options.is_version_1 = true;
  const std::string pem = authorities().root.issue(options).chain_pem;
  EXPECT_THAT(codes(judge(rules_for(first(pem)), parsed(pem), kNow).refusals),
              testing::IsSupersetOf({kNotVersion3, kNoSubjectAltName, kWrongPurpose}));
}

TEST(Judge, RefusesACertificateForAnotherKey) {
  const std::string pem = authorities().root.issue(kGood).chain_pem;
  const std::string ours = authorities().root.issue(kGood).chain_pem;  // the same names, our key
  const Judgement judgement = judge(rules_for(first(ours)), parsed(pem), kNow);
  EXPECT_THAT(codes(judgement.refusals), ElementsAre(kWrongKey));
  EXPECT_THAT(judgement.refusal_text(), HasSubstr("another key"));
}

TEST(Judge, RefusesTwoLeavesEvenIfOneIsOurs) {
  const std::string ours = authorities().root.issue(kGood).chain_pem;
  const std::string other = authorities().root.issue(kGood).chain_pem;
  const Judgement judgement = judge(rules_for(first(ours)), parsed(other + ours), kNow);
  EXPECT_THAT(codes(judgement.refusals), ElementsAre(kTwoLeaves));
}

TEST(Judge, RefusesAuthoritiesAlone) {
  const std::string ours = authorities().root.issue(kGood).chain_pem;
  EXPECT_THAT(codes(judge(rules_for(first(ours)), parsed(authorities().root.pem()), kNow).refusals),
              ElementsAre(kNoCertificate));
  EXPECT_THAT(codes(judge(rules_for(first(ours)), {}, kNow).refusals), ElementsAre(kNoCertificate));
}

TEST(Judge, RefusesTheOneThatIsInUse) {
  const std::string pem = authorities().root.issue(kGood).chain_pem;
  ImportRules rules = rules_for(first(pem));
  rules.active_fingerprint = first(pem).fingerprint;
  EXPECT_THAT(codes(judge(rules, parsed(pem), kNow).refusals), ElementsAre(kSameAsActive));
}

TEST(Judge, RefusesAForeignRootOfTheSameName) {
  const std::string pem = authorities().foreign.issue(kGood).chain_pem;
  const auto alone = judge(rules_for(first(pem)), parsed(pem), kNow);
  EXPECT_THAT(codes(alone.refusals), testing::Each(testing::AnyOf(kNotChained, kBadChain)));
  EXPECT_THAT(codes(alone.refusals), testing::Contains(kNotChained));
  const auto with_root = judge(rules_for(first(pem)), parsed(pem + authorities().foreign.pem()), kNow);
  EXPECT_THAT(codes(with_root.refusals), testing::Contains(kNotChained));
  EXPECT_THAT(with_root.refusal_text(), HasSubstr("Stand-in Root"));
}

TEST(Judge, NamesTheIntermediateThatIsMissing) {
  const std::string pem = authorities().below.issue(kGood).chain_pem;
  const Judgement judgement = judge(rules_for(first(pem)), parsed(pem), kNow);
  EXPECT_THAT(codes(judgement.refusals), ElementsAre(kNotChained));
  EXPECT_THAT(judgement.refusal_text(), HasSubstr("CN=Stand-in Issuer"));
}

TEST(Judge, BelievesNothingWithoutAPinnedRoot) {
  const std::string pem = authorities().root.issue(kGood).chain_pem;
  ImportRules rules = rules_for(first(pem));
  rules.roots.clear();
  EXPECT_THAT(codes(judge(rules, parsed(pem + authorities().root.pem()), kNow).refusals),
              ElementsAre(kNoRoots));
}

TEST(Judge, AnUnknownAuthorityWithOurKeyIsRefused) {
  const test::TestCa self("gateway.example");
  const std::string pem = self.pem();  // self-signed, an authority, and with "our" key
  EXPECT_THAT(codes(judge(rules_for(first(pem)), parsed(pem), kNow).refusals),
              testing::IsSupersetOf({kIsCa, kNotChained}));
}

TEST(Judge, DatesOfTheWholePathCount) {
  const test::TestCa old =
      authorities().root.intermediate("Old Issuer", {.begins = -kDay * 20, .ends = -kDay});
  const std::string pem = test::TestCa(authorities().root.intermediate("x")).pem();
  test::TestCa issuer = authorities().root.intermediate("Old Issuer", {.begins = -kDay * 20, .ends = -kDay});
  const std::string leaf = issuer.issue(kGood).chain_pem;
  const Judgement judgement = judge(rules_for(first(leaf)), parsed(leaf + issuer.pem()), kNow);
  EXPECT_THAT(codes(judgement.refusals), ElementsAre(kExpired));
  EXPECT_THAT(judgement.refusal_text(), HasSubstr("Old Issuer"));
}

TEST(Judge, AWeakIntermediateIsRefused) {
  test::TestCa sha1 = authorities().root.intermediate("Sha1 Issuer", {.hash = "SHA1"});
  std::string leaf = sha1.issue(kGood).chain_pem;
  EXPECT_THAT(codes(judge(rules_for(first(leaf)), parsed(leaf + sha1.pem()), kNow).refusals),
              testing::Contains(kWeakSignature));
  test::TestCa small = authorities().root.intermediate("Small Issuer", {.key = "RSA-1024"});
  leaf = small.issue(kGood).chain_pem;
  EXPECT_THAT(codes(judge(rules_for(first(leaf)), parsed(leaf + small.pem()), kNow).refusals),
              testing::Contains(kWeakKey));
}

TEST(Judge, NameConstraintsAreEnforcedAndDoNotStopTheSecondReading) {
  for (const auto& [permitted, reasons] :
       {std::pair(std::string("permitted;DNS:example"), std::vector<Reason>{}),
        std::pair(std::string("permitted;DNS:other"), std::vector<Reason>{kBadChain})}) {
    test::TestCa issuer = authorities().root.intermediate("Bounded", {.name_constraints = permitted});
    const std::string leaf = issuer.issue(kGood).chain_pem;
    const Judgement judgement = judge(rules_for(first(leaf)), parsed(leaf + issuer.pem()), kNow);
    EXPECT_EQ(codes(judgement.refusals), reasons) << judgement.refusal_text();
  }
}

TEST(Judge, AClockThatIsALittleBehindIsForgiven) {
  const std::string pem = authorities().root.issue(kGood).chain_pem;
  const Certificate leaf = first(pem);
  ImportRules rules = rules_for(leaf);
  const auto at = [&](WallTime now) { return codes(judge(rules, parsed(pem), now).refusals); };
  EXPECT_THAT(at(leaf.not_before - kClockSkew), ElementsAre());
  EXPECT_THAT(at(leaf.not_before - kClockSkew - std::chrono::seconds(1)), ElementsAre(kNotYetValid));
  EXPECT_THAT(at(leaf.not_after), ElementsAre());
}

TEST(Judge, WhatTheSecondReaderCannotReadIsRefused) {
  test::TestCa root("Edwards Root", {.key = "ED25519", .hash = ""});
  test::LeafOptions options = kGood;
  options.hash = "";
  const std::string pem = root.issue(options).chain_pem;
  ImportRules rules = rules_for(first(pem));
  rules.roots = {first(root.pem())};
  EXPECT_THAT(codes(judge(rules, parsed(pem), kNow).refusals), testing::Contains(kSecondOpinion));
}

TEST(Judge, NoByteOfTheLeafCanBeFlipped) {
  const Certificate leaf = first(authorities().root.issue(kGood).chain_pem);
  const ImportRules rules = rules_for(leaf);
  std::size_t read = 0;
  for (std::size_t at = 0; at < leaf.der.size(); ++at) {
    Bytes der = leaf.der;
    der[at] ^= std::byte{0x01};
    const auto other = parse_certificate(der);
    if (!other) continue;
    ++read;
    EXPECT_FALSE(judge(rules, {&*other, 1}, kNow).is_accepted()) << at;
  }
  EXPECT_GT(read, 100U);
}

TEST(Reason, HasAName) {
  EXPECT_EQ(to_string(kNoCertificate), "no-certificate");
  EXPECT_EQ(to_string(kSameAsActive), "same-as-active");
  EXPECT_EQ(to_string(kExpiresSoon), "expires-soon");
}

}  // namespace
}  // namespace privyseal::ca
