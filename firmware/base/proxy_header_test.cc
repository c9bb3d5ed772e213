#include "firmware/base/proxy_header.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace privyseal {
namespace {

using namespace std::string_literals;

const std::string kSignature = "\r\n\r\n\0\r\nQUIT\n"s;
const std::string kFour =
    "\xc0\x00\x02\x07\x0a\x00\x00\x01\x9c\x40\x00\x19"s;  // 192.0.2.7:40000 to 10.0.0.1:25
const std::string kSix =
    "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x07"
    "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01\x00\x19\x9c\x40"s;
const std::string kNote = "\x04\x00\x03xyz"s;  // type, length, value

std::string header(char command, char family, const std::string& body) {
  return kSignature + command + family + static_cast<char>(body.size() >> 8U) +
         static_cast<char>(body.size()) + body;
}

std::string shown(const std::string& bytes) {
  const auto parsed = parse_proxy_header(bytes_of(bytes));
  if (!parsed) return parsed.error().code == ErrorCode::kInvalid ? "invalid" : "another error";
  if (parsed->is_local) return "local";
  return parsed->address + " " + std::to_string(parsed->port);
}

struct Case {
  const char* name;
  std::string bytes;
  std::string expected;
};

const std::vector<Case> kCases{
    {"Four", header(0x21, 0x11, kFour), "192.0.2.7 40000"},
    {"Six", header(0x21, 0x21, kSix), "2001:db8::7 25"},
    {"WithNotes", header(0x21, 0x11, kFour + kNote + kNote), "192.0.2.7 40000"},
    {"WithAnEmptyNote", header(0x21, 0x11, kFour + "\x04\0\0"s), "192.0.2.7 40000"},
    {"Longest", header(0x21, 0x11, kFour + "\x04\x01\xf9"s + std::string(505, 'x')), "192.0.2.7 40000"},
    {"Local", header(0x20, 0x00, ""), "local"},
    {"LocalWithAddress", header(0x20, 0x11, kFour), "local"},
    {"TooLong", header(0x21, 0x11, kFour + "\x04\x01\xfa"s + std::string(506, 'x')), "invalid"},
    {"Nothing", "", "invalid"},
    {"Text", "PROXY TCP4 192.0.2.7 10.0.0.1 40000 25\r\n", "invalid"},
    {"Smtp", "EHLO client.example\r\n", "invalid"},
    {"OneByteShort", header(0x21, 0x11, kFour).substr(0, 27), "invalid"},
    {"OneByteMore", header(0x21, 0x11, kFour) + "x", "invalid"},
    {"FixedPartCut", kSignature + "\x21\x11\x00"s, "invalid"},
    {"SignatureWrong", "\r\n\r\n\0\r\nQUIT\r"s + header(0x21, 0x11, kFour).substr(12), "invalid"},
    {"VersionOne", header(0x11, 0x11, kFour), "invalid"},
    {"VersionThree", header(0x31, 0x11, kFour), "invalid"},
    {"OtherCommand", header(0x22, 0x11, kFour), "invalid"},
    {"Unspecified", header(0x21, 0x00, ""), "invalid"},
    {"Udp", header(0x21, 0x12, kFour), "invalid"},
    {"UnixSocket", header(0x21, 0x31, std::string(216, 'x')), "invalid"},
    {"FourCut", header(0x21, 0x11, kFour.substr(1)), "invalid"},
    {"SixWithAddressesOfFour", header(0x21, 0x21, kFour), "invalid"},
    {"NoteCut", header(0x21, 0x11, kFour + "\x04\x00"s), "invalid"},
    {"NoteTooLong", header(0x21, 0x11, kFour + "\x04\x00\x04xyz"s), "invalid"},
};

TEST(ProxyHeader, TellsAddressAndPortOrNothing) {
  for (const Case& c : kCases) EXPECT_EQ(shown(c.bytes), c.expected) << c.name;
}

TEST(ProxyHeader, TellsItsSizeFromTheFixedPart) {
  const std::string whole = header(0x21, 0x11, kFour);
  EXPECT_EQ(proxy_header_size(bytes_of(whole).first(kProxyFixedBytes)).value(), whole.size());
  EXPECT_EQ(proxy_header_size(bytes_of(header(0x20, 0, ""))).value(), kProxyFixedBytes);
  EXPECT_FALSE(proxy_header_size(bytes_of(whole)));
  EXPECT_FALSE(proxy_header_size(bytes_of("EHLO client.exam")));
  EXPECT_FALSE(proxy_header_size({}));
}

}  // namespace
}  // namespace privyseal
