#include "provisioning/box/chosen_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <format>
#include <fstream>

#include "provisioning/box/test_site.h"
#include "tests/support/temp_folder.h"

namespace privyseal::provisioning {
namespace {

using testing::HasSubstr;

/// As privyseal-verify leaves its folder.
class ChosenFileTest : public testing::Test {
 protected:
  void put(const std::string& file, const std::string& text) const { std::ofstream(folder_ / file) << text; }
  void put_kept(int serial, const std::string& further = "") const {
    put("kept.toml", site(serial, "kept") + further);
  }
  void put_disk(int serial, const std::string& further = "") const {
    put("disk.toml", site(serial, "disk") + further);
  }
  static std::string site(int serial, const std::string& organisation) {
    std::string text = test::site_text();
    text.replace(0, text.find('\n'), "organisation = \"" + organisation + "\"");
    return std::format("serial = {}\n", serial) + text;
  }
  /// Which of both counts; what is told goes into of_disk_.
  std::string choice() {
    const auto file = choose_file(folder_.path());
    if (!file) return "none: " + file.error().message;
    of_disk_ = file->of_disk;
    EXPECT_EQ(file->bundle, folder_ / (file->site.organisation + ".bundle"));
    return file->site.organisation;
  }

  std::string of_disk_;
  privyseal::test::TempFolder folder_;
};

TEST_F(ChosenFileTest, TheFirstDiskCountsWhateverItsSerial) {
  put_disk(0);
  EXPECT_EQ(choice(), "disk");
  EXPECT_EQ(of_disk_, "");
}

TEST_F(ChosenFileTest, WithoutADiskTheKeptFileCounts) {
  put_kept(3);
  EXPECT_EQ(choice(), "kept");
  EXPECT_EQ(of_disk_, "");
}

TEST_F(ChosenFileTest, AHigherSerialReplacesTheKeptFile) {
  put_kept(1);
  put_disk(2);
  EXPECT_EQ(choice(), "disk");
  EXPECT_EQ(of_disk_, "used from now on: its serial 2 is higher than 1");
}

TEST_F(ChosenFileTest, FilesOfATimeWithoutSerialsAreOlderThanAnyWithOne) {
  put("kept.toml", test::site_text());
  put_disk(1);
  EXPECT_EQ(choice(), "disk");
  put_kept(1);
  put("disk.toml", test::site_text());
  EXPECT_EQ(choice(), "kept");
  EXPECT_EQ(of_disk_, "not used: its serial 0 is not higher than 1, that of the file in use");
}

TEST_F(ChosenFileTest, AnOldDiskBringsBackNothing) {
  put_kept(2);
  put_disk(1);
  EXPECT_EQ(choice(), "kept");
  EXPECT_EQ(of_disk_, "not used: its serial 1 is not higher than 2, that of the file in use");
}

TEST_F(ChosenFileTest, OneSerialForTwoFilesChangesNothing) {
  put_kept(2);
  put_disk(2);
  EXPECT_EQ(choice(), "kept");
  EXPECT_EQ(of_disk_, "not used: its serial 2 is not higher than 2, that of the file in use");
}

TEST_F(ChosenFileTest, TheDiskThatTheBoxWasSetUpFromMayStay) {
  put_kept(2);
  std::filesystem::copy_file(folder_ / "kept.toml", folder_ / "disk.toml");
  EXPECT_EQ(choice(), "kept");
  EXPECT_EQ(of_disk_, "");
}

TEST_F(ChosenFileTest, ADiskThatBreaksARuleDoesNotStopABoxThatWorks) {
  put_kept(1);
  put_disk(2, "[unheard]\nof = 1\n");
  EXPECT_EQ(choice(), "kept");
  EXPECT_THAT(of_disk_, HasSubstr("refused, the box goes on as before: "));
  EXPECT_THAT(of_disk_, HasSubstr("unheard.of is no known setting"));
  for (const char* broken : {"serial = \"2\"\n", "serial = -2\n", "no TOML", ""}) {
    put("disk.toml", broken);
    EXPECT_EQ(choice(), "kept") << broken;
    EXPECT_NE(of_disk_, "") << broken;
  }
}

TEST_F(ChosenFileTest, ADiskThatTheVerifierRefusedIsTold) {
  put_kept(1);
  put("disk.refusal", "its signature is not by the key that this box trusts\n");
  EXPECT_EQ(choice(), "kept");
  EXPECT_EQ(of_disk_,
            "refused, the box goes on as before: its signature is not by the key that this box trusts");
}

TEST_F(ChosenFileTest, ANewerFileMendsAKeptOneThatBreaksARule) {
  put_kept(1, "[unheard]\nof = 1\n");
  put_disk(1);
  EXPECT_THAT(choice(), HasSubstr("none: "));
  put_disk(2);
  EXPECT_EQ(choice(), "disk");
}

TEST_F(ChosenFileTest, NothingCountsWhereNothingPassed) {
  EXPECT_THAT(choice(), HasSubstr("none: "));
  put("disk.refusal", "it is forged\n");
  EXPECT_THAT(choice(), HasSubstr("none: "));
  put("disk.bundle", "a bundle alone");
  EXPECT_THAT(choice(), HasSubstr("none: "));
  put_disk(1, "[unheard]\nof = 1\n");
  EXPECT_THAT(choice(), HasSubstr("unheard.of is no known setting"));
}

}  // namespace
}  // namespace privyseal::provisioning
