#include "hsm/keyd/pin_refusal.h"

#include <gtest/gtest.h>

#include "firmware/base/file.h"
#include "tests/support/temp_folder.h"

namespace privyseal::keyd {
namespace {

class PinRefusalTest : public testing::Test {
 protected:
  void write_pin(std::string_view pin) { ASSERT_TRUE(replace_file(pin_file, bytes_of(pin), 0400)); }

  const test::TempFolder folder;
  const std::filesystem::path pin_file = folder.path() / "pin";
  PinRefusal refusal{folder.path(), pin_file};
};

TEST_F(PinRefusalTest, AllowsAPinThatWasNeverTried) {
  write_pin("one");
  EXPECT_TRUE(refusal.check());
}

TEST_F(PinRefusalTest, OutlivesTheProcess) {
  write_pin("one");
  ASSERT_TRUE(refusal.record(refusal.identity().value()));
  const auto checked = PinRefusal(folder.path(), pin_file).check();
  ASSERT_FALSE(checked);
  EXPECT_EQ(checked.error().code, ErrorCode::kDenied);
}

TEST_F(PinRefusalTest, EndsWithAnotherPinFile) {
  write_pin("one");
  ASSERT_TRUE(refusal.record(refusal.identity().value()));
  write_pin("two");  // same length, another file
  EXPECT_TRUE(refusal.check());
}

TEST_F(PinRefusalTest, HoldsNothingOfThePin) {
  write_pin("secret-pin-1234");
  ASSERT_TRUE(refusal.record(refusal.identity().value()));
  const auto record = read_file(folder.path() / "pin-refused", 1000);
  ASSERT_TRUE(record);
  EXPECT_EQ(text_of(*record).find("secret"), std::string_view::npos);
}

TEST_F(PinRefusalTest, HoldsInThisProcessEvenWhereItCouldNotBeWrittenDown) {
  write_pin("one");
  const auto tried = refusal.identity();
  ASSERT_TRUE(tried);
  PinRefusal without_room(folder.path() / "missing", pin_file);
  ASSERT_FALSE(without_room.record(*tried));
  std::filesystem::create_directory(folder.path() / "missing");
  EXPECT_EQ(without_room.check().error().code, ErrorCode::kDenied);
  write_pin("two");
  EXPECT_TRUE(without_room.check());
}

TEST_F(PinRefusalTest, IsOfTheFileThatWasTried) {
  write_pin("one");
  const auto tried = refusal.identity();
  write_pin("two");  // while the token was asked
  ASSERT_TRUE(refusal.record(*tried));
  EXPECT_TRUE(refusal.check());
}

TEST_F(PinRefusalTest, DoesNotAllowWhatItCannotKnow) {
  EXPECT_FALSE(refusal.check()) << "no PIN file";
  write_pin("one");
  EXPECT_FALSE(PinRefusal(folder.path() / "missing", pin_file).check()) << "nowhere to record";
  std::filesystem::create_directory(folder.path() / "pin-refused");
  EXPECT_FALSE(refusal.check()) << "the record cannot be read";
}

}  // namespace
}  // namespace privyseal::keyd
