#include <gtest/gtest.h>

#include "hsm/client.h"
#include "tests/support/token.h"

namespace privyseal::test {
namespace {

TEST(Keyd, MakesAKeyAndSignsAHandshake) {
  TestKeyd keyd;
  hsm::Client provisioning(keyd.socket());
  const auto key = provisioning.generate("egress", hsm::KeyRole::kCjsmIdentity, hsm::KeyType::kEcP256);
  ASSERT_TRUE(key) << key.error().message << keyd.log();
  const auto found = provisioning.find_key("egress");
  ASSERT_TRUE(found) << found.error().message << keyd.log();
  EXPECT_EQ(*found, *key);
  EXPECT_EQ(keyd.stop(), 0) << keyd.log();
}

}  // namespace
}  // namespace privyseal::test
