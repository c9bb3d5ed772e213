#include "provisioning/evidence/checks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <set>

#include "provisioning/evidence/embedded.h"
#include "provisioning/evidence/text.h"

namespace privyseal::evidence {
namespace {

using testing::HasSubstr;

JsonObject json(std::string_view text) { return parse_json_object(text).value(); }

WallTime day(const char* text) { return parse_date_or_time(text).value(); }

constexpr const char* kMail =
    R"({"id":1,"opened_seq":0,"closed_seq":1,"row":{"id":1,"opened_at":"2026-03-10T00:00:00.000Z",
  "direction":"out","client_address":"192.0.2.25:40000","sender":"alice@lawfirm.example","session_id":"a1",
  "tls_version":"TLSv1.3","resumed":0,"lan_tls_version":"TLSv1.3","outcome":"delivered"}})";

/// Facts whose mails can be changed.
struct Draft : Facts {
  std::vector<JsonObject> mails{};

  [[nodiscard]] Facts whole() const {
    Facts facts = *this;
    facts.mails = Mails();
    for (const JsonObject& mail : mails) facts.mails.push_back(mail);
    return facts;
  }
};

constexpr const char* kFirewallUp =
    R"({"firewall":{"state":"up","since":"2026-03-01T00:00:00Z","looked_at":"2026-03-11T00:00:00Z",
  "dropped_today":7,"rules":"ab"}})";

/// Facts that show everything as it should be; each case spoils one.
Draft good_facts() {
  Draft facts{
      {.range = {day("2026-03-10"), day("2026-03-11")},
       .now = day("2026-03-12"),
       .host = "gateway.lawfirm.example",
       .gateway = json(R"({"version":"1","openssl":"3","ledger":{"oldest_at":"2025-01-01T00:00:00Z"}})"),
       .certificates = json("{}"),
       .accounts = json(R"({"users":[{"name":"alice"},{"name":"bob"}]})"),
       .keys = std::vector{hsm::KeyInfo{"cjsm-1", hsm::KeyRole::kCjsmIdentity, hsm::KeyType::kEcP256, {}}},
       .uses = {},
       .audit_key = Bytes(1),
       .logs = {},
       .mails = {},
       .declarations = {}}};
  facts.mails = {json(kMail)};
  for (const Daemon daemon : kDaemons)
    facts.logs.emplace(daemon, SignedLog{.daemon = daemon, .size_now = 0, .note = {}, .lines = {}});
  return facts;
}

JsonObject& row_of(Draft& facts) { return *facts.mails.at(0).at("row").if_object(); }
void add_second_mail(Draft& facts, std::string_view session) {
  facts.mails.push_back(json(kMail));
  facts.mails.back()["id"] = 2;
  (*facts.mails.back().at("row").if_object())["session_id"] = session;
}
const Error kSilent{ErrorCode::kUnavailable, "gatewayd does not answer"};

struct Case {
  const char* name;
  const char* check;
  std::function<void(Draft&)> spoil;
  Standing standing;
  const char* sentence;
};
class EvidenceCheck : public testing::TestWithParam<Case> {};
TEST_P(EvidenceCheck, FollowsTheFacts) {
  Draft facts = good_facts();
  GetParam().spoil(facts);
  const Finding finding = run_check(GetParam().check, facts.whole());
  EXPECT_EQ(to_string(finding.standing), to_string(GetParam().standing)) << finding.sentence;
  EXPECT_THAT(finding.sentence, HasSubstr(GetParam().sentence));
}
void nothing(Draft&) {}
void no_mails(Draft& facts) { facts.mails.clear(); }
void silent_gateway(Draft& facts) { facts.gateway = std::unexpected(kSilent); }
using enum Standing;
INSTANTIATE_TEST_SUITE_P(
    , EvidenceCheck,
    testing::ValuesIn(std::vector<Case>{
        {"Tls", "tls-both-legs", nothing, kEnforced, "the 1 mail"},
        {"TlsWithoutMail", "tls-both-legs", no_mails, kNotShown, "No mail"},
        {"TlsOnlyRefusedMail", "tls-both-legs", [](Draft& f) { row_of(f)["outcome"] = "refused"; }, kNotShown,
         "No mail"},
        {"TlsMissing", "tls-both-legs", [](Draft& f) { row_of(f).erase("tls_version"); }, kNotMet, "Mail 1"},
        {"TlsNull", "tls-both-legs", [](Draft& f) { row_of(f)["tls_version"] = nullptr; }, kNotMet, "Mail 1"},
        {"TlsOldTowardsCjsm", "tls-both-legs", [](Draft& f) { row_of(f)["tls_version"] = "TLSv1.2"; },
         kNotMet, "Mail 1"},
        {"TlsOldInside", "tls-both-legs", [](Draft& f) { row_of(f)["lan_tls_version"] = "TLSv1.1"; }, kNotMet,
         "Mail 1"},
        {"TlsNoneInside", "tls-both-legs", [](Draft& f) { row_of(f)["lan_tls_version"] = ""; }, kNotMet,
         "Mail 1"},
        {"Fresh", "fresh-session-keys", [](Draft& f) { add_second_mail(f, "b2"); }, kEnforced, "2 mails"},
        {"FreshShared", "fresh-session-keys", [](Draft& f) { add_second_mail(f, "a1"); }, kNotMet, "Mail 2"},
        {"FreshResumed", "fresh-session-keys", [](Draft& f) { row_of(f)["resumed"] = 1; }, kNotMet, "Mail 1"},
        {"FreshUnknown", "fresh-session-keys", [](Draft& f) { row_of(f).erase("resumed"); }, kNotMet,
         "Mail 1"},
        {"FreshNoSession", "fresh-session-keys", [](Draft& f) { row_of(f)["session_id"] = nullptr; }, kNotMet,
         "Mail 1"},
        {"AtRest", "no-mail-at-rest", nothing, kEvidenced, "no body"},
        {"AtRestBody", "no-mail-at-rest", [](Draft& f) { row_of(f)["subject"] = "x"; }, kNotMet, "'subject'"},
        {"AtRestNoMail", "no-mail-at-rest", no_mails, kNotShown, "No mail"},
        {"Ledger", "ledger-running", nothing, kEnforced, "before it was passed on"},
        {"LedgerLate", "ledger-running", [](Draft& f) { f.mails.at(0)["opened_seq"] = 2; }, kNotMet,
         "Mail 1"},
        {"LedgerNever", "ledger-running", [](Draft& f) { f.mails.at(0)["opened_seq"] = nullptr; }, kNotMet,
         "Mail 1"},
        {"LedgerSilent", "ledger-running", silent_gateway, kNotShown, "gatewayd does not answer"},
        {"SixMonths", "ledger-six-months", nothing, kEvidenced, "2025-01-01"},
        {"SixMonthsYoung", "ledger-six-months",
         [](Draft& f) { f.gateway = json(R"({"ledger":{"oldest_at":"2026-03-01T00:00:00Z"}})"); }, kNotYet,
         "2026-09-01"},
        {"SixMonthsEmpty", "ledger-six-months", [](Draft& f) { f.gateway = json("{}"); }, kNotYet, "empty"},
        {"SixMonthsSilent", "ledger-six-months", silent_gateway, kNotShown, "does not answer"},
        {"InLogButIsNot", "ledger-in-log", nothing, kNotMet, "mail 1"},
        {"InLogWithoutLog", "ledger-in-log",
         [](Draft& f) { f.logs.at(Daemon::kGatewayd) = std::unexpected(kSilent); }, kNotShown,
         "does not answer"},
        {"LogsUnsigned", "logs-sound", nothing, kNotShown, "signed nothing"},
        {"LogsForged", "logs-sound", [](Draft& f) { f.logs.at(Daemon::kKeyd)->note = "forged"; }, kNotMet,
         "keyd"},
        {"LogsNotRead", "logs-sound", [](Draft& f) { f.logs.clear(); }, kNotShown, "not read"},
        {"Accounts", "console-accounts", nothing, kEnforced, "2 accounts"},
        {"AccountsShared", "console-accounts",
         [](Draft& f) { f.accounts = json(R"({"users":[{"name":"a"},{"name":"a"}]})"); }, kNotMet, "'a'"},
        {"AccountsNone", "console-accounts", [](Draft& f) { f.accounts = json(R"({"users":[]})"); },
         kNotShown, "Nobody"},
        {"AccountsSilent", "console-accounts", [](Draft& f) { f.accounts = std::unexpected(kSilent); },
         kNotShown, "does not answer"},
        {"Sources", "mail-sources", nothing, kEvidenced, "192.0.2.25."},
        {"SourcesNone", "mail-sources", [](Draft& f) { row_of(f)["direction"] = "in"; }, kNotShown,
         "No mail was sent"},
        {"Keys", "keys-non-extractable", nothing, kEnforced, "1 key"},
        {"KeysNone", "keys-non-extractable", [](Draft& f) { f.keys->clear(); }, kNotShown, "holds no key"},
        {"KeysSilent", "keys-non-extractable", [](Draft& f) { f.keys = std::unexpected(kSilent); }, kNotShown,
         "does not answer"},
        {"Token", "test-token", nothing, kNotMet, "Test token, not validated"},
        {"TokenNamedAndNotClaimed", "test-token",
         [](Draft& f) { f.token = {.name = "Example Corp., M", .is_claimed = false}; }, kNotMet,
         "Test token, not validated"},
        {"TokenClaimed", "test-token",
         [](Draft& f) { f.token = {.name = "Example Corp., M", .is_claimed = true}; }, kDeclared,
         "claims that its token, Example Corp., M, is a validated one"},
        {"Versions", "versions", nothing, kEvidenced, "version 1 on 3"},
        {"VersionsMissing", "versions", [](Draft& f) { f.gateway = json("{}"); }, kNotShown, "does not say"},
        {"Markings", "markings-judged", [](Draft& f) { row_of(f)["verdict"] = "passed"; }, kEnforced,
         "judged 1 sent mail, 0 of them with a marking, and refused 0"},
        {"MarkingsStopped", "markings-judged",
         [](Draft& f) {
           row_of(f)["verdict"] = "refused/marked-too-high";
           row_of(f)["marking"] = "SECRET";
           row_of(f)["outcome"] = "refused";
         },
         kEnforced, "1 of them with a marking, and refused 1"},
        {"MarkingsDelivered", "markings-judged",
         [](Draft& f) { row_of(f)["verdict"] = "refused/marked-too-high"; }, kNotMet, "Mail 1"},
        {"MarkingsUnknown", "markings-judged", nothing, kNotShown, "judged no sent mail"},
        {"Automated", "automated-refused",
         [](Draft& f) {
           row_of(f)["verdict"] = "refused/bulk-mail";
           row_of(f)["outcome"] = "refused";
         },
         kEvidenced, "refused 1 as automated"},
        {"Volume", "mail-volume", nothing, kEvidenced, "the most by one is 1, from alice@lawfirm.example"},
        {"Clause21Firewall", "firewall-watched",
         [](Draft& f) {
           f.gateway = json(kFirewallUp);
           f.logs.at(Daemon::kGatewayd)->lines =
               Lines{R"({"ts":"2026-03-10T23:59:59Z","action":"firewall-switched","outcome":"failed"})",
                     R"({"ts":"2026-03-10T23:59:59Z","action":"firewall-switched","outcome":"ok"})",
                     R"({"ts":"2026-03-11T00:00:00Z","action":"firewall-switched","outcome":"failed"})"};
         },
         kEnforced,
         "In this range it was down 1 time. Dropped on the last day: 7 packets. Hash of its rules: ab"},
        {"Clause21FirewallDown", "firewall-watched",
         [](Draft& f) { f.gateway = json(R"({"firewall":{"state":"down","why":"other rules"}})"); }, kNotMet,
         "no mail passes: other rules"},
        {"Clause21FirewallSaysNothing", "firewall-watched",
         [](Draft& f) { f.gateway = json(R"({"firewall":{"changes":0}})"); }, kNotMet, "is down"},
        {"Clause21FirewallIsNone", "firewall-watched", nothing, kNotShown, "told of no firewall"},
        {"Clause21FirewallSilent", "firewall-watched", silent_gateway, kNotShown, "does not answer"},
        {"Clause21FirewallWithoutLog", "firewall-watched",
         [](Draft& f) {
           f.gateway = json(kFirewallUp);
           f.logs.clear();
         },
         kNotShown, "not read"},
        {"Key", "pack-key", nothing, kEvidenced, "signed by the audit key"},
        {"KeyNone", "pack-key", [](Draft& f) { f.audit_key.clear(); }, kNotShown, "is no audit key"},
        {"Undeclared", "declaration:training", nothing, kDeclarationDue, "has not declared"},
        {"Declared", "declaration:training",
         [](Draft& f) {
           f.declarations["training"] = {day("2026-01-05"), "A. Smith", day("2027-01-05"), "On file."};
         },
         kDeclared, "Declared on 2026-01-05 by A. Smith; to be reviewed by 2027-01-05. On file."},
        {"DeclaredLongAgo", "declaration:training",
         [](Draft&
                f) { f.declarations["training"] = {day("2025-01-05"), "A. Smith", day("2026-03-12"), ""}; },
         kDeclarationDue, "its review was due on 2026-03-12"},
        {"DeclaredInTheFuture", "declaration:training",
         [](Draft&
                f) { f.declarations["training"] = {day("2026-03-13"), "A. Smith", day("2027-03-13"), ""}; },
         kDeclarationDue, "not come yet"},
    }),
    [](const auto& c) { return std::string(c.param.name); });

TEST(TermsRows, AreTheWholeDocumentsAndEachIsJudged) {
  const Terms terms = parse_terms(kTerms, "terms").value();
  ASSERT_EQ(terms.rows.size(), 31U);
  std::set<std::string> numbers;
  for (const TermsRow& row : terms.rows) numbers.insert(row.number);
  for (int clause = 1; clause <= 28; ++clause)
    EXPECT_TRUE(numbers.contains(std::to_string(clause))) << clause;
  for (const RowFindings& row : judge(terms, good_facts().whole()))
    EXPECT_FALSE(row.findings.empty()) << row.row->id;
}

TEST(TermsRows, WithNoFactsNoClauseIsKept) {
  Draft facts = good_facts();
  facts.mails.clear();
  facts.audit_key.clear();
  facts.logs.clear();
  facts.gateway = facts.accounts = facts.certificates = std::unexpected(kSilent);
  facts.keys = std::unexpected(kSilent);
  const Terms terms = parse_terms(kTerms, "terms").value();
  for (const RowFindings& row : judge(terms, facts.whole()))
    EXPECT_LT(row.standing, kDeclared) << row.row->id;
}

TEST(TermsRows, StandAsTheirWeakestFinding) {
  const Terms terms{.version = "1",
                    .date = "",
                    .title = "",
                    .rows = {{"a", "1", "t", "x", {"tls-both-legs", "versions"}, {}},
                             {"b", "2", "t", "x", {"tls-both-legs"}, {"Not done."}}}};
  const auto judged = judge(terms, good_facts().whole());
  EXPECT_EQ(judged.at(0).standing, kEvidenced);
  EXPECT_EQ(judged.at(1).standing, kNotYet);
}

struct BadTerms {
  const char* name;
  const char* text;
  const char* why;
};
class RefusedTerms : public testing::TestWithParam<BadTerms> {};
TEST_P(RefusedTerms, AreNamed) {
  const std::string head =
      "version = \"1\"\ndate = \"d\"\ntitle = \"t\"\nrows = [\"a\"]\n[row.a]\nnumber = \"1\"\ntitle = "
      "\"t\"\ntext = \"x\"\n";
  const auto terms = parse_terms(head + GetParam().text, "terms");
  ASSERT_FALSE(terms);
  EXPECT_THAT(terms.error().message, HasSubstr(GetParam().why));
}
INSTANTIATE_TEST_SUITE_P(
    , RefusedTerms,
    testing::ValuesIn(std::to_array<BadTerms>({
        {"MisspeltCheck", "checks = [\"tls-both-leg\"]", "there is no check 'tls-both-leg'"},
        {"NamelessDeclaration", "checks = [\"declaration:\"]", "there is no check 'declaration:'"},
        {"NothingShowsIt", "", "nothing shows whether it is kept"},
        {"UnknownKey", "checks = [\"versions\"]\nstatus = \"green\"", "status is no known setting"},
        {"ChecksNoList", "checks = \"versions\"", "must be a list"},
    })),
    [](const auto& c) { return std::string(c.param.name); });

struct BadDeclaration {
  const char* name;
  const char* text;
  const char* why;
};
class RefusedDeclarations : public testing::TestWithParam<BadDeclaration> {};
TEST_P(RefusedDeclarations, AreNamed) {
  const auto declarations = parse_declarations(GetParam().text, "file", {"training", "premises"});
  ASSERT_FALSE(declarations);
  EXPECT_THAT(declarations.error().message, HasSubstr(GetParam().why));
}
INSTANTIATE_TEST_SUITE_P(
    , RefusedDeclarations,
    testing::ValuesIn(std::to_array<BadDeclaration>({
        {"Misspelt", "[trainings]\nsigned = \"2026-01-01\"", "trainings.signed is no known setting"},
        {"NoReview", "[training]\nsigned = \"2026-01-01\"\nby = \"A\"", "training.review is missing"},
        {"NoName", "[training]\nsigned = \"2026-01-01\"\nreview = \"2027-01-01\"", "training.by is missing"},
        {"NoDay", "[training]\nsigned = \"soon\"\nreview = \"2027-01-01\"\nby = \"A\"",
         "training: the day of the declaration must be a day"},
        {"NoLongerThanAYear", "[training]\nsigned = \"2026-01-01\"\nreview = \"2028-01-01\"\nby = \"A\"",
         "training: the review day must come"},
        {"NoDate", "[training]\nreview = \"2027-01-01\"\nby = \"A\"", "is no known setting"},
    })),
    [](const auto& c) { return std::string(c.param.name); });

struct WrittenCase {
  const char* name;
  WrittenDeclaration written;
  const char* why;  ///< none: it is taken
};
class WrittenDeclarations : public testing::TestWithParam<WrittenCase> {};
TEST_P(WrittenDeclarations, AreTakenOrRefused) {
  const auto read = parse_declaration(GetParam().written);
  const std::string said = read ? "" : read.error().message;
  if (GetParam().why == nullptr) {
    EXPECT_EQ(said, "");
  } else {
    EXPECT_THAT(said, HasSubstr(GetParam().why));
  }
}
const std::string kLongName(kMaxDeclarerBytes, 'a');
const std::string kLongText(kMaxDeclaredBytes, 'a');
const std::string kTooLongName = kLongName + "a";
const std::string kTooLongText = kLongText + "a";
INSTANTIATE_TEST_SUITE_P(
    , WrittenDeclarations,
    testing::ValuesIn(std::to_array<WrittenCase>({
        {"Plain", {"2026-01-05", "A. Smith, partner", "2027-01-05", "On file."}, nullptr},
        {"WithoutText", {"2026-01-05", "A", "2026-01-06", ""}, nullptr},
        {"AcrossALeapDay", {"2027-03-01", "A", "2028-03-01", ""}, nullptr},
        {"LongestName", {"2026-01-05", kLongName, "2026-02-05", ""}, nullptr},
        {"LongestText", {"2026-01-05", "A", "2026-02-05", kLongText}, nullptr},
        {"OtherLetters", {"2026-01-05", "Zo\xC3\xAB \xE2\x80\x93 <b>", "2026-02-05", "a\\b"}, nullptr},
        {"NoDay", {"", "A", "2026-02-05", ""}, "the day of the declaration must be a day"},
        {"NoSuchDay", {"2026-02-30", "A", "2026-03-05", ""}, "the day of the declaration must be a day"},
        {"ATime", {"2026-01-05T00:00:00Z", "A", "2026-03-05", ""}, "the day of the declaration"},
        {"NoReview", {"2026-01-05", "A", "", ""}, "the review day must be a day"},
        {"OddReview", {"2026-01-05", "A", "5/2/2026", ""}, "the review day must be a day"},
        {"ReviewAtOnce", {"2026-01-05", "A", "2026-01-05", ""}, "must come after"},
        {"ReviewBefore", {"2026-01-05", "A", "2026-01-04", ""}, "must come after"},
        {"ReviewTooLate", {"2026-01-05", "A", "2027-01-07", ""}, "within a year"},
        {"ReviewNever", {"2026-01-05", "A", "9999-12-31", ""}, "within a year"},
        {"Nobody", {"2026-01-05", "", "2026-02-05", "x"}, "name of the person"},
        {"NobodyButBlanks", {"2026-01-05", " \t\r\n", "2026-02-05", "x"}, "name of the person"},
        {"NameTooLong", {"2026-01-05", kTooLongName, "2026-02-05", ""}, "120 bytes"},
        {"TextTooLong", {"2026-01-05", "A", "2026-02-05", kTooLongText}, "2000 bytes"},
        {"ControlInName", {"2026-01-05", "A\x1B[2J", "2026-02-05", ""}, "invisible"},
        {"TurnedRound", {"2026-01-05", "A", "2026-02-05", "\xE2\x80\xAEx"}, "invisible"},
        {"NoUtf8", {"2026-01-05", "A", "2026-02-05", "\xFF"}, "invisible"},
    })),
    [](const auto& c) { return std::string(c.param.name); });

TEST(WrittenDeclaration, IsOneLine) {
  const auto read = parse_declaration({"2026-01-05", "  A.\tSmith ", "2027-01-05", "\nOne.\r\n\r\n Two.\n"});
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->by, "A. Smith");
  EXPECT_EQ(read->note, "One. Two.");
}

TEST(Declarations, AreDueFromTheReviewDayOn) {
  const Declaration declaration{day("2026-01-05"), "A", day("2027-01-05"), ""};
  EXPECT_TRUE(judge_declaration(nullptr, day("2026-06-01")).is_due);
  EXPECT_TRUE(judge_declaration(&declaration, day("2026-01-04")).is_due);
  EXPECT_FALSE(judge_declaration(&declaration, day("2026-01-05")).is_due);
  EXPECT_FALSE(judge_declaration(&declaration, day("2027-01-05") - std::chrono::milliseconds(1)).is_due);
  EXPECT_TRUE(judge_declaration(&declaration, day("2027-01-05")).is_due);
}

TEST(Declarations, EachIsAskedForByARowOfTheTerms) {
  const Terms terms = parse_terms(kTerms, "terms").value();
  for (const std::string& name : terms.declarations()) EXPECT_FALSE(terms.asking(name).empty()) << name;
  ASSERT_EQ(terms.asking("training").size(), 1U);
  EXPECT_EQ(terms.asking("training")[0]->id, "clause-7");
  EXPECT_TRUE(terms.asking("train").empty());
}

}  // namespace
}  // namespace privyseal::evidence
