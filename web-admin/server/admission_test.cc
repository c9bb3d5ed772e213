#include "web-admin/server/admission.h"

#include <gtest/gtest.h>

namespace privyseal::web {
namespace {

constexpr Admission::Limits kLimits{
    .per_source = 2, .total = 5, .reserve = 2, .remembered = std::chrono::minutes(10)};
constexpr Admission::Time kNow{std::chrono::hours(1)};

TEST(Admission, OneSourceTakesOnlyItsShare) {
  Admission admission(kLimits);
  EXPECT_TRUE(admission.enter("a", kNow));
  EXPECT_TRUE(admission.enter("a", kNow));
  EXPECT_FALSE(admission.enter("a", kNow));
  EXPECT_TRUE(admission.enter("b", kNow));
  admission.leave("a");
  EXPECT_TRUE(admission.enter("a", kNow));
}

TEST(Admission, StrangersLeaveTheReserveToThoseWhoAreSignedIn) {
  Admission admission(kLimits);
  admission.signed_in("admin", kNow);
  for (const char* stranger : {"a", "b", "c"}) EXPECT_TRUE(admission.enter(stranger, kNow));
  EXPECT_FALSE(admission.enter("d", kNow));
  EXPECT_TRUE(admission.enter("admin", kNow));
  EXPECT_TRUE(admission.enter("admin", kNow));
  EXPECT_FALSE(admission.enter("admin", kNow));  // his own share is used up
}

TEST(Admission, ForgetsWhoWasSignedInLongAgo) {
  Admission admission(kLimits);
  admission.signed_in("admin", kNow);
  for (const char* stranger : {"a", "b", "c"}) EXPECT_TRUE(admission.enter(stranger, kNow));
  EXPECT_FALSE(admission.enter("admin", kNow + kLimits.remembered));
}

TEST(Admission, EvenTheSignedInStopAtTheTotal) {
  Admission admission(kLimits);
  for (const char* source : {"a", "b", "c"}) {
    admission.signed_in(source, kNow);
    EXPECT_TRUE(admission.enter(source, kNow));
  }
  EXPECT_TRUE(admission.enter("a", kNow));
  EXPECT_TRUE(admission.enter("b", kNow));
  EXPECT_FALSE(admission.enter("c", kNow));
}

}  // namespace
}  // namespace privyseal::web
