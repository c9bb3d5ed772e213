#include "firmware/policy/refusal.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <regex>
#include <set>
#include <string>
#include <vector>

namespace privyseal::policy {
namespace {

std::vector<Refusal> all() {
  std::vector<Refusal> refusals;
  refusals.reserve(kRefusals);
  for (std::size_t i = 0; i < kRefusals; ++i) refusals.push_back(static_cast<Refusal>(i));
  return refusals;
}

TEST(Refusal, HasOneRowForEachEnumerator) {
  for (const Refusal refusal : all()) EXPECT_EQ(text_of(refusal).refusal, refusal);
}

TEST(Refusal, HasAtMostThreePlainSentences) {
  for (const Refusal refusal : all()) {
    const std::string text(text_of(refusal).text);
    const std::regex end_of_sentence("[.!?]( |$)");
    const auto sentences = std::distance(std::sregex_iterator(text.begin(), text.end(), end_of_sentence), {});
    EXPECT_GE(sentences, 1) << text;
    EXPECT_LE(sentences, 3) << text;
    EXPECT_TRUE(text.ends_with('.')) << text;
    EXPECT_TRUE(std::ranges::all_of(text, [](char c) { return c >= ' ' && c < '\x7f'; })) << text;
  }
}

TEST(Refusal, HasCodesOfOneClass) {
  for (const Refusal refusal : all()) {
    const RefusalText& row = text_of(refusal);
    EXPECT_TRUE(row.code / 100 == 4 || row.code / 100 == 5) << row.id;
    EXPECT_TRUE(std::regex_match(std::string(row.enhanced), std::regex("[45]\\.[0-9]{1,3}\\.[0-9]{1,3}")))
        << row.id;
    EXPECT_EQ(row.enhanced[0] - '0', row.code / 100) << row.id;
  }
}

TEST(Refusal, HasAnIdOfItsOwn) {
  std::set<std::string_view> ids;
  for (const Refusal refusal : all()) {
    const RefusalText& row = text_of(refusal);
    EXPECT_TRUE(ids.insert(row.id).second) << row.id;
    EXPECT_TRUE(std::regex_match(std::string(row.id), std::regex("[a-z]+(-[a-z]+)*"))) << row.id;
  }
}

TEST(Refusal, FitsIntoOneReplyLine) {
  for (const Refusal refusal : all()) {
    const std::string sent = serialise(reply_of(refusal));
    EXPECT_TRUE(sent.contains(text_of(refusal).text)) << sent;
    EXPECT_LE(sent.size(), 512U);
  }
}

/// What is broken here or at the next hop must never bounce a mail.
TEST(Refusal, LetsMailWaitForWhatIsBroken) {
  using enum Refusal;
  for (const Refusal refusal :
       {kFirewallDown, kRelayUnavailable, kRelayCertificateRefused, kRelayWithoutStartTls, kRelayLoginRefused,
        kRelayMisbehaved, kMailServerUnavailable, kMailServerCertificateRefused, kKeysUnavailable,
        kLedgerUnavailable, kLedgerFull, kShuttingDown, kTooManyConnections, kStartTlsUnavailable,
        kInputTooSlow, kTooManyErrors, kSessionUsedUp}) {
    EXPECT_EQ(text_of(refusal).code / 100, 4) << text_of(refusal).id;
  }
}

struct Promise {
  Refusal refusal;
  const char* sent;
};

TEST(Refusal, KeepsTheCodesThatOthersRelyOn) {
  using enum Refusal;
  for (const auto& [refusal, codes] :
       std::vector<Promise>{{kRelayUnavailable, "451 4.4.1 "},      {kRelayCertificateRefused, "451 4.7.5 "},
                            {kKeysUnavailable, "451 4.7.0 "},       {kStartTlsUnavailable, "454 4.7.0 "},
                            {kLedgerUnavailable, "451 4.3.0 "},     {kLedgerFull, "452 4.3.1 "},
                            {kBareNewline, "521 5.5.2 "},           {kNulByte, "521 5.5.2 "},
                            {kMessageTooBig, "552 5.3.4 "},         {kClientNotListed, "554 5.7.1 "},
                            {kStartTlsRequired, "530 5.7.0 "},      {kMailLoop, "554 5.4.6 "},
                            {kHopWithoutSmtpUtf8, "550 5.6.7 "},    {kHopWithout8BitMime, "550 5.6.3 "},
                            {kHopWithoutRequireTls, "550 5.7.30 "}, {kShuttingDown, "421 4.3.2 "},
                            {kTooManyConnections, "421 4.7.0 "},    {kTooManyRecipients, "452 4.5.3 "},
                            {kRecipientNotCjsm, "550 5.7.1 "},      {kSenderNotOurs, "550 5.7.1 "}}) {
    const smtp::Reply reply = reply_of(refusal);
    EXPECT_EQ(std::to_string(reply.code) + " " + reply.enhanced + " ", codes);
  }
}

TEST(Refusal, GivesASessionItsReplies) {
  const auto replies = session_replies();
  EXPECT_EQ(replies.starttls_required.code, 530);
  EXPECT_EQ(replies.message_too_big.code, 552);
  EXPECT_EQ(replies.too_many_recipients.code, 452);
  EXPECT_EQ(replies.too_many_errors.code, 421);
  const smtp::ServerSession session({.hostname = "gw.example", .replies = replies});
  EXPECT_EQ(session.greeting().code, 220);
}

/// Council P8: every refusal for good tells whom to ask, in at most three sentences (tested above).
TEST(Refusal, CouncilP8ForGoodTellsTheRuleAndAContact) {
  const Contacts contacts{
      .administrator = "IT, tel. 1", .representative = "Jane Doe, tel. 2", .helpdesk = "tel. 3"};
  for (const Refusal refusal : all()) {
    const smtp::Reply reply = reply_of(refusal, contacts);
    const std::string told = " Rule: " + std::string(text_of(refusal).rule) + ". Contact: ";
    EXPECT_EQ(reply.text().contains(told), reply.is_permanent()) << text_of(refusal).id;
    EXPECT_EQ(reply.text().contains("tel. "), reply.is_permanent()) << text_of(refusal).id;
  }
  EXPECT_TRUE(reply_of(Refusal::kSenderNotRegistered, contacts)
                  .text()
                  .ends_with("Rule: T&C 3. Contact: Jane Doe, tel. 2"));
  EXPECT_TRUE(reply_of(Refusal::kTerminatedIn).text().contains("cjsm.helpdesk@egress.com"));
  const std::string longest(200, 'x');  // that a contact may have
  for (const Refusal refusal : all())
    EXPECT_EQ(serialise(reply_of(refusal, {longest, longest, longest})).contains(longest),
              text_of(refusal).code >= 500);
}

/// One text in the reply, the ledger and the documentation: README.md holds exactly these rows.
TEST(Refusal, StandsInTheReadmeWordForWord) {
  std::string table = "| Id | Reply | Rule | Text |\n|---|---|---|---|\n";
  for (const Refusal refusal : all()) {
    const RefusalText& row = text_of(refusal);
    table += "| " + std::string(row.id) + " | " + std::to_string(row.code) + " " + std::string(row.enhanced) +
             " | " + std::string(row.rule) + " | " + std::string(row.text) + " |\n";
  }
  std::ifstream file(PRIVYSEAL_POLICY_README);
  const std::string readme{std::istreambuf_iterator<char>(file), {}};
  EXPECT_TRUE(readme.contains(table)) << "README.md must hold this table:\n" << table;
}

}  // namespace
}  // namespace privyseal::policy
