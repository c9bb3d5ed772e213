#include "firmware/gateway/search_keys.h"

#include <gtest/gtest.h>

namespace privyseal::gateway {
namespace {

using Keys = std::vector<std::string>;

TEST(AddressKeys, AreEachAddressAndItsDomainOnceInLowerCase) {
  EXPECT_EQ(
      address_keys("Alice@Law.example", {"bob@york.cjsm.net", "BOB@york.cjsm.net", "eve@law.example"}),
      (Keys{"@law.example", "@york.cjsm.net", "alice@law.example", "bob@york.cjsm.net", "eve@law.example"}));
  EXPECT_EQ(address_keys("", {}), Keys{});
  EXPECT_EQ(address_keys("postmaster", {"\"a@b\"@c.example"}),
            (Keys{"\"a@b\"@c.example", "@c.example", "postmaster"}));
}

TEST(SearchKey, IsWhatAPersonMeant) {
  EXPECT_EQ(search_key("  <A.B@C>  "), "a.b@c");
  EXPECT_EQ(search_key("<>"), "<>");
  EXPECT_EQ(search_key("<a"), "<a");
  EXPECT_EQ(search_key("   "), "");
}

TEST(EndOfPrefix, IsBehindAllThatBeginWithIt) {
  EXPECT_GT(end_of_prefix("bob"), "bob\xf4\x8f\xbf\xbf");
  EXPECT_LT(end_of_prefix("bob"), "boc");
}

}  // namespace
}  // namespace privyseal::gateway
