#include "ca/second_opinion.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/certificates.h"

namespace privyseal::ca {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

struct Lab {
  test::TestCa root{"Root"};
  test::TestCa below = root.intermediate("Issuer");
  std::vector<Certificate> roots = parse_certificates(bytes_of(root.pem())).value();
  std::vector<Certificate> chain =
      parse_certificates(
          bytes_of(below.issue({.dns_names = {"Gateway.example", "b.c"}}).chain_pem + below.pem()))
          .value();
};

TEST(SecondOpinion, AgreesOnAGoodChain) {
  const Lab lab;
  EXPECT_THAT(second_opinion(lab.chain, lab.roots), ElementsAre());
}

TEST(SecondOpinion, HasOneWithoutAnythingToRead) {
  const Lab lab;
  EXPECT_EQ(second_opinion({}, lab.roots).size(), 1U);
  EXPECT_EQ(second_opinion(lab.chain, {}).size(), 1U);
}

TEST(SecondOpinion, RefusesAChainThatLeadsElsewhere) {
  Lab lab;
  const Lab other;
  EXPECT_THAT(second_opinion(lab.chain, other.roots), ElementsAre(HasSubstr("does not accept")));
  lab.chain.pop_back();
  EXPECT_THAT(second_opinion(lab.chain, lab.roots), ElementsAre(HasSubstr("does not accept")));
}

TEST(SecondOpinion, LeavesDatesToTheFirst) {
  test::TestCa root("Root");
  const auto chain = parse_certificates(bytes_of(
      root.issue({.dns_names = {"a.b"}, .begins = std::chrono::hours(-48), .ends = std::chrono::hours(-24)})
          .chain_pem));
  EXPECT_THAT(second_opinion(*chain, *parse_certificates(bytes_of(root.pem()))), ElementsAre());
}

// One of the two readers is fooled here: what it says differs from what stands in the certificate.
struct Fooled {
  const char* name;
  void (*change)(Certificate&);
  const char* words;
};
class FooledReader : public testing::TestWithParam<Fooled> {};
TEST_P(FooledReader, IsFound) {
  Lab lab;
  GetParam().change(lab.chain.front());
  EXPECT_THAT(second_opinion(lab.chain, lab.roots), ElementsAre(HasSubstr(GetParam().words)));
}
INSTANTIATE_TEST_SUITE_P(
    , FooledReader,
    testing::ValuesIn(std::to_array<Fooled>({
        {"Serial", [](Certificate& c) { c.serial = "01"; }, "serial"},
        {"Key", [](Certificate& c) { c.public_key.back() ^= std::byte{1}; }, "public key"},
        {"Begin", [](Certificate& c) { c.not_before += std::chrono::seconds(1); }, "validity"},
        {"End", [](Certificate& c) { c.not_after += std::chrono::days(1); }, "validity"},
        {"Names", [](Certificate& c) { c.dns_names.push_back("evil.example"); }, "names"},
        {"Version", [](Certificate& c) { c.version = 1; }, "version"},
        {"Authority", [](Certificate& c) { c.is_ca = true; }, "role"},
        {"Server", [](Certificate& c) { c.extended_key_usage.server = false; }, "uses"},
        {"Client", [](Certificate& c) { c.extended_key_usage.client = false; }, "uses"},
    })),
    [](const auto& c) { return std::string(c.param.name); });

}  // namespace
}  // namespace privyseal::ca
