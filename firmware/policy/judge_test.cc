#include "firmware/policy/judge.h"

#include <gmock/gmock.h>

namespace privyseal::policy {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;

const WallTime kNow = parse_time("2026-06-01T12:00Z").value();

smtp::Address address(std::string_view text) { return smtp::parse_mailbox(text).value(); }

Rules rules(const std::string& toml = "") {
  Rules made = default_rules();
  if (toml.empty()) return made;
  auto options = parse_options(toml, "policy.toml");
  EXPECT_TRUE(options) << options.error().message;
  made.options = options.value_or(Options{});
  made.profile = known_profile(made.options.terms).value();
  return made;
}

Envelope envelope() {
  return {.sender = address("alice@lawfirm.example"),
          .own_domains = {"lawfirm.example"},
          .recipients = 1,
          .left_one_out = false,
          .now = kNow};
}

Envelope bounce() {
  Envelope made = envelope();
  made.sender.reset();
  return made;
}

/// The refusal's id, or "warned: ID", or "".
std::string shown(const HeaderJudgement& judgement) {
  if (judgement.refusal) return std::string(text_of(*judgement.refusal).id);
  return judgement.warnings.empty() ? "" : "warned: " + std::string(text_of(judgement.warnings.front()).id);
}

std::string verdict(const Rules& by, const std::string& fields, const Envelope& of = envelope(),
                    const std::string& first_line = "") {
  const std::string text = "From: Alice <alice@lawfirm.example>\r\n" + fields + "\r\n\r\n";
  return shown(judge_header(by, of, parse_header(text), first_line));
}

TEST(Clause1, MarkedAboveTheCeilingIsRefused) {
  EXPECT_EQ(verdict(rules(), "Subject: [SECRET] op"), "marked-too-high");
  EXPECT_EQ(verdict(rules(), "Subject: =?utf-8?B?W1NFQ1JFVF0=?="), "marked-too-high");
  EXPECT_EQ(verdict(rules(), "Subject: x\r\nSIO-Label: marking=\"TOP SECRET\""), "marked-too-high");
  EXPECT_EQ(verdict(rules(), "Subject: x", envelope(), "SECRET"), "marked-too-high");
  EXPECT_EQ(verdict(rules(), "Subject: OFFICIAL-SENSITIVE", envelope(), "SECRET"), "marked-too-high");
  EXPECT_EQ(verdict(rules(), "Subject: [SECRET]", bounce()), "marked-too-high");
  EXPECT_EQ(verdict(rules(), "Subject: OFFICIAL-SENSITIVE - case"), "");
  EXPECT_EQ(verdict(rules(), "Subject: Re: Secret Santa"), "");
  EXPECT_EQ(judge_header(rules(), envelope(), parse_header("Subject: [OFFICIAL]\r\n"), "").marking,
            "OFFICIAL");
}

/// T2
TEST(Clause2, SensitiveMailNeedsAHandlingInstruction) {
  const Rules enforced = rules("[rules]\nhandling = \"enforce\"\n");
  EXPECT_EQ(verdict(enforced, "Subject: OFFICIAL-SENSITIVE"), "no-handling-instruction");
  EXPECT_EQ(verdict(enforced, "Subject: OFFICIAL-SENSITIVE - RECIPIENTS ONLY"), "");
  EXPECT_EQ(verdict(enforced, "Subject: OFFICIAL-SENSITIVE\r\nX-Handling-Instructions: RECIPIENTS ONLY"), "");
  EXPECT_EQ(verdict(enforced, "Subject: OFFICIAL-SENSITIVE\r\nX-Handling-Instructions:"),
            "no-handling-instruction");
  EXPECT_EQ(verdict(enforced, "Subject: OFFICIAL"), "");
  EXPECT_EQ(verdict(enforced, "Subject: OFFICIAL-SENSITIVE", bounce()), "");
  EXPECT_EQ(verdict(rules("[rules]\nhandling = \"warn\"\n"), "Subject: OFFICIAL-SENSITIVE"),
            "warned: no-handling-instruction");
  EXPECT_EQ(verdict(rules(), "Subject: OFFICIAL-SENSITIVE"), "");
}

TEST(Clause2, AHandlingInstructionIsAddedOnWish) {
  const Rules adding = rules("[marking]\nadd_handling = \"RECIPIENTS ONLY\"\n");
  const auto fields = [&](const char* subject) {
    return judge_header(adding, envelope(), parse_header(std::string("Subject: ") + subject + "\r\n"), "")
        .fields;
  };
  EXPECT_THAT(fields("OFFICIAL-SENSITIVE"), ElementsAre("X-Handling-Instructions: RECIPIENTS ONLY"));
  EXPECT_THAT(fields("OFFICIAL-SENSITIVE - EMBARGOED"), IsEmpty());
  EXPECT_THAT(fields("OFFICIAL"), IsEmpty());
}

/// T3
TEST(Clause3, SenderNeedsACurrentSignedCommitment) {
  Rules enforced = rules("[rules]\nregistered_sender = \"enforce\"\n");
  const auto alice = address("alice@lawfirm.example");
  EXPECT_EQ(judge_sender(enforced, alice, kNow).refusal, Refusal::kSenderNotRegistered);
  EXPECT_EQ(judge_sender(enforced, std::nullopt, kNow).refusal, std::nullopt);
  enforced.commitments =
      Commitments::parse("address,terms,signed\nalice@lawfirm.example,v9.4,2020-01-01\n").value();
  EXPECT_EQ(judge_sender(enforced, alice, kNow).refusal, Refusal::kSenderNotRegistered);
  enforced.commitments =
      Commitments::parse("address,terms,signed\nalice@lawfirm.example,v10.2,2026-01-01\n").value();
  EXPECT_EQ(judge_sender(enforced, alice, kNow).refusal, std::nullopt);
  const Judgement warned = judge_sender(rules("terms = \"v10.2\"\n"), alice, kNow);
  EXPECT_EQ(warned.refusal, std::nullopt);
  EXPECT_THAT(warned.warnings, ElementsAre(Refusal::kSenderNotRegistered));
  EXPECT_THAT(judge_sender(rules(), alice, kNow).warnings, IsEmpty());
}

/// T8
TEST(Clause8, ManyRecipientsMustBeNamed) {
  const Rules limited = rules("[limits]\nblind_recipients = 10\n");
  Envelope many = envelope();
  many.recipients = 11;
  EXPECT_EQ(verdict(limited, "To: undisclosed-recipients:;", many), "blind-blast");
  EXPECT_EQ(verdict(limited, "Subject: x", many), "blind-blast");
  EXPECT_EQ(verdict(limited, "Cc: bob@police.example.cjsm.net", many), "");
  EXPECT_EQ(verdict(limited, "Cc: =?utf-8?q?bob=40police.example.cjsm.net?=", many), "blind-blast");
  EXPECT_EQ(verdict(limited, "Cc: bob@police.example.cjsm.net (", many), "blind-blast");
  many.recipients = 10;
  EXPECT_EQ(verdict(limited, "Subject: x", many), "");
  many.recipients = 11;
  EXPECT_EQ(verdict(rules(), "Subject: x", many), "");
}

/// T9
TEST(Clause9, AutomatedMailNeedsAPermission) {
  Rules by = rules();
  EXPECT_EQ(verdict(by, "Auto-Submitted: auto-generated"), "automated-mail");
  EXPECT_EQ(verdict(by, "AUTO-SUBMITTED: Auto-Generated (cron)"), "automated-mail");
  EXPECT_EQ(verdict(by, "Auto-Submitted: auto-replied"), "");
  EXPECT_EQ(verdict(by, "Auto-Submitted: no"), "");
  EXPECT_EQ(verdict(by, "Auto-Submitted: auto-generated", bounce()), "");
  EXPECT_EQ(verdict(by, "Precedence: bulk\r\nList-Id: x", bounce()), "");
  by.permissions = Permissions::parse(
                       "reference,sender,kind,from,until,hourly_cap\n"
                       "MOJ-1,alice@lawfirm.example,generated,2026-01-01,2026-06-01,7\n")
                       .value();
  EXPECT_EQ(verdict(by, "Auto-Submitted: auto-generated"), "");
  const auto judged = judge_header(by, envelope(), parse_header("Auto-Submitted: auto-generated\r\n"), "");
  ASSERT_EQ(judged.permits.size(), 1U);
  EXPECT_EQ(judged.permits[0].reference, "MOJ-1");
  EXPECT_EQ(judged.permits[0].hourly_cap, 7U);
  Envelope day_after = envelope();
  day_after.now += std::chrono::days(1);
  EXPECT_EQ(verdict(by, "Auto-Submitted: auto-generated", day_after), "automated-mail");
  EXPECT_EQ(verdict(rules("[rules]\nautomated = \"warn\"\n"), "Auto-Submitted: auto-generated"),
            "warned: automated-mail");
  EXPECT_EQ(verdict(rules("[rules]\nautomated = \"off\"\n"), "Auto-Submitted: auto-generated"), "");
}

TEST(Clause9, AMailThatNeedsSeveralPermissionsIsCountedAgainstAll) {
  const auto permits = [](const std::string& records) {
    Rules by = rules();
    by.permissions = Permissions::parse("reference,sender,kind,from,until,hourly_cap\n" + records).value();
    const auto judged =
        judge_header(by, envelope(), parse_header("List-Id: x\r\nAuto-Submitted: auto-generated\r\n"), "");
    if (judged.refusal) return shown(judged);
    std::string text;
    for (const Permit& permit : judged.permits)
      text += permit.reference + "=" + std::to_string(permit.hourly_cap) + " ";
    return text;
  };
  const std::string bulk = ",alice@lawfirm.example,bulk,2026-01-01,2026-06-01,";
  const std::string generated = ",alice@lawfirm.example,generated,2026-01-01,2026-06-01,";
  EXPECT_EQ(permits("B" + bulk + "3\nG" + generated + "7\n"), "B=3 G=7 ");
  EXPECT_EQ(permits("B" + bulk + "3\nB" + generated + "7\n"), "B=3 ");
  EXPECT_EQ(permits("B" + bulk + "7\nB" + generated + "3\n"), "B=3 ");
  EXPECT_EQ(permits("B" + bulk + "3\n"), "automated-mail");
}

/// T25
TEST(Clause25, BulkMailIsRefused) {
  for (const char* field :
       {"List-Unsubscribe: <https://x.example>", "List-Id: x", "Precedence: Bulk", "Precedence: list"})
    EXPECT_EQ(verdict(rules(), field), "bulk-mail") << field;
  EXPECT_EQ(verdict(rules(), "Precedence: first-class"), "");
}

/// G17: three fixtures.
TEST(SecureEmailGuideG17, SharedMailingServicesAreRefused) {
  for (const char* field :
       {"X-Mailgun-Sid: x", "X-MC-User: x", "X-SES-Outgoing: x", "Feedback-ID: x",
        "Received: from a1.smtp-out.amazonses.com (a1 [192.0.2.1])\r\n\tby mail.lawfirm.example"})
    EXPECT_EQ(verdict(rules(), field), "shared-service") << field;
  EXPECT_EQ(verdict(rules(), "Received: from notamazonses.com by mail.lawfirm.example"), "");
  EXPECT_EQ(verdict(rules(), "Received: from amazonses.com.lawfirm.example by x.example"), "");
}

/// G20
TEST(SecureEmailGuideG20, AutoForwardedMailIsRefused) {
  for (const char* field :
       {"Auto-Submitted: auto-forwarded", "X-MS-Exchange-Inbox-Rules-Loop: alice@lawfirm.example"})
    EXPECT_EQ(verdict(rules(), field), "auto-forwarded") << field;
  const std::string foreign = "From: x@evil.example\r\nResent-From: alice@lawfirm.example\r\n";
  EXPECT_EQ(shown(judge_header(rules(), envelope(), parse_header(foreign), "")), "auto-forwarded");
  const std::string hidden =
      "From: =?utf-8?q?alice=40lawfirm.example_=22?= <x@evil.example>\r\nResent-From: "
      "alice@lawfirm.example\r\n";
  EXPECT_EQ(shown(judge_header(rules(), envelope(), parse_header(hidden), "")), "auto-forwarded");
  EXPECT_EQ(verdict(rules(), "Resent-From: alice@lawfirm.example"), "");  // her own mail, by hand
}

TEST(SecureEmailGuideG20, MarksOfOriginAreOursAlone) {
  const Header header =
      parse_header("X-CJSM-Origin: verified\r\nx-cjsm-handling: x\r\nX-CJSM-Origins: x\r\n");
  EXPECT_TRUE(is_ours_alone(header.fields[0]));
  EXPECT_TRUE(is_ours_alone(header.fields[1]));
  EXPECT_FALSE(is_ours_alone(header.fields[2]));
  EXPECT_THAT(origin_fields("gw.example", "CN=relay\r\nEvil: x"),
              Contains("Authentication-Results: gw.example;\r\n\tx-tls-client=pass (CN=relay??Evil: x)"));
}

TEST(CouncilK1, FromMustBeOurs) {
  const Rules enforced = rules("[rules]\nfrom_header = \"enforce\"\n");
  const auto of = [&](const char* from, const Envelope& by = envelope()) {
    return shown(judge_header(enforced, by, parse_header(from), ""));
  };
  EXPECT_EQ(of("From: a@lawfirm.example\r\n"), "");
  EXPECT_EQ(of("From: a@lawfirm.example.cjsm.net\r\n"), "");
  EXPECT_EQ(of("From: \"x@evil.example\" <a@lawfirm.example>\r\n"), "");
  EXPECT_EQ(of("From: a@evil.example\r\n"), "from-not-ours");
  EXPECT_EQ(of("From: a@lawfirm.example, b@evil.example\r\n"), "from-not-ours");
  EXPECT_EQ(of("From: a@lawfirm.example\r\nFrom: b@evil.example\r\n"), "from-not-ours");
  EXPECT_EQ(of("From: nobody\r\n"), "from-not-ours");
  EXPECT_EQ(of("From: =?utf-8?q?Bob_=40_home?= <bob@lawfirm.example>\r\n"), "");
  EXPECT_EQ(of("From: =?utf-8?q?me=40lawfirm.example_=22?= <b@evil.example>\r\n"), "from-not-ours");
  EXPECT_EQ(of("From: =?utf-8?q?me=40lawfirm.example?=\r\n"), "from-not-ours");
  EXPECT_EQ(of("From: a@lawfirm.example \" <b@evil.example>\r\n"), "from-not-ours");
  EXPECT_EQ(of("From: a@lawfirm.example (\r\n <b@evil.example>\r\n"), "from-not-ours");
  EXPECT_EQ(of("Subject: x\r\n"), "from-not-ours");
  EXPECT_EQ(of("From: MAILER-DAEMON\r\n", bounce()), "");
}

TEST(CouncilK4, PartnersOutsideTheListAreRefusedOrWarned) {
  Rules by = rules("[rules]\nassured = \"enforce\"\n");
  by.assured = AssuredDomains::parse("domain,status,confirmed\npolice.example,assured,2026-01-01\n").value();
  EXPECT_EQ(judge_recipient(by, address("bob@police.example.cjsm.net")).refusal, std::nullopt);
  EXPECT_EQ(judge_recipient(by, address("bob@other.example.cjsm.net")).refusal, Refusal::kPartnerNotAssured);
  by.options.assured = Mode::kWarn;
  EXPECT_THAT(judge_recipient(by, address("bob@other.example.cjsm.net")).warnings,
              ElementsAre(Refusal::kPartnerNotAssured));
  by.options.assured = Mode::kOff;
  EXPECT_THAT(judge_recipient(by, address("bob@other.example.cjsm.net")).warnings, IsEmpty());
}

/// K5: who asked for security never gets a half of it.
TEST(CouncilK5, SecureKeywordNeedsARouteToEveryRecipient) {
  Envelope mixed = envelope();
  mixed.left_one_out = true;
  EXPECT_EQ(verdict(rules(), "Subject: [Secure] case", mixed), "secure-without-route");
  EXPECT_EQ(verdict(rules(), "Subject: case [CJSM]", mixed), "secure-without-route");
  EXPECT_EQ(verdict(rules(), "Subject: a secure case", mixed), "");
  EXPECT_EQ(verdict(rules(), "Subject: [Secure] case"), "");
}

TEST(CouncilK6, ClassificationCanBeForced) {
  const Rules forced = rules("[marking]\nunmarked = \"refuse\"\n");
  EXPECT_EQ(verdict(forced, "Subject: case"), "not-marked");
  EXPECT_EQ(verdict(forced, "Subject: [OFFICIAL] case"), "");
  EXPECT_EQ(verdict(forced, "Subject: case", envelope(), "OFFICIAL"), "");
  EXPECT_EQ(verdict(forced, "Subject: case\r\nAuto-Submitted: auto-replied"), "");
  EXPECT_EQ(verdict(forced, "Subject: case", bounce()), "");
  const Rules by_default = rules("[marking]\nunmarked = \"default\"\ndefault = \"OFFICIAL\"\n");
  const auto fields = [&](const char* text) {
    return judge_header(by_default, envelope(), parse_header(text), "").fields;
  };
  EXPECT_THAT(fields("Subject: case\r\n"), ElementsAre("SIO-Label: marking=\"OFFICIAL\""));
  EXPECT_THAT(fields("Subject: [OFFICIAL]\r\n"), IsEmpty());
}

TEST(FaqF13, AClosedMailboxIsNeverSilent) {
  Rules by = rules("[rules]\nretired_recipient = \"enforce\"\n");
  by.directory =
      Directory::parse("Secure Email,Account Status\nben@court.cjsm.net,Deleted\neva@court.cjsm.net,Locked\n")
          .value();
  EXPECT_EQ(judge_recipient(by, address("ben@court.cjsm.net")).refusal, Refusal::kRecipientRetired);
  EXPECT_EQ(judge_recipient(by, address("eva@court.cjsm.net")).refusal, std::nullopt);
  EXPECT_EQ(judge_recipient(by, address("new@court.cjsm.net")).refusal, std::nullopt);
  by.options.retired_recipient = Mode::kWarn;
  EXPECT_THAT(judge_recipient(by, address("ben@court.cjsm.net")).warnings,
              ElementsAre(Refusal::kRecipientRetired));
}

TEST(Judge, WarningsStandInTheMail) {
  const Rules warning = rules("[rules]\nautomated = \"warn\"\n");
  const auto judged =
      judge_header(warning, envelope(), parse_header("Auto-Submitted: auto-generated\r\n"), "");
  EXPECT_THAT(judged.fields, ElementsAre("X-Privyseal-Warning: automated-mail"));
}

TEST(MessageId, IsWhatStandsInTheBrackets) {
  const auto id = [](const std::string& field) { return message_id_of(parse_header(field + "\r\n")); };
  EXPECT_EQ(id("Message-ID: <a.b@c.example>"), "a.b@c.example");
  EXPECT_EQ(id("message-id:\r\n <a@b> (comment)"), "a@b");
  EXPECT_EQ(id("Message-ID: a@b"), "a@b");
  EXPECT_EQ(id("Message-ID: <a@b"), "a@b");
  EXPECT_EQ(id("Message-ID: <>"), "");
  EXPECT_EQ(id("Message-ID: " + std::string(1000, 'x')).size(), 250U);
  EXPECT_EQ(id("Subject: <a@b>"), "");
}

TEST(MarkingOf, ReadsTheHeaderOfAMailThatIsNotJudged) {
  EXPECT_EQ(marking_of(rules(), parse_header("Subject: [OFFICIAL-SENSITIVE] case\r\n")),
            "OFFICIAL-SENSITIVE");
  EXPECT_EQ(marking_of(rules(), parse_header("Subject: Secret Santa\r\n")), "");
}

struct Bad {
  const char* toml;
  const char* message_part;
};

TEST(Options, AreRefusedByName) {
  for (const auto& [toml, message_part] : std::vector<Bad>{
           {"terms = \"v11\"", "terms is no known version"},
           {"[rules]\nassured = \"on\"", "rules.assured must be one of off, warn, enforce"},
           {"[rules]\nceiling = \"off\"", "rules.ceiling is no known setting"},
           {"[marking]\nunmarked = \"default\"", "marking.default must be a label"},
           {"[marking]\nunmarked = \"default\"\ndefault = \"SECRT\"", "marking.default must be a label"},
           {"[marking]\nadd_handling = \"a\\r\\nX: b\"", "marking.add_handling must be a short line"},
           {"[contacts]\nadministrator = \"caf\xC3\xA9\"", "contacts.administrator must be a short line"},
           {"[limits]\nsender_per_hour = -1", "limits.sender_per_hour"},
           {"=", "line 1"},
       }) {
    const auto options = parse_options(toml, "policy.toml");
    ASSERT_FALSE(options) << toml;
    EXPECT_TRUE(options.error().message.contains(message_part)) << options.error().message;
  }
}

TEST(Options, HaveDefaultsForTheFirstDay) {
  const auto options = parse_options("", "policy.toml");
  ASSERT_TRUE(options) << options.error().message;
  EXPECT_EQ(options->registered_sender, Mode::kWarn);
  EXPECT_EQ(options->sender_per_hour, 200U);
  EXPECT_EQ(options->organisation_per_hour, 2000U);
  EXPECT_EQ(parse_options("terms = \"v9.4\"", "p")->contacts.helpdesk, known_profile("v9.4")->helpdesk);
  EXPECT_EQ(default_rules().options.sender_per_hour, 0U);
}

}  // namespace
}  // namespace privyseal::policy
