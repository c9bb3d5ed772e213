#include "firmware/base/host_port.h"

#include <gtest/gtest.h>

#include <array>

namespace privyseal {
namespace {

struct Case {
  const char* text;
  const char* host;
  std::uint16_t port;
};

TEST(HostPortText, IsReadAndWrittenBack) {
  for (const auto& [text, host, port] :
       std::to_array<Case>({{"relay.example:25", "relay.example", 25},
                            {"192.0.2.1:0", "192.0.2.1", 0},
                            {"[2001:db8::1]:65535", "2001:db8::1", 65535}})) {
    const auto parsed = parse_host_port(text);
    ASSERT_TRUE(parsed) << text;
    EXPECT_EQ(parsed->host, host);
    EXPECT_EQ(parsed->port, port);
    EXPECT_EQ(parsed->text(), text);
  }
}

TEST(HostPortText, IsRefusedWhenItIsAnythingElse) {
  for (const std::string_view text : {"", ":", ":25", "relay", "relay:", "relay:x", "relay:+1", "relay:-1",
                                      "relay:25 ", "relay:65536", "[:25", "[]:25", "[::1:25", "::1:25",
                                      "[relay]:25", "[192.0.2.1]:25", "[::1]", "[::1]:", "[::1%lo]:25"})
    EXPECT_FALSE(parse_host_port(text)) << text;
  EXPECT_FALSE(parse_host_port(std::string_view("[::1\0]:25", 9)));
}

TEST(IpAddress, IsToldFromAName) {
  for (const char* text : {"192.0.2.1", "::1", "2001:db8::1", "::ffff:192.0.2.1"})
    EXPECT_TRUE(is_ip_address(text)) << text;
  for (const char* text : {"", "192.0.2", "192.0.2.256", "192.0.2.1/24", "[::1]", "fe80::1%lo", "localhost"})
    EXPECT_FALSE(is_ip_address(text)) << text;
  EXPECT_FALSE(is_ip_address(std::string("::1\0", 4)));
}

}  // namespace
}  // namespace privyseal
