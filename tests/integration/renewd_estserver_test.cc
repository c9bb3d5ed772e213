// Certificates by EST from a server that we did not write (Debian's estserver, libest).
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <format>

#include "firmware/base/check.h"
#include "firmware/base/file.h"
#include "tests/integration/renewd_lab.h"

namespace privyseal::test {
namespace {

using testing::HasSubstr;

class RenewdEstServer : public testing::Test {
 protected:
  RenewdEstServer() : folder_(lab.keyd.folder() / "estserver") {
    CHECK(std::filesystem::create_directory(folder_));
    CHECK(::chmod(folder_.c_str(), 0755) == 0);
    auto started = ChildProcess::start({.program = PRIVYSEAL_ESTSERVER,
                                        .arguments = {folder_.string(), std::to_string(port_)},
                                        .environment = {"PATH=/usr/bin:/bin"},
                                        .output = folder_ / "log"});
    CHECK(started.has_value());
    process_ = std::make_unique<ChildProcess>(std::move(*started));
    CHECK(wait_for_port(port_));
  }

  void start(const std::string& password) {
    const auto file = lab.keyd.folder() / "est-password";
    CHECK(replace_file(file, bytes_of(password), 0400).has_value());
    CHECK(::chown(file.c_str(), kRenewalUid, kRenewalUid) == 0);
    lab.start(
        std::format("[identity.cjsm]\nissuer = \"est\"\ncommon_name = \"{0}\"\ndns_names = [\"{0}\"]\n"
                    "roots = \"{1}/root.pem\"\n[est]\nurl = \"https://127.0.0.1:{2}\"\n"
                    "server_name = \"est.egress.example\"\nca = \"{1}/server-ca.pem\"\nuser = \"estuser\"\n"
                    "password_file = \"{3}\"\n",
                    kGatewayName, folder_.string(), port_, file.string()));
  }
  void wait_for_active(std::int64_t generation) {
    ASSERT_TRUE(lab.renewd->wait_for("cjsm", [&](const auto& i) { return active_of(i) == generation; }))
        << to_text(lab.renewd->identity("cjsm"));
  }

  RenewdLab lab;

 private:
  const std::uint16_t port_ = free_port();
  const std::filesystem::path folder_;
  std::unique_ptr<ChildProcess> process_;
};

TEST_F(RenewdEstServer, IssuesAndRenews) {
  start("estpwd\n");
  wait_for_active(1);
  ASSERT_TRUE(lab.renewd->ask("cert-renew", {{"identity", "cjsm"}}));
  wait_for_active(2);
  const JsonObject identity = lab.renewd->identity("cjsm");
  EXPECT_EQ(text_in(identity, "active", "issuer"), "CN=estserver CA");
  EXPECT_NE(text_in(identity, "active", "serial"), text_in(identity, "previous", "serial"));
  EXPECT_TRUE(lab.answers("cjsm-2"));
  EXPECT_EQ(lab.key_pairs(), 2U);
}

TEST_F(RenewdEstServer, ThatDoesNotKnowUsIsReportedAndNoSecondKeyIsMade) {
  start("wrong\n");
  EXPECT_TRUE(lab.renewd->wait_for("cjsm", [](const auto& i) { return alarm_of(i).contains("401"); }))
      << to_text(lab.renewd->identity("cjsm"));
  ASSERT_TRUE(lab.renewd->ask("cert-renew", {{"identity", "cjsm"}}));
  EXPECT_TRUE(wait_until([&] {
    const std::string log = lab.audit();
    const auto first = log.find("\"request-refused\"");
    return first != std::string::npos && log.find("\"request-refused\"", first + 1) != std::string::npos;
  }));
  EXPECT_EQ(lab.key_pairs(), 1U);
}

}  // namespace
}  // namespace privyseal::test
