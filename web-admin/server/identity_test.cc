#include "web-admin/server/identity.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "tests/support/certificates.h"
#include "tests/support/temp_folder.h"

namespace privyseal::web {
namespace {

using testing::HasSubstr;
using testing::Not;

/// Keys in files take the place of keyd's: one that is not there yet is a keyd that is away.
class ConsoleIdentity : public testing::Test {
 protected:
  ConsoleIdentity() {
    write(folder_ / "openssl.cnf",
          "openssl_conf = init\n[init]\nproviders = providers\n"
          "[providers]\ndefault = default_provider\nprivyseal = privyseal_provider\n"
          "[default_provider]\nactivate = 1\n[privyseal_provider]\nmodule = " PRIVYSEAL_PROVIDER
          "\nsocket = /nonexistent\nactivate = 1\n");
    make(1);
    activate(1);
    identity_.emplace(
        Identity::open(tls::Library::load(folder_ / "openssl.cnf").value(), folder_.path()).value());
  }

  static void write(const std::filesystem::path& file, const std::string& text) {
    std::ofstream(file, std::ios::binary) << text;
  }
  [[nodiscard]] std::filesystem::path key_file(int number) const {
    return folder_ / ("key-" + std::to_string(number));
  }
  void make(int number) {
    const test::Credential made = ca_.issue({.dns_names = {"console.example"}});
    const auto generation = folder_ / std::to_string(number);
    std::filesystem::create_directory(generation);
    write(generation / "chain.pem", made.chain_pem);
    write(generation / "key.uri", "file:" + key_file(number).string() + "\n");
    write(key_file(number), made.key_pem);
  }
  void activate(int number) {
    std::filesystem::remove(folder_ / "active");
    std::filesystem::create_symlink(std::to_string(number), folder_ / "active");
  }
  void take_key_away(int number) { std::filesystem::rename(key_file(number), folder_ / "away"); }
  void bring_key_back(int number) { std::filesystem::rename(folder_ / "away", key_file(number)); }
  /// What one look says in the log.
  std::string refresh() {
    testing::internal::CaptureStderr();
    identity_->refresh();
    return testing::internal::GetCapturedStderr();
  }

  test::TempFolder folder_;
  test::TestCa ca_{"Console CA"};
  std::optional<Identity> identity_;
};

TEST_F(ConsoleIdentity, AnotherGenerationIsTaken) {
  const auto first = identity_->context();
  EXPECT_EQ(refresh(), "");
  EXPECT_EQ(identity_->context(), first);
  make(2);
  activate(2);
  EXPECT_THAT(refresh(), HasSubstr("identity-taken generation=2"));
  EXPECT_NE(identity_->context(), first);
  EXPECT_EQ(refresh(), "");
}

TEST_F(ConsoleIdentity, WhatDoesNotLoadIsTriedAtEachLookAndSaidOnce) {
  const auto first = identity_->context();
  make(2);
  take_key_away(2);
  activate(2);
  EXPECT_THAT(refresh(), HasSubstr("identity-not-taken generation=2"));
  EXPECT_EQ(refresh(), "");
  EXPECT_EQ(identity_->context(), first) << "the old one stays in place";
  bring_key_back(2);
  EXPECT_THAT(refresh(), HasSubstr("identity-taken generation=2"));
  EXPECT_NE(identity_->context(), first);
}

TEST_F(ConsoleIdentity, EachRefusalOfItsOwnIsSaid) {
  make(2);
  take_key_away(2);
  activate(2);
  EXPECT_THAT(refresh(), HasSubstr("identity-not-taken"));
  activate(1);
  EXPECT_EQ(refresh(), "") << "it was taken back";
  activate(2);
  EXPECT_THAT(refresh(), HasSubstr("identity-not-taken"));
  std::filesystem::remove(folder_ / "active");
  EXPECT_THAT(refresh(), HasSubstr("identity-not-taken"));
  EXPECT_THAT(refresh(), Not(HasSubstr("identity-not-taken")));
}

}  // namespace
}  // namespace privyseal::web
