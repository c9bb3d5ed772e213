#include "firmware/gateway/mail_identity.h"

#include <gtest/gtest.h>

namespace privyseal::gateway {
namespace {

const MailFacts kFacts{.direction = Direction::kOut,
                       .host = "192.0.2.1",
                       .sender = "a@lawfirm.example",
                       .recipients = {"b@x.cjsm.net", "c@x.cjsm.net"},
                       .framing = Framing::kDotted};

MailIdentity identity_of(const MailFacts& facts, std::string_view body = "hello\r\n",
                         std::string_view key = "key") {
  MailFingerprint fingerprint(bytes_of(key));
  fingerprint.add(bytes_of(body));
  return fingerprint.finish(facts);
}

TEST(MailIdentity, IsTheSameForTheSameMailInOtherPieces) {
  MailFingerprint pieces(bytes_of("key"));
  for (const char* part : {"hel", "", "lo\r", "\n"}) pieces.add(bytes_of(part));
  EXPECT_EQ(pieces.finish(kFacts), identity_of(kFacts));
  MailFacts other_order = kFacts;
  std::swap(other_order.recipients[0], other_order.recipients[1]);
  EXPECT_EQ(identity_of(other_order), identity_of(kFacts));
}

struct Change {
  const char* name;
  void (*make)(MailFacts&);
};
void PrintTo(const Change& change, std::ostream* out) { *out << change.name; }

class MailIdentityChange : public testing::TestWithParam<Change> {};

TEST_P(MailIdentityChange, MakesAnotherMail) {
  MailFacts facts = kFacts;
  GetParam().make(facts);
  EXPECT_NE(identity_of(facts), identity_of(kFacts));
}

INSTANTIATE_TEST_SUITE_P(
    , MailIdentityChange,
    testing::Values(
        Change{"Direction", [](MailFacts& facts) { facts.direction = Direction::kIn; }},
        Change{"Host", [](MailFacts& facts) { facts.host = "192.0.2.2"; }},
        Change{"Sender", [](MailFacts& facts) { facts.sender = "z@lawfirm.example"; }},
        Change{"NoSender", [](MailFacts& facts) { facts.sender.clear(); }},
        Change{"OneRecipientLess", [](MailFacts& facts) { facts.recipients.pop_back(); }},
        Change{"OneRecipientMore", [](MailFacts& facts) { facts.recipients.emplace_back("d@x.cjsm.net"); }},
        Change{"OneRecipientTwice",
               [](MailFacts& facts) { facts.recipients.push_back(facts.recipients[0]); }},
        Change{"SenderIsARecipient",
               [](MailFacts& facts) { facts.recipients.push_back(std::exchange(facts.sender, "")); }},
        Change{"InChunks", [](MailFacts& facts) { facts.framing = Framing::kChunked; }}),
    [](const auto& change) { return std::string(change.param.name); });

TEST(MailIdentity, IsAnotherForAnotherBodyOrBox) {
  EXPECT_NE(identity_of(kFacts, "hello\r\n\r\n"), identity_of(kFacts));
  EXPECT_NE(identity_of(kFacts, "Hello\r\n"), identity_of(kFacts));
  EXPECT_NE(identity_of(kFacts, ""), identity_of(kFacts));
  EXPECT_NE(identity_of(kFacts, "hello\r\n", "another key"), identity_of(kFacts));
}

}  // namespace
}  // namespace privyseal::gateway
