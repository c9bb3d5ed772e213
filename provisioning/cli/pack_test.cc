#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <format>
#include <fstream>
#include <sstream>

#include "firmware/base/sha256.h"
#include "provisioning/cli/program.h"
#include "provisioning/evidence/ledger_check.h"
#include "tests/support/fake_appliance.h"
#include "tests/support/process.h"

namespace privyseal::cli {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::Not;

std::string content(const fs::path& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

JsonObject json(std::string_view text) { return parse_json_object(text).value(); }

/// A pack of fakes with seven mails on two days, made by the command line.
class PackTest : public testing::Test {
 protected:
  PackTest() {
    appliance_.answer(
        "gatewayd", "status",
        json(
            R"({"state":"running","version":"0.1.0","openssl":"OpenSSL 3.5.7","ledger":{"oldest_at":"2026-03-10T00:00:00Z"}})"));
    appliance_.answer(
        "renewd", "cert-list",
        json(
            R"({"identities":[{"name":"cjsm","active":{"generation":1,"state":"active","key":"cjsm-1"}}]})"));
    appliance_.answer("admind", "users", json(R"({"users":[{"name":"alice"},{"name":"<b>bob"}]})"));
    for (const char* daemon : {"keyd", "renewd", "admind"})
      appliance_.append(daemon, {.actor = daemon, .action = "start"});
    for (int i = 0; i < 5; ++i) appliance_.add_mail("alice@lawfirm.example");
    appliance_.add_mail("", "refused");
    appliance_.add_mail("dora@lawfirm.example", "open");
    appliance_.sign_logs();
  }

  ExitStatus make(const std::string& name, const std::vector<std::string>& more = {}) {
    std::vector<std::string> words{
        "audit",      "pack",  "--from",   "2026-03-10", "--to",
        "2026-03-11", "--out", path(name), "--run",      appliance_.run().string()};
    words.insert(words.end(), more.begin(), more.end());
    out_.str("");
    err_.str("");
    const std::vector<std::string_view> views(words.begin(), words.end());
    return cli::run(views, appliance_.clock(), out_, err_);
  }
  ExitStatus run(std::vector<std::string> words) {
    words.insert(words.end(), {"--run", appliance_.run().string()});
    out_.str("");
    err_.str("");
    const std::vector<std::string_view> views(words.begin(), words.end());
    return cli::run(views, appliance_.clock(), out_, err_);
  }
  std::string path(const std::string& name) const { return (folder_.path() / name).string(); }

  /// Python and openssl, in an environment that knows nothing of us.
  int python(const std::string& script, const std::vector<std::string>& arguments) {
    std::vector<std::string> all{"-I", script};
    all.insert(all.end(), arguments.begin(), arguments.end());
    fs::remove(path("said"));
    auto child = test::ChildProcess::start({.program = "/usr/bin/python3",
                                            .arguments = all,
                                            .environment = {"PATH=/usr/bin:/bin"},
                                            .output = path("said")});
    return child.value().wait(std::chrono::minutes(2)).value();
  }
  int verify(const std::string& name, const std::vector<std::string>& more = {}) {
    std::vector<std::string> arguments{path(name)};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return python(PRIVYSEAL_AUDIT_FOLDER "/verify_pack.py", arguments);
  }
  std::string said() const { return content(path("said")); }

  test::FakeAppliance appliance_;
  test::TempFolder folder_;
  std::ostringstream out_;
  std::ostringstream err_;
};

TEST_F(PackTest, VerifiesWithPythonAndOpensslAlone) {
  ASSERT_EQ(make("p"), ExitStatus::kOk) << out_.str() << err_.str();
  EXPECT_EQ(python(path("p/verify_pack.py"), {path("p")}), 0) << said();
  EXPECT_THAT(said(), HasSubstr("7 mails, each in the log"));
  EXPECT_THAT(said(), HasSubstr("keyd      1 entries, as signed"));
}

TEST_F(PackTest, ItsVerifierIsTheProjectsOwn) {
  ASSERT_EQ(make("p"), ExitStatus::kOk);
  EXPECT_EQ(content(path("p/verify_pack.py")), content(PRIVYSEAL_AUDIT_FOLDER "/verify_pack.py"));
}

TEST_F(PackTest, TheSameRangeTwiceHasTheSameContentHash) {
  ASSERT_EQ(make("a"), ExitStatus::kOk);
  const std::string first = *json_text(json(content(path("a/pack.json"))), "content_hash");
  appliance_.clock().set(appliance_.clock().now() + std::chrono::days(3));
  appliance_.add_mail("later@lawfirm.example");
  appliance_.append("keyd", {.actor = "keyd", .action = "later"});
  appliance_.sign_logs();
  ASSERT_EQ(make("b"), ExitStatus::kOk);
  EXPECT_EQ(*json_text(json(content(path("b/pack.json"))), "content_hash"), first);
  EXPECT_NE(content(path("a/MANIFEST")), content(path("b/MANIFEST")));
  EXPECT_EQ(verify("b"), 0) << said();
  EXPECT_THAT(said(), HasSubstr("content   " + first));
}

TEST_F(PackTest, EveryRandomTamperingIsFound) {
  ASSERT_EQ(make("p"), ExitStatus::kOk);
  EXPECT_EQ(python(PRIVYSEAL_AUDIT_FOLDER "/tamper_pack.py", {path("p"), "200"}), 0) << said();
  EXPECT_THAT(said(), HasSubstr("all 200 tamperings found"));
}

TEST_F(PackTest, AnotherKeyIsFoundWhenTheRightOneIsKnown) {
  ASSERT_EQ(make("p", {"--json"}), ExitStatus::kOk);
  const std::string key = *json_text(json(out_.str()), "audit_key");
  EXPECT_EQ(verify("p", {key}), 0) << said();
  std::string capitals;
  for (const char c : key) capitals += c >= 'a' ? static_cast<char>(c - 'a' + 'A') : c;
  EXPECT_EQ(verify("p", {capitals.substr(0, 4), capitals.substr(4, 4) + " " + capitals.substr(8)}), 0)
      << said() << "as the console shows it";
  EXPECT_NE(verify("p", {std::string(64, '0')}), 0);
  EXPECT_THAT(said(), HasSubstr("another key"));
}

TEST_F(PackTest, AnArchiveHoldsTheSameFiles) {
  ASSERT_EQ(make("p.tar"), ExitStatus::kOk) << err_.str();
  auto tar = test::ChildProcess::start({.program = "/usr/bin/tar",
                                        .arguments = {"-xf", path("p.tar"), "-C", path("")},
                                        .environment = {},
                                        .output = path("said")});
  ASSERT_EQ(tar.value().wait(std::chrono::seconds(20)).value(), 0) << said();
  EXPECT_EQ(verify("pack"), 0) << said();
}

TEST_F(PackTest, IsNeverWrittenOverAnother) {
  ASSERT_EQ(make("p"), ExitStatus::kOk);
  EXPECT_EQ(make("p"), ExitStatus::kFailed);
  EXPECT_THAT(err_.str(), HasSubstr("exists already"));
}

// --- what the appliance itself might have got wrong, signed all the same

TEST_F(PackTest, ARowThatIsNotAsTheLogSaysIsNamed) {
  (*appliance_.mails().at(2).at("row").if_object())["sender"] = "mallory@lawfirm.example";
  EXPECT_EQ(make("p"), ExitStatus::kFailed);
  EXPECT_THAT(out_.str(), HasSubstr("mail 3: differs from entry"));
  EXPECT_NE(verify("p"), 0);
  EXPECT_THAT(said(), HasSubstr("mail 3 differs from entry"));
  EXPECT_THAT(content(path("p/pack.json")), HasSubstr(R"("check":"ledger-in-log","status":"not met")"));
}

TEST_F(PackTest, ARowThatIsMissingIsNamed) {
  appliance_.mails().erase(appliance_.mails().begin() + 3);
  EXPECT_EQ(make("p"), ExitStatus::kFailed);
  EXPECT_THAT(out_.str(), HasSubstr("mail/4 is in the log"));
  EXPECT_NE(verify("p"), 0);
  EXPECT_THAT(said(), HasSubstr("mail/4 is in the log, but not in the ledger"));
}

TEST_F(PackTest, ARowThatWasPurgedAfterSixMonthsIsNotMissing) {
  appliance_.mails().erase(appliance_.mails().begin() + 2, appliance_.mails().begin() + 4);
  appliance_.clock().set(appliance_.clock().now() + std::chrono::days(184));
  appliance_.append("gatewayd", {.actor = "gatewayd", .action = "mail-purged", .object = "mails/3-4"});
  appliance_.sign_logs();
  EXPECT_EQ(make("p"), ExitStatus::kOk) << out_.str();
  EXPECT_EQ(verify("p"), 0) << said();
}

TEST_F(PackTest, ARowThatWasPurgedTooEarlyIsNamed) {
  appliance_.mails().erase(appliance_.mails().begin() + 3);
  appliance_.clock().set(appliance_.clock().now() + std::chrono::days(183));
  appliance_.append("gatewayd", {.actor = "gatewayd", .action = "mail-purged", .object = "mails/1-9"});
  appliance_.sign_logs();
  EXPECT_EQ(make("p"), ExitStatus::kFailed);
  EXPECT_THAT(out_.str(), HasSubstr("mail/4 was purged after 183 days"));
  EXPECT_NE(verify("p"), 0);
  EXPECT_THAT(said(), HasSubstr("mail/4 is in the log, but not in the ledger"));
}

TEST_F(PackTest, AnExportOfTheLedgerProvesItself) {
  appliance_.clock().set(appliance_.clock().now() + std::chrono::seconds(1));
  EXPECT_EQ(run({"ledger", "verify"}), ExitStatus::kOk) << err_.str();
  EXPECT_THAT(out_.str(), HasSubstr("Sound: 7 mails as recorded"));
  ASSERT_EQ(run({"ledger", "export", "--out", path("e")}), ExitStatus::kOk) << err_.str();
  EXPECT_THAT(out_.str(), HasSubstr("7 mails in "));
  EXPECT_EQ(python(path("e/verify_pack.py"), {path("e")}), 0) << said();
  EXPECT_THAT(said(), HasSubstr("7 mails, each in the log"));
  EXPECT_THAT(content(path("e/ledger.csv")), HasSubstr(",alice@lawfirm.example,"));
  for (const auto& file : fs::directory_iterator(path("e")))
    EXPECT_EQ(file.status().permissions() & fs::perms::others_all, fs::perms::none) << file.path();
  std::string rows = content(path("e/ledger.jsonl"));
  rows.replace(rows.find("alice@"), 5, "malet");
  std::ofstream(path("e/ledger.jsonl")) << rows;
  EXPECT_NE(verify("e"), 0);
  EXPECT_THAT(said(), HasSubstr("mail 1 differs from entry"));
}

/// Senders that a spreadsheet would calculate, cells that need quotes, a former row with a column of its own.
TEST_F(PackTest, TheSpreadsheetOfAnExportMustSayWhatItsRowsSay) {
  for (const char* sender : {"=1+1@x.example", "+44@x.example", "@x.example", "\tx@x.example",
                             "\"a,b\"@x.example", "a\r\"b@x.example", "jos\xc3\xa9@x.example"})
    appliance_.add_mail(sender);
  const std::string former =
      R"({"id":15,"opened_at":"2026-03-10T00:00:00.000Z","sender":"-x","old":-7,"outcome":"open"})";
  appliance_.append("gatewayd", {.actor = "gatewayd",
                                 .action = "mail-opened",
                                 .object = "mail/15",
                                 .params_hash = to_hex(sha256(bytes_of(former)))});
  appliance_.mails().push_back(
      {{"id", 15}, {"row", json(former)}, {"opened_seq", 27}, {"closed_seq", nullptr}});
  appliance_.sign_logs();
  appliance_.clock().set(appliance_.clock().now() + std::chrono::seconds(1));
  ASSERT_EQ(run({"ledger", "export", "--out", path("e")}), ExitStatus::kOk) << out_.str() << err_.str();
  EXPECT_EQ(verify("e"), 0) << said();
  EXPECT_THAT(said(), HasSubstr("15 mails, each in the log\ncsv       ledger.csv says the same\n"));

  const std::string csv = content(path("e/ledger.csv"));
  const auto said_of = [&](const std::string& changed) {
    EXPECT_NE(changed, csv);
    std::ofstream(path("e/ledger.csv")) << changed;
    return verify("e") == 0 ? "sound" : said();
  };
  const auto with = [&](std::string_view what, std::string_view instead) {
    std::string changed = csv;
    return changed.replace(changed.find(what), what.size(), instead);
  };
  EXPECT_THAT(said_of(with("alice@", "malet@")),
              HasSubstr("NOT SOUND: ledger.csv does not say of mail 1 what"));
  EXPECT_THAT(said_of(with("'=1+1", "=1+1")), HasSubstr("of mail 8 what"));
  EXPECT_THAT(said_of(with(R"("""a,b""@x)", R"(""a,b"@x)")), HasSubstr("of mail 12 what"));
  EXPECT_THAT(said_of(with("'-7", "-7")), HasSubstr("of mail 15 what"));
  EXPECT_THAT(said_of(with("sender", "Sender")), HasSubstr("another heading than the rows"));
  EXPECT_THAT(said_of(with("\r\n", "\n")), HasSubstr("another heading than the rows"));
  EXPECT_THAT(said_of(""), HasSubstr("another heading than the rows"));
  EXPECT_THAT(said_of(csv.substr(0, csv.size() - 1)), HasSubstr("of mail 15 what"));
  EXPECT_THAT(said_of(csv + "16,"), HasSubstr("goes on behind the last mail"));
  fs::remove(path("e/ledger.csv"));
  EXPECT_NE(verify("e"), 0);
  EXPECT_THAT(said(), HasSubstr("NOT SOUND: ledger.csv is missing"));
}

TEST_F(PackTest, AnExportWithoutMailHasAnEmptySpreadsheet) {
  ASSERT_EQ(run({"ledger", "export", "--to", "2026-01-01", "--out", path("e")}), ExitStatus::kOk)
      << err_.str();
  EXPECT_EQ(verify("e"), 0) << said();
  std::ofstream(path("e/ledger.csv")) << "id\r\n";
  EXPECT_NE(verify("e"), 0);
  EXPECT_THAT(said(), HasSubstr("goes on behind the last mail"));
}

/// Each row is true: it is the gap between the first and the last that must be looked for in any order.
TEST_F(PackTest, AnExportWhoseRowsAreInAnotherOrderIsNotSound) {
  appliance_.clock().set(appliance_.clock().now() + std::chrono::seconds(1));
  ASSERT_EQ(run({"ledger", "export", "--out", path("e")}), ExitStatus::kOk) << err_.str();
  std::vector<std::string> rows;
  std::istringstream file(content(path("e/ledger.jsonl")));
  for (std::string row; std::getline(file, row);) rows.push_back(row);
  ASSERT_EQ(rows.size(), 7U);
  const auto said_of = [&](const std::vector<std::string>& kept) {
    std::ofstream ledger(path("e/ledger.jsonl"));
    for (const std::string& row : kept) ledger << row << '\n';
    ledger.close();
    return verify("e") == 0 ? "sound" : said();
  };
  EXPECT_THAT(said_of({rows[6], rows[0]}), HasSubstr("mail 1 is not in the order of the log"));
  EXPECT_THAT(said_of({rows[0], rows[3], rows[2], rows[6]}), HasSubstr("mail 3 is not in the order of"));
  EXPECT_THAT(said_of({rows[0], rows[1], rows[1], rows[2]}), HasSubstr("mail 2 is not in the order of"));
}

TEST_F(PackTest, ARowOfAnExportThatNoEntryVouchesForIsNotSound) {
  appliance_.clock().set(appliance_.clock().now() + std::chrono::seconds(1));
  ASSERT_EQ(run({"ledger", "export", "--out", path("e")}), ExitStatus::kOk) << err_.str();
  std::string rows = content(path("e/ledger.jsonl"));
  const std::string entry = R"("opened_seq":12,)";
  ASSERT_THAT(rows, HasSubstr(entry));
  rows.replace(rows.find(entry), entry.size(), R"("opened_seq":null,)");
  std::ofstream(path("e/ledger.jsonl")) << rows;
  EXPECT_NE(verify("e"), 0);
  EXPECT_THAT(said(), HasSubstr("mail 7: no entry of the log vouches for it"));
}

TEST_F(PackTest, AnExportOfWhatIsNotAsTheLogSaysIsNotSound) {
  appliance_.clock().set(appliance_.clock().now() + std::chrono::seconds(1));
  (*appliance_.mails().at(2).at("row").if_object())["sender"] = "mallory@lawfirm.example";
  EXPECT_EQ(run({"ledger", "verify"}), ExitStatus::kFailed);
  EXPECT_THAT(out_.str(), HasSubstr("NOT SOUND: mail 3: differs from entry"));
  EXPECT_EQ(run({"ledger", "export", "--out", path("e")}), ExitStatus::kFailed);
  EXPECT_THAT(out_.str(), HasSubstr("NOT SOUND: mail 3: differs from entry"));
  EXPECT_NE(verify("e"), 0);
}

TEST_F(PackTest, AnExportHasTheMailsOfItsDaysAsFarAsTheLogIsSigned) {
  appliance_.clock().set(appliance_.clock().now() + std::chrono::days(1));
  appliance_.add_mail("later@lawfirm.example");
  appliance_.sign_logs();
  appliance_.add_mail("unsigned@lawfirm.example");
  const std::string day =
      std::format("{:%F}", std::chrono::floor<std::chrono::days>(appliance_.clock().now()));
  appliance_.clock().set(appliance_.clock().now() + std::chrono::seconds(1));
  ASSERT_EQ(run({"ledger", "export", "--from", day, "--out", path("e")}), ExitStatus::kOk) << err_.str();
  EXPECT_THAT(out_.str(), HasSubstr("1 mail in "));
  EXPECT_THAT(out_.str(), HasSubstr("Without 1 newer mail"));
  const std::string rows = content(path("e/ledger.jsonl"));
  EXPECT_THAT(rows, HasSubstr("later@"));
  EXPECT_THAT(rows, Not(HasSubstr("unsigned@")));
  EXPECT_THAT(rows, Not(HasSubstr("alice@")));
  EXPECT_EQ(verify("e"), 0) << said();
  ASSERT_EQ(run({"ledger", "export", "--to", day, "--out", path("f")}), ExitStatus::kOk) << err_.str();
  EXPECT_THAT(out_.str(), HasSubstr("7 mails in "));
  EXPECT_THAT(content(path("f/ledger.csv")), Not(HasSubstr("later@")));
}

TEST_F(PackTest, AnEndThatTheLogDoesNotKnowIsNamed) {
  appliance_.mails().at(1)["closed_seq"] = nullptr;
  EXPECT_EQ(make("p"), ExitStatus::kFailed);
  EXPECT_NE(verify("p"), 0);
  EXPECT_THAT(said(), HasSubstr("mail 2: closed, but the log does not say so"));
}

TEST_F(PackTest, AMailThatIsShownOpenThoughTheLogHasItsEndIsNamed) {
  appliance_.clock().set(appliance_.clock().now() + std::chrono::seconds(1));
  JsonObject& mail = appliance_.mails().at(1);
  mail["row"] = evidence::as_opened(mail.at("row").as_object());
  mail["closed_seq"] = nullptr;
  const auto named = HasSubstr("mail 2: open, but entry 3 of the log says that it ended");
  EXPECT_EQ(make("p"), ExitStatus::kFailed);
  EXPECT_THAT(out_.str(), named);
  EXPECT_NE(verify("p"), 0);
  EXPECT_THAT(said(), named);
  EXPECT_EQ(run({"ledger", "verify"}), ExitStatus::kFailed);
  EXPECT_THAT(out_.str(), named);
  EXPECT_EQ(run({"ledger", "export", "--out", path("e")}), ExitStatus::kFailed);
  EXPECT_THAT(out_.str(), named);
  EXPECT_NE(verify("e"), 0);
  EXPECT_THAT(said(), named);
}

TEST_F(PackTest, AMailWhoseEndIsNotSignedYetIsShownOpen) {
  appliance_.close_mail(7);
  EXPECT_EQ(make("p", {"--wait", "1"}), ExitStatus::kOk) << out_.str();
  EXPECT_EQ(verify("p"), 0) << said();
  EXPECT_THAT(said(), HasSubstr("7 mails, each in the log"));
  appliance_.sign_logs();
  EXPECT_EQ(make("q"), ExitStatus::kOk) << out_.str();
  EXPECT_EQ(verify("q"), 0) << said();
  EXPECT_THAT(content(path("q/data/ledger.jsonl")), Not(HasSubstr(R"("outcome":"open")")));
}

TEST_F(PackTest, AnAlteredLogIsNamed) {
  appliance_.tamper("renewd", "UPDATE audit_entry SET entry = replace(entry, 'start', 'START')");
  EXPECT_EQ(make("p"), ExitStatus::kFailed);
  EXPECT_THAT(out_.str(), HasSubstr("NOT SOUND: the log of renewd"));
  EXPECT_NE(verify("p"), 0);
  EXPECT_THAT(said(), HasSubstr("logs/renewd.note: the entries differ"));
}

// --- what is missing

TEST_F(PackTest, MailsThatAreNotSignedYetAreCountedAndLeftOut) {
  appliance_.add_mail("late@lawfirm.example");
  EXPECT_EQ(make("p", {"--wait", "1"}), ExitStatus::kWarning);
  EXPECT_THAT(out_.str(), HasSubstr("Without 1 mail"));
  EXPECT_THAT(content(path("p/data/ledger.jsonl")), Not(HasSubstr("late@lawfirm.example")));
  EXPECT_EQ(verify("p"), 0) << said();
}

TEST_F(PackTest, WithoutRenewdThePackSaysSo) {
  appliance_.stop("renewd");
  EXPECT_EQ(make("p"), ExitStatus::kWarning);
  EXPECT_THAT(out_.str(), HasSubstr("Without the log of renewd"));
  EXPECT_THAT(content(path("p/index.html")), HasSubstr("missing: renewd"));
  EXPECT_EQ(verify("p"), 0) << said();
}

TEST_F(PackTest, WithoutTheLedgerOrTheKeyThereIsNone) {
  appliance_.stop("gatewayd");
  EXPECT_EQ(make("p"), ExitStatus::kNoAnswer);
  appliance_.stop("keyd");
  EXPECT_EQ(make("p"), ExitStatus::kNoAnswer);
  EXPECT_FALSE(fs::exists(path("p")));
}

TEST_F(PackTest, ARangeWithoutMailIsAPackAllTheSame) {
  std::ostringstream out;
  const std::string file = path("empty");
  const std::string run_folder = appliance_.run().string();
  const std::vector<std::string_view> words{"audit",      "pack",  "--from", "2025-01-01", "--to",
                                            "2025-01-02", "--out", file,     "--run",      run_folder};
  EXPECT_EQ(cli::run(words, appliance_.clock(), out, err_), ExitStatus::kOk);
  EXPECT_EQ(verify("empty"), 0) << said();
  EXPECT_THAT(said(), HasSubstr("0 mails"));
}

TEST_F(PackTest, SecureEmailGuideG3ThePageSaysHowMuchWasTls13AndHybrid) {
  ASSERT_EQ(make("p"), ExitStatus::kOk);
  const std::string page = content(path("p/index.html"));
  for (const char* side : {"Towards CJSM", "Inside the organisation"})
    EXPECT_THAT(page,
                testing::ContainsRegex(std::string(side) +
                                       "</th><td>[1-9]</td><td>[1-9] [(]100 %[)]</td><td>0 [(]0 %[)]</td>"));
}

TEST_F(PackTest, ThePageShowsWhatIsFromOutsideAsText) {
  ASSERT_EQ(make("p"), ExitStatus::kOk);
  const std::string page = content(path("p/index.html"));
  EXPECT_THAT(page, HasSubstr("Test token, not validated"));
  EXPECT_THAT(page, HasSubstr("Ministry of Justice"));
  EXPECT_THAT(page, Not(HasSubstr("<script")));
  EXPECT_THAT(page, Not(HasSubstr("<b>bob")));
  EXPECT_THAT(page, Not(HasSubstr("http://")));
}

struct Claim {
  const char* name;
  const char* token;
  const char* console;
  bool counts;
};
void PrintTo(const Claim& claim, std::ostream* out) { *out << claim.name; }

class PackOfAToken : public PackTest, public testing::WithParamInterface<Claim> {};
TEST_P(PackOfAToken, SaysWhatIsClaimedWhereThatCounts) {
  appliance_.name_token(GetParam().token);
  if (GetParam().console != nullptr) appliance_.answer("admind", "status", json(GetParam().console));
  ASSERT_EQ(make("p"), ExitStatus::kOk) << out_.str() << err_.str();
  const char* const words = GetParam().counts ? "claimed to be validated" : "test token, not validated";
  EXPECT_THAT(out_.str(), HasSubstr(words));
  const JsonObject pack = json(content(path("p/pack.json")));
  EXPECT_EQ(*json_text(pack, "token"), words);
  EXPECT_EQ(*json_text(pack, "token_name"), GetParam().token);
  const std::string page = content(path("p/index.html"));
  EXPECT_EQ(page.contains("class=\"banner\">Test token, not validated"), !GetParam().counts);
  EXPECT_EQ(page.contains("class=\"banner\">The organisation claims"), GetParam().counts);
  EXPECT_EQ(verify("p"), 0) << said();
}
constexpr const char* kClaims = R"({"claims_validated_token":true})";
INSTANTIATE_TEST_SUITE_P(, PackOfAToken,
                         testing::ValuesIn(std::to_array<Claim>({
                             {"ClaimedAndNotSoftHsms", "Example Corp., M", kClaims, true},
                             {"ClaimedAndSoftHsms", "SoftHSM project, SoftHSM v2", kClaims, false},
                             {"ClaimedAndNotNamed", "", kClaims, false},
                             {"NotClaimed", "Example Corp., M", R"({"claims_validated_token":false})", false},
                             {"SilentConsole", "Example Corp., M", nullptr, false},
                         })),
                         [](const auto& c) { return std::string(c.param.name); });

}  // namespace
}  // namespace privyseal::cli
