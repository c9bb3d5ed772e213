#include "firmware/smtp/trace.h"

#include <gtest/gtest.h>

#include <string>

namespace privyseal::smtp {
namespace {

TraceFacts facts() {
  return {.client_name = "mail.lawfirm.example",
          .client_address = "192.0.2.7",
          .hostname = "gw.lawfirm.example",
          .is_esmtp = true,
          .tls_version = "TLSv1.3",
          .cipher = "TLS_AES_256_GCM_SHA384",
          .id = "42",
          .date = "Thu, 01 Oct 2026 09:01:02 +0000"};
}

TEST(ReceivedHeader, TellsWhoWhenAndHow) {
  EXPECT_EQ(received_header(facts()),
            "Received: from mail.lawfirm.example\r\n"
            "\t([192.0.2.7])\r\n"
            "\t(using TLSv1.3 with cipher TLS_AES_256_GCM_SHA384)\r\n"
            "\tby gw.lawfirm.example with ESMTPS id 42;\r\n"
            "\tThu, 01 Oct 2026 09:01:02 +0000\r\n");
}

TEST(ReceivedHeader, TagsIpv6) {
  TraceFacts f = facts();
  f.client_address = "2001:db8::7";
  EXPECT_TRUE(received_header(f).contains("\t([IPv6:2001:db8::7])\r\n"));
}

TEST(ReceivedHeader, TakesAnAddressLiteralForAName) {
  TraceFacts f = facts();
  f.client_name = "[IPv6:2001:db8::7]";
  EXPECT_TRUE(received_header(f).starts_with("Received: from [IPv6:2001:db8::7]\r\n"));
}

TEST(ReceivedHeader, SaysSmtpAfterHelo) {
  TraceFacts f = facts();
  f.is_esmtp = false;
  EXPECT_TRUE(received_header(f).contains("with SMTP id"));
}

TEST(ReceivedHeader, TellsOfAnInternationalMail) {
  TraceFacts f = facts();
  f.is_smtputf8 = true;
  EXPECT_TRUE(received_header(f).contains("with UTF8SMTPS id"));
}

TEST(ReceivedHeader, SaysThatAMailCameInClear) {
  TraceFacts f = facts();
  f.tls_version = "";
  f.cipher = "";
  EXPECT_EQ(received_header(f),
            "Received: from mail.lawfirm.example\r\n"
            "\t([192.0.2.7])\r\n"
            "\tby gw.lawfirm.example with ESMTP id 42;\r\n"
            "\tThu, 01 Oct 2026 09:01:02 +0000\r\n");
  f.is_smtputf8 = true;
  EXPECT_TRUE(received_header(f).contains("with UTF8SMTP id"));
  f.is_smtputf8 = false;
  f.is_esmtp = false;
  EXPECT_TRUE(received_header(f).contains("with SMTP id"));
}

TEST(ReceivedHeader, HasALengthThatCanBeCountedOn) {
  const std::string name(1000, 'x');
  TraceFacts f = facts();
  f.client_name = name;
  f.hostname = name;
  f.client_address = "2001:0db8:0000:0000:0000:0000:0000:0007";
  f.id = "9223372036854775807";
  EXPECT_LE(received_header(f).size(), kMaxTraceHeader);
}

TEST(ReceivedHeader, FillsWhatIsMissing) {
  EXPECT_TRUE(received_header({}).starts_with("Received: from unknown\r\n\t([unknown])\r\n"));
}

/// Every line but the first begins with a tab, whatever the peer calls itself.
TEST(ReceivedHeader, LetsNobodyAddAHeader) {
  const std::string evil = "x\r\n\r\nSubject: (y) ; \\ \"z\"\x01\xff<>";
  for (const auto field :
       {&TraceFacts::client_name, &TraceFacts::client_address, &TraceFacts::hostname,
        &TraceFacts::tls_version, &TraceFacts::cipher, &TraceFacts::id, &TraceFacts::date}) {
    TraceFacts f = facts();
    f.*field = evil;
    const std::string header = received_header(f);
    EXPECT_FALSE(header.contains("\nSubject")) << header;
    std::size_t lines = 0;
    for (const char c : header) lines += c == '\n';
    EXPECT_EQ(lines, 5U) << header;
    EXPECT_FALSE(header.contains('\\') || header.contains('"') || header.contains('<')) << header;
  }
}

TEST(ReceivedHeader, KeepsItsLinesWithin998Bytes) {
  TraceFacts f = facts();
  const std::string endless(100'000, 'x');
  for (const auto field :
       {&TraceFacts::client_name, &TraceFacts::client_address, &TraceFacts::hostname,
        &TraceFacts::tls_version, &TraceFacts::cipher, &TraceFacts::id, &TraceFacts::date}) {
    f.*field = endless;
  }
  const std::string header = received_header(f);
  std::size_t begin = 0;
  for (std::size_t end = 0; (end = header.find("\r\n", begin)) != std::string::npos; begin = end + 2) {
    EXPECT_LE(end - begin, 998U);
  }
  EXPECT_EQ(begin, header.size());
}

}  // namespace
}  // namespace privyseal::smtp
