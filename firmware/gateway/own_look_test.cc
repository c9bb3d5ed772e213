#include "firmware/gateway/own_look.h"

#include <gtest/gtest.h>

namespace privyseal::gateway {
namespace {

bool is_look(const char* peer, const char* listen, std::string_view why) {
  return is_own_look(boost::asio::ip::make_address(peer), {.host = listen, .port = 25}, why);
}

TEST(OwnLook, ComesFromTheBoxItself) {
  EXPECT_TRUE(is_look("127.0.0.1", "192.0.2.1", "no-certificate"));
  EXPECT_TRUE(is_look("::1", "192.0.2.1", "no-certificate"));
  EXPECT_TRUE(is_look("192.0.2.1", "192.0.2.1", "no-certificate"));
  EXPECT_TRUE(is_look("2001:db8::1", "2001:db8:0::1", "no-certificate"));
  EXPECT_FALSE(is_look("192.0.2.2", "192.0.2.1", "no-certificate"));
  EXPECT_FALSE(is_look("192.0.2.2", "0.0.0.0", "no-certificate"));
  EXPECT_FALSE(is_look("0.0.0.0", "no address", "no-certificate"));
}

TEST(OwnLook, ShowsNoCertificateRatherThanAWrongOne) {
  for (const char* why :
       {"", "expired", "untrusted-issuer", "wrong-name", "connection closed during the handshake"})
    EXPECT_FALSE(is_look("127.0.0.1", "127.0.0.1", why)) << why;
}

}  // namespace
}  // namespace privyseal::gateway
