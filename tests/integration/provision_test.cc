/// The privyseal-provision program against a real keyd.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "firmware/base/file.h"
#include "tests/support/certificates.h"
#include "tests/support/process.h"
#include "tests/support/token.h"

namespace privyseal::test {
namespace {

using testing::ContainsRegex;
using testing::HasSubstr;

constexpr std::chrono::seconds kPatience{60};  // sanitizers on a busy machine
constexpr std::size_t kMaxOutputBytes = 1 << 20;

class ProvisionTest : public testing::Test {
 protected:
  struct Ended {
    int status;
    std::string output;
  };

  Ended provision(std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), {"--socket", keyd_.socket()});
    const auto output = folder_.path() / ("output-" + std::to_string(++runs_));
    auto process = ChildProcess::start({.program = PRIVYSEAL_PROVISION,
                                        .arguments = std::move(arguments),
                                        .environment = {},
                                        .output = output});
    CHECK(process.has_value());
    const auto status = process->wait(kPatience);
    return {status.value_or(-1), read(output)};
  }

  static std::string read(const std::filesystem::path& file) {
    const auto content = read_file(file, kMaxOutputBytes);
    return content ? std::string(text_of(*content)) : "";
  }

  TestKeyd keyd_;
  TempFolder folder_;
  int runs_ = 0;
};

TEST_F(ProvisionTest, FromAnEmptyTokenToACertificate) {
  EXPECT_EQ(provision({"health"}).status, 0);
  const auto made = provision({"generate", "--name", "egress", "--role", "cjsm-identity", "--type", "p256"});
  ASSERT_EQ(made.status, 0) << made.output << keyd_.log();
  EXPECT_THAT(made.output, ContainsRegex("egress +cjsm-identity +p256 +[0-9a-f]{64}"));
  EXPECT_EQ(provision({"list"}).output, made.output);
  const auto request = folder_.path() / "egress.csr";
  const auto written =
      provision({"csr", "--name", "egress", "--subject-cn", "gateway.example.cjsm.net", "--organisation",
                 "Example Council", "--dns", "gateway.example.cjsm.net", "--out", request});
  ASSERT_EQ(written.status, 0) << written.output << keyd_.log();
  TestCa ca("Stand-in CA");
  EXPECT_THAT(ca.issue_from_csr(read(request), {.dns_names = {"gateway.example.cjsm.net"}}),
              HasSubstr("BEGIN CERTIFICATE"));
  EXPECT_EQ(provision({"uses", "--json"}).output,
            R"({"uses": [{"name": "egress", "tls_client": 0, "tls_server": 0, "tls12_server": 0, "csr": 1, )"
            R"("certificate": 0, "crl": 0, "ocsp": 0, "checkpoint": 0, "refused": 0}]})"
            "\n");
}

TEST_F(ProvisionTest, ASecondKeyOfTheNameIsRefused) {
  const std::vector<std::string> words{"generate",     "--name", "lan", "--role",
                                       "lan-identity", "--type", "p384"};
  ASSERT_EQ(provision(words).status, 0);
  const auto again = provision(words);
  EXPECT_EQ(again.status, 1);
  EXPECT_THAT(again.output, HasSubstr("(conflict)"));
}

TEST_F(ProvisionTest, WrongUsageEndsWithTwo) {
  EXPECT_EQ(provision({"generate", "--name", "lan"}).status, 2);
  EXPECT_EQ(provision({"export", "--name", "lan"}).status, 2);
}

}  // namespace
}  // namespace privyseal::test
