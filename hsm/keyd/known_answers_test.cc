#include "hsm/keyd/known_answers.h"

#include <gtest/gtest.h>

namespace privyseal::keyd {
namespace {

TEST(KnownAnswers, AreGiven) {
  const auto checked = check_known_answers();
  EXPECT_TRUE(checked) << checked.error().message;
}

}  // namespace
}  // namespace privyseal::keyd
