#include "firmware/gateway/client_list.h"

#include <gtest/gtest.h>

#include <array>

namespace privyseal::gateway {
namespace {

struct Case {
  const char* name;
  std::vector<std::string> networks;
  const char* address;
  bool contained;
};

class ClientAddress : public testing::TestWithParam<Case> {};

TEST_P(ClientAddress, IsListedOrNot) {
  const auto list = ClientList::parse(GetParam().networks);
  ASSERT_TRUE(list.has_value());
  EXPECT_EQ(list->contains(boost::asio::ip::make_address(GetParam().address)), GetParam().contained);
}

INSTANTIATE_TEST_SUITE_P(, ClientAddress,
                         testing::ValuesIn(std::to_array<Case>({
                             {"Same", {"192.0.2.7"}, "192.0.2.7", true},
                             {"Neighbour", {"192.0.2.7"}, "192.0.2.8", false},
                             {"FirstOfNetwork", {"192.0.2.0/24"}, "192.0.2.0", true},
                             {"LastOfNetwork", {"192.0.2.0/24"}, "192.0.2.255", true},
                             {"BesideNetwork", {"192.0.2.0/24"}, "192.0.3.0", false},
                             {"NetworkWithHostBits", {"192.0.2.77/24"}, "192.0.2.1", true},
                             {"SecondEntry", {"192.0.2.7", "198.51.100.0/30"}, "198.51.100.3", true},
                             {"SixInSix", {"2001:db8::/32"}, "2001:db8:1::1", true},
                             {"SixOutside", {"2001:db8::/32"}, "2001:db9::1", false},
                             {"FourOverSix", {"192.0.2.7"}, "::ffff:192.0.2.7", true},
                             {"FourInSixNetwork", {"::/0"}, "192.0.2.7", false},
                             {"SixInFourNetwork", {"0.0.0.0/0"}, "2001:db8::1", false},
                             {"EmptyList", {}, "127.0.0.1", false},
                         })),
                         [](const auto& c) { return std::string(c.param.name); });

TEST(ClientList, RefusesWhatIsNoNetwork) {
  for (const char* text :
       {"", "localhost", "192.0.2", "192.0.2.0/33", "192.0.2.0/", "192.0.2.0/-1", "2001:db8::/129", "*"})
    EXPECT_FALSE(ClientList::parse({text}).has_value()) << text;
}

}  // namespace
}  // namespace privyseal::gateway
