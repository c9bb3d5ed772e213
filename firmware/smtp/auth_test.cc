#include "firmware/smtp/auth.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "firmware/base/bytes.h"

namespace privyseal::smtp {
namespace {

using namespace std::string_literals;

Secret secret(const std::string& text) { return Secret(copy_of(bytes_of(text))); }

struct Good {
  std::string user;
  std::string password;
  std::string line;
};

/// The first is RFC 4616's own example, the others were made by coreutils' base64.
TEST(AuthPlain, IsOneLine) {
  for (const Good& c :
       std::vector<Good>{{"tim", "tanstaaftanstaaf", "AUTH PLAIN AHRpbQB0YW5zdGFhZnRhbnN0YWFm\r\n"},
                         {"a", "b", "AUTH PLAIN AGEAYg==\r\n"},
                         {"gw", "p\xc3\xa4ss w", "AUTH PLAIN AGd3AHDDpHNzIHc=\r\n"}}) {
    auto line = auth_plain_line(c.user, secret(c.password));
    ASSERT_TRUE(line);
    EXPECT_EQ(text_of(line->reveal()), c.line);
  }
}

struct Bad {
  std::string user;
  std::string password;
};

TEST(AuthPlain, TakesNoNameOrPasswordThatCannotBeSent) {
  for (const Bad& c : std::vector<Bad>{{"", "x"},
                                       {"x", ""},
                                       {"x\0y"s, "x"},
                                       {"x", "x\0y"s},
                                       {std::string(256, 'x'), "x"},
                                       {"x", std::string(256, 'x')}}) {
    const auto line = auth_plain_line(c.user, secret(c.password));
    ASSERT_FALSE(line);
    EXPECT_EQ(line.error().code, ErrorCode::kInvalid);
  }
}

}  // namespace
}  // namespace privyseal::smtp
