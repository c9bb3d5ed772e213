#include "provisioning/box/screen.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "tests/support/temp_folder.h"

namespace privyseal::provisioning {
namespace {

using testing::HasSubstr;

class ScreenTest : public testing::Test {
 protected:
  void put(const std::string& path, const std::string& text) const {
    std::filesystem::create_directories((folder_.path() / path).parent_path());
    std::ofstream(folder_.path() / path) << text;
  }
  [[nodiscard]] std::string text() const { return screen_text(folder_.path(), "as the console says"); }
  test::TempFolder folder_;
};

TEST_F(ScreenTest, ABoxThatWasJustSwitchedOnIsNotYetProvisioned) {
  EXPECT_THAT(text(), HasSubstr("provisioned  not yet"));
}

TEST_F(ScreenTest, ARefusedFileIsSaidSo) {
  put("run/privyseal-verify/refusal", "its signature is not by the key that this box trusts\n");
  EXPECT_THAT(text(), HasSubstr("provisioned  NO: its signature is not by the key that this box trusts"));
}

TEST_F(ScreenTest, ASignedFileThatBreaksARuleIsSaidSo) {
  put("run/privyseal/refusal", "provisioning file: hostname must be a host name\n");
  EXPECT_THAT(text(), HasSubstr("NO: provisioning file: hostname must be a host name"));
}

TEST_F(ScreenTest, WhatBecameOfTheDisksFileIsSaid) {
  put("run/privyseal/provisioned", "gateway.lawfirm.example\n");
  EXPECT_THAT(text(), testing::Not(HasSubstr("setup disk")));
  put("run/privyseal/setup-disk", "not used: its serial 1 is not higher than 2, that of the file in use\n");
  EXPECT_THAT(
      text(),
      HasSubstr("  provisioned  yes, as gateway.lawfirm.example\n"
                "  setup disk   not used: its serial 1 is not higher than 2, that of the file in use\n"
                "  keys "));
}

TEST_F(ScreenTest, AProvisionedBoxNamesWhatItWaitsFor) {
  put("run/privyseal/provisioned", "gateway.lawfirm.example\n");
  put("var/lib/privyseal-renewd/identities/lan/active/chain.pem", "");
  const std::string shown = text();
  EXPECT_THAT(shown, HasSubstr("provisioned  yes, as gateway.lawfirm.example"));
  EXPECT_THAT(shown, HasSubstr("keys         no: the key daemon does not answer"));
  EXPECT_THAT(shown, HasSubstr("mail         no: waits for the certificate of the cjsm side"));
  EXPECT_THAT(shown, HasSubstr("console      as the console says\n"));
}

TEST_F(ScreenTest, TheOwnCaIsToldByItsFingerprintInTwoLines) {
  EXPECT_THAT(text(), HasSubstr("own CA       not made yet"));
  put("var/lib/privyseal-renewd/authority/fingerprint",
      "0001 0203 0405 0607 0809 0A0B 0C0D 0E0F 1011 1213 1415 1617 1819 1A1B 1C1D 1E1F\n");
  EXPECT_THAT(text(), HasSubstr("  own CA       SHA-256 0001 0203 0405 0607 0809 0A0B 0C0D 0E0F\n"
                                "                       1011 1213 1415 1617 1819 1A1B 1C1D 1E1F\n"));
  for (const char* wrong :
       {"0001 0203", "\x1b[2J0001 0203 0405 0607 0809 0A0B 0C0D 0E0F 1011 1213 1415 1617 1819 1A1B 1C1D\n"}) {
    put("var/lib/privyseal-renewd/authority/fingerprint", wrong);
    EXPECT_THAT(text(), HasSubstr("own CA       NO: its fingerprint is none\n"));
  }
}

}  // namespace
}  // namespace privyseal::provisioning
