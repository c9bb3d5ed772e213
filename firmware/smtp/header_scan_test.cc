#include "firmware/smtp/header_scan.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace privyseal::smtp {
namespace {

struct Case {
  const char* name;
  std::string mail;
  std::size_t hops;
  bool is_done;
};

const std::vector<Case> kHeaderScanCases{
    {"Nothing", "", 0, false},
    {"One", "Received: a\r\n\r\n", 1, true},
    {"Three", "Received: a\r\nTo: x\r\nreceived:b\r\nRECEIVED: c\r\n\r\n", 3, true},
    {"OldForm", "Received \t: a\r\n\r\n", 1, true},
    {"HeaderStillOpen", "Received: a\r\nReceived:", 2, false},
    {"BodyDoesNotCount", "Received: a\r\n\r\nReceived: b\r\n", 1, true},
    {"FoldedDoesNotCount", "Received: a\r\n Received: b\r\n\tReceived: c\r\n\r\n", 1, true},
    {"OtherNames", "X-Received: a\r\nReceived-SPF: b\r\nReceive: c\r\nReceivedX: d\r\nReceived\r\n\r\n", 0,
     true},
    {"InTheValue", "Subject: Received: x\r\n\r\n", 0, true},
    {"StuffedDot", "..Received: x\r\n.Received: y\r\n\r\n", 0, true},
    {"EmptyHeader", "\r\nReceived: x\r\n", 0, true},
    {"SpacesAreNoEnd", "A: b\r\n \r\nReceived: x\r\n\r\n", 1, true},
    {"NameCutByLineEnd", "Recei\r\nved: x\r\n\r\n", 0, true},
};

TEST(HeaderScan, CountsTheSameForEverySplit) {
  for (const Case& c : kHeaderScanCases) {
    SCOPED_TRACE(c.name);
    for (std::size_t split = 0; split <= c.mail.size(); ++split) {
      HeaderScan scan;
      scan.feed(bytes_of(std::string_view(c.mail).substr(0, split)));
      scan.feed(bytes_of(std::string_view(c.mail).substr(split)));
      EXPECT_EQ(scan.hops(), c.hops) << split;
      EXPECT_EQ(scan.is_done(), c.is_done) << split;
    }
    HeaderScan scan;
    for (const char byte : c.mail) scan.feed(bytes_of({&byte, 1}));
    EXPECT_EQ(scan.hops(), c.hops);
  }
}

TEST(HeaderScan, CallsMoreThanFiftyHopsALoop) {
  HeaderScan scan;
  for (int i = 0; i < 50; ++i) scan.feed(bytes_of("Received: x\r\n"));
  EXPECT_FALSE(scan.is_loop());
  scan.feed(bytes_of("Received: x\r\n"));
  EXPECT_TRUE(scan.is_loop());
}

}  // namespace
}  // namespace privyseal::smtp
