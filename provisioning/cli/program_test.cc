#include "provisioning/cli/program.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "tests/support/fake_appliance.h"

namespace privyseal::cli {
namespace {

using testing::HasSubstr;
using testing::Not;

JsonObject json(std::string_view text) { return parse_json_object(text).value(); }

/// The command line against an appliance of fakes.
class ProgramTest : public testing::Test {
 protected:
  ExitStatus run(std::vector<std::string> words) {
    words.insert(words.end(), {"--run", appliance_.run().string()});
    return run_bare(words);
  }
  ExitStatus run_bare(const std::vector<std::string>& words) {
    out_.str("");
    err_.str("");
    const std::vector<std::string_view> views(words.begin(), words.end());
    return cli::run(views, appliance_.clock(), out_, err_);
  }
  JsonObject last_request(const std::string& daemon) const { return appliance_.requests(daemon).back(); }
  std::string content(const std::string& name) const {
    std::ifstream file(appliance_.run() / name);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  test::FakeAppliance appliance_;
  std::ostringstream out_;
  std::ostringstream err_;
};

TEST_F(ProgramTest, WithoutACommandTheUsageIsAnError) {
  EXPECT_EQ(run_bare({}), ExitStatus::kWrongUsage);
  EXPECT_EQ(out_.str(), "");
  for (const Command& command : all_commands()) EXPECT_THAT(err_.str(), HasSubstr("  " + command.words));
}

TEST_F(ProgramTest, HelpNamesEveryCommandAndEveryExitStatus) {
  EXPECT_EQ(run_bare({"--help"}), ExitStatus::kOk);
  for (const Command& command : all_commands()) EXPECT_THAT(out_.str(), HasSubstr("  " + command.words));
  for (const char* status : {"  0  ", "  1  ", "  2  ", "  3  ", "  4  ", "  5  "})
    EXPECT_THAT(out_.str(), HasSubstr(status));
}

TEST_F(ProgramTest, EveryCommandHasHelpOfItsOwn) {
  for (const Command& command : all_commands()) {
    std::vector<std::string> words;
    std::istringstream split(command.words);
    for (std::string word; split >> word;) words.push_back(word);
    words.emplace_back("--help");
    EXPECT_EQ(run_bare(words), ExitStatus::kOk);
    EXPECT_THAT(out_.str(), HasSubstr("usage: privyseal " + command.words));
    for (const Option& option : command.options) EXPECT_THAT(out_.str(), HasSubstr("--" + option.name));
  }
}

TEST_F(ProgramTest, TracksTheOnlyMailThatATextFinds) {
  appliance_.answer("gatewayd", "mail-find", json(R"({"mails":[{"id":7,"sender":"a@b"}],"more":false})"));
  appliance_.answer("gatewayd", "mail-track", json(R"({"mail":{"id":7,"sender":"a@b"},"timeline":[]})"));
  EXPECT_EQ(run({"mail", "track", "a@b"}), ExitStatus::kOk);
  EXPECT_EQ(to_text(last_request("gatewayd")), R"({"op":"mail-track","id":7})");
  EXPECT_EQ(run({"mail", "track", "12"}), ExitStatus::kOk);
  EXPECT_EQ(to_text(last_request("gatewayd")), R"({"op":"mail-track","id":12})");
}

TEST_F(ProgramTest, AsksWhichOneWhenATextFindsSeveralMails) {
  appliance_.answer("gatewayd", "mail-find", json(R"({"mails":[{"id":8},{"id":7}],"more":false})"));
  EXPECT_EQ(run({"mail", "track", "a@b"}), ExitStatus::kFailed);
  EXPECT_THAT(out_.str(), HasSubstr("2 mails match. Which one?"));
  appliance_.answer("gatewayd", "mail-find", json(R"({"mails":[],"more":false})"));
  EXPECT_EQ(run({"mail", "track", "a@b"}), ExitStatus::kFailed);
  EXPECT_THAT(err_.str(), HasSubstr("no mail has 'a@b'"));
}

TEST_F(ProgramTest, HoldsWithAReason) {
  appliance_.answer("gatewayd", "hold-add", json(R"({"id":3})"));
  EXPECT_EQ(run({"ledger", "hold", "add", "a@b", "--from", "2026-03-01", "--why", "dispute 12"}),
            ExitStatus::kOk);
  EXPECT_EQ(to_text(last_request("gatewayd")),
            R"({"op":"hold-add","text":"a@b","why":"dispute 12","from":"2026-03-01T00:00:00.000Z"})");
  EXPECT_THAT(out_.str(), HasSubstr("Hold 3 is in force"));
  EXPECT_EQ(run({"ledger", "hold", "add", "--why", "all of it"}), ExitStatus::kWrongUsage);
  EXPECT_EQ(run({"ledger", "hold", "add", "a@b"}), ExitStatus::kWrongUsage);
  appliance_.answer("gatewayd", "hold-end", json("{}"));
  EXPECT_EQ(run({"ledger", "hold", "end", "3", "--why", "settled"}), ExitStatus::kOk);
  EXPECT_EQ(to_text(last_request("gatewayd")), R"({"op":"hold-end","why":"settled","id":3})");
}

TEST_F(ProgramTest, BringsARegisterInPartsAndThenNamesItsHash) {
  appliance_.answer("gatewayd", "policy-part", json("{}"));
  appliance_.answer("gatewayd", "policy-set", json(R"({"name":"assured.csv","rows":2,"bytes":65537})"));
  std::ofstream(appliance_.run() / "new") << std::string(65537, 'x');
  EXPECT_EQ(run({"policy", "set", "assured.csv", (appliance_.run() / "new").string(), "--reason", "K4"}),
            ExitStatus::kOk);
  EXPECT_THAT(out_.str(), HasSubstr("assured.csv is in use: 2 rows."));
  const auto requests = appliance_.requests("gatewayd");
  ASSERT_EQ(requests.size(), 3U);
  EXPECT_EQ(json_text(requests[0], "content")->size(), 87384U);
  EXPECT_EQ(to_text(requests[1]), R"({"op":"policy-part","after":65536,"content":"eA=="})");
  EXPECT_EQ(json_text(requests[2], "sha256").value(),
            "1abe08ebecf1c18cab71f6fe28aaddf20268f85bad78bb9a72f88ca47c874662");
  EXPECT_EQ(json_text(requests[2], "why").value(), "K4");
}

TEST_F(ProgramTest, ARegisterThatIsRefusedIsNotInUse) {
  appliance_.answer("gatewayd", "policy-part", fail(ErrorCode::kConflict, "another file is being brought"));
  std::ofstream(appliance_.run() / "new") << "x";
  EXPECT_EQ(run({"policy", "set", "assured.csv", (appliance_.run() / "new").string(), "--reason", "K4"}),
            ExitStatus::kFailed);
  EXPECT_EQ(out_.str(), "");
  EXPECT_THAT(err_.str(), HasSubstr("another file is being brought"));
  EXPECT_EQ(appliance_.requests("gatewayd").size(), 1U);
}

TEST_F(ProgramTest, ShowsWhatFilesAreInUseAndWarnsOfNewerOnesThatAreNot) {
  appliance_.answer("gatewayd", "policy-show",
                    json(R"({"files":[{"name":"assured.csv","from":"administrator","rows":2,"bytes":9,
                             "since":"2026-03-01T00:00:00.000Z","sha256":"00ff","hides_provisioning":true}]})"));
  EXPECT_EQ(run({"policy", "show"}), ExitStatus::kOk);
  EXPECT_THAT(out_.str(), HasSubstr("assured.csv  administrator, over provisioning's     2  "));
  EXPECT_THAT(out_.str(), Not(HasSubstr("NOT IN USE")));
  appliance_.answer("gatewayd", "policy-show",
                    json(R"({"files":[],"failure":"assured.csv: line 2: \u001b"})"));
  EXPECT_EQ(run({"policy", "show"}), ExitStatus::kWarning);
  EXPECT_THAT(out_.str(), HasSubstr("NEWER FILES ARE NOT IN USE: assured.csv: line 2: \\x1b."));
}

TEST_F(ProgramTest, WritesTheFiguresForACollector) {
  appliance_.answer("gatewayd", "metrics", json(R"({"text":"x 1\n"})"));
  appliance_.answer("renewd", "cert-list", json("{}"));
  const std::string file = (appliance_.run() / "figures.prom").string();
  EXPECT_EQ(run({"metrics", "--out", file}), ExitStatus::kOk);
  EXPECT_THAT(content("figures.prom"), HasSubstr("\nx 1\n"));
  EXPECT_EQ(run({"metrics"}), ExitStatus::kOk);
  EXPECT_EQ(out_.str(), content("figures.prom"));
}

struct Wrong {
  const char* name;
  std::vector<std::string> words;
  const char* why;
};
class WrongUsage : public ProgramTest, public testing::WithParamInterface<Wrong> {};
TEST_P(WrongUsage, IsNamedAndNothingIsAsked) {
  EXPECT_EQ(run(GetParam().words), ExitStatus::kWrongUsage);
  EXPECT_EQ(out_.str(), "");
  EXPECT_THAT(err_.str(), HasSubstr(GetParam().why));
  for (const char* daemon : {"gatewayd", "renewd", "admind"})
    EXPECT_TRUE(appliance_.requests(daemon).empty());
}
INSTANTIATE_TEST_SUITE_P(
    , WrongUsage,
    testing::ValuesIn(std::vector<Wrong>{
        {"NoSuchCommand", {"mails"}, "there is no command 'mails'"},
        {"ControlBytes", {"\x1b[2J"}, "there is no command '\\x1b[2J'"},
        {"NounAlone", {"cert"}, "privyseal cert csr"},
        {"NoSuchVerb", {"cert", "steal"}, "privyseal cert csr"},
        {"MissingWord", {"mail", "track"}, "--id is missing"},
        {"ExtraWord", {"mail", "track", "1", "2"}, "unexpected word '2'"},
        {"NoNumber", {"ledger", "hold", "end", "x", "--why", "x"}, "--id must be a whole number"},
        {"ZeroIsNoId", {"mail", "track", "0"}, "--id must be a whole number"},
        {"Negative", {"ledger", "hold", "end", "--id", "-1", "--why", "x"}, "--id must be a whole number"},
        {"TooLarge", {"mail", "track", "9223372036854775808"}, "--id must be a whole number"},
        {"TooMany", {"mail", "find", "--limit", "101"}, "--limit must be a whole number from 1 to 100"},
        {"NoDay", {"mail", "find", "--from", "yesterday"}, "--from must be a day"},
        {"NoOutcome", {"mail", "find", "--outcome", "lost"}, "--outcome must be one of"},
        {"NoReason", {"line", "suspend"}, "--reason is missing"},
        {"EmptyReason", {"line", "resume", "--reason", ""}, "--reason needs a value"},
        {"TerminatedByMistake", {"line", "terminate", "--reason", "x"}, "--for-good is missing"},
        {"NoKey", {"rate", "release", "--reason", "x"}, "--key is missing"},
        {"ReleaseWithoutAReason", {"rate", "release", "organisation", "--reason="}, "--reason needs a value"},
        {"NothingSearched", {"directory", "search"}, "--text is missing"},
        {"OtherFormat", {"directory", "export", "--format", "xls", "--out", "x"}, "--format must be one of"},
        {"SetWithoutAReason", {"policy", "set", "policy.toml", "x"}, "--reason is missing"},
        {"RemoveWithoutAReason", {"policy", "remove", "policy.toml"}, "--reason is missing"},
        {"NoIdentity", {"cert", "renew"}, "--identity is missing"},
        {"OtherIdentity", {"cert", "renew", "root"}, "--identity must be one of"},
        {"NoFile", {"cert", "import", "cjsm"}, "--file is missing"},
        {"NoGeneration", {"cert", "request", "cjsm", "--instead-of", "0"}, "--instead-of must be"},
        {"OtherLog", {"audit", "tail", "sshd"}, "--log must be one of"},
        {"NoLines", {"audit", "tail", "--lines", "0"}, "--lines must be a whole number"},
        {"PackWithoutRange", {"audit", "pack", "--out", "x"}, "--from is missing"},
        {"PackBackwards",
         {"audit", "pack", "--from", "2026-03-02", "--to", "2026-03-01", "--out", "x"},
         "--from must be before --to"},
        {"PackOfNoDay",
         {"audit", "pack", "--from", "2026-02-30", "--to", "2026-03-01", "--out", "x"},
         "--from must be a day"},
    }),
    [](const auto& c) { return std::string(c.param.name); });

// --- one question at one door

struct Question1 {
  const char* name;
  std::vector<std::string> words;
  const char* daemon;
  const char* request;
};
class AsksTheDoor : public ProgramTest, public testing::WithParamInterface<Question1> {
 protected:
  std::string operation() const { return *json_text(json(GetParam().request), "op"); }
};
TEST_P(AsksTheDoor, ExactlyThat) {
  appliance_.answer(GetParam().daemon, operation(), JsonObject{});
  static_cast<void>(run(GetParam().words));
  ASSERT_EQ(appliance_.requests(GetParam().daemon).size(), 1U);
  EXPECT_EQ(last_request(GetParam().daemon), json(GetParam().request));
}
TEST_P(AsksTheDoor, ARefusalIsShownAndIsFour) {
  appliance_.answer(GetParam().daemon, operation(), fail(ErrorCode::kDenied, "not \x1b you"));
  EXPECT_EQ(run(GetParam().words), ExitStatus::kDenied);
  EXPECT_EQ(out_.str(), "");
  EXPECT_THAT(err_.str(), HasSubstr("not \\x1b you"));
}
TEST_P(AsksTheDoor, ANoIsOne) {
  for (const ErrorCode no : {ErrorCode::kNotFound, ErrorCode::kConflict, ErrorCode::kInvalid}) {
    appliance_.answer(GetParam().daemon, operation(), fail(no, "no"));
    EXPECT_EQ(run(GetParam().words), ExitStatus::kFailed);
  }
}
TEST_P(AsksTheDoor, ADaemonThatIsDownIsThreeAndNamed) {
  appliance_.stop(GetParam().daemon);
  EXPECT_EQ(run(GetParam().words), ExitStatus::kNoAnswer);
  EXPECT_THAT(err_.str(), HasSubstr(GetParam().daemon));
}
TEST_P(AsksTheDoor, ADaemonThatNeverRanIsThreeAndNamed) {
  std::vector<std::string> words = GetParam().words;
  words.insert(words.end(), {"--run", (appliance_.run() / "nowhere").string()});
  EXPECT_EQ(run_bare(words), ExitStatus::kNoAnswer);
  EXPECT_THAT(err_.str(), HasSubstr(std::string(GetParam().daemon) + " does not answer"));
}
TEST_P(AsksTheDoor, JsonIsTheDoorsAnswerUnchanged) {
  const JsonObject answer = json(
      R"({"csr":"-----BEGIN","certificate":"-----BEGIN","identity":{"name":"cjsm"},"other":[1,null,{"x":"\u001b"}]})");
  appliance_.answer(GetParam().daemon, operation(), answer);
  std::vector<std::string> words = GetParam().words;
  words.emplace_back("--json");
  EXPECT_EQ(run(words), ExitStatus::kOk);
  JsonObject expected{{"ok", true}};
  for (const auto& [key, value] : answer) expected.emplace(key, value);
  EXPECT_EQ(out_.str(), to_text(expected) + "\n");
}
TEST_P(AsksTheDoor, WithJsonARefusalIsJsonToo) {
  appliance_.answer(GetParam().daemon, operation(), fail(ErrorCode::kDenied, "no"));
  std::vector<std::string> words = GetParam().words;
  words.emplace_back("--json");
  EXPECT_EQ(run(words), ExitStatus::kDenied);
  EXPECT_EQ(*json_text(json(out_.str()), "code"), "denied");
}
INSTANTIATE_TEST_SUITE_P(
    , AsksTheDoor,
    testing::ValuesIn(std::vector<Question1>{
        {"MailFlow", {"mail", "flow"}, "gatewayd", R"({"op":"mail-flow","minutes":60})"},
        {"MailFlowOfADay",
         {"mail", "flow", "--minutes", "1440"},
         "gatewayd",
         R"({"op":"mail-flow","minutes":1440})"},
        {"MailPartners",
         {"mail", "partners", "--from", "2026-03-01"},
         "gatewayd",
         R"({"op":"mail-partners","from":"2026-03-01T00:00:00.000Z"})"},
        {"MailFind", {"mail", "find"}, "gatewayd", R"({"op":"mail-find","limit":20})"},
        {"MailFindText",
         {"mail", "find", "alice@lawfirm.example", "--outcome=refused", "--from", "2026-03-01", "--to",
          "2026-03-02T10:00:00Z", "--before", "7", "--limit", "5"},
         "gatewayd",
         R"({"op":"mail-find","limit":5,"text":"alice@lawfirm.example","outcome":"refused",
             "from":"2026-03-01T00:00:00.000Z","to":"2026-03-02T10:00:00.000Z","before_id":7})"},
        {"MailTrack", {"mail", "track", "3"}, "gatewayd", R"({"op":"mail-track","id":3})"},
        {"LineShow", {"line", "show"}, "gatewayd", R"({"op":"status"})"},
        {"LineSuspend",
         {"line", "suspend", "--reason", "a breach"},
         "gatewayd",
         R"({"op":"line-switch","line":"suspended","why":"a breach"})"},
        {"LineResume",
         {"line", "resume", "--reason", "mended"},
         "gatewayd",
         R"({"op":"line-switch","line":"active","why":"mended"})"},
        {"LineTerminate",
         {"line", "terminate", "--reason", "the end", "--for-good"},
         "gatewayd",
         R"({"op":"line-switch","line":"terminated","why":"the end"})"},
        {"RateRelease",
         {"rate", "release", "sender/a@b.example", "--reason", "a mailing"},
         "gatewayd",
         R"({"op":"rate-release","key":"sender/a@b.example","why":"a mailing"})"},
        {"DirectorySearch",
         {"directory", "search", "bea police"},
         "gatewayd",
         R"({"op":"directory-search","text":"bea police"})"},
        {"CertList", {"cert", "list"}, "renewd", R"({"op":"cert-list"})"},
        {"CertRenew", {"cert", "renew", "lan"}, "renewd", R"({"op":"cert-renew","identity":"lan"})"},
        {"CertActivate",
         {"cert", "activate", "cjsm"},
         "renewd",
         R"({"op":"cert-activate","identity":"cjsm"})"},
        {"CertRollback",
         {"cert", "rollback", "console"},
         "renewd",
         R"({"op":"cert-rollback","identity":"console"})"},
        {"CertCsr", {"cert", "csr", "cjsm"}, "renewd", R"({"op":"cert-csr","identity":"cjsm"})"},
        {"CertRequest", {"cert", "request", "cjsm"}, "renewd", R"({"op":"cert-request","identity":"cjsm"})"},
        {"CertRequestInsteadOf",
         {"cert", "request", "cjsm", "--instead-of", "4"},
         "renewd",
         R"({"op":"cert-request","identity":"cjsm","instead_of":4})"},
        {"CertImport",
         {"cert", "import", "cjsm", "/dev/null"},
         "renewd",
         R"({"op":"cert-import","identity":"cjsm","pem":""})"},
        {"CertIssue",
         {"cert", "issue", "mail-server", "/dev/null"},
         "renewd",
         R"({"op":"issue","profile":"mail-server","csr":""})"},
        {"CertCa", {"cert", "ca"}, "renewd", R"({"op":"ca"})"},
        {"CertRevoked",
         {"cert", "revoked", "/dev/null", "--reason", "stolen"},
         "gatewayd",
         R"({"op":"revocations-take","pem":"","why":"stolen"})"},
        {"ConsoleClaim", {"console", "claim"}, "admind", R"({"op":"claim-code"})"},
    }),
    [](const auto& c) { return std::string(c.param.name); });

// --- commands that do more than ask

TEST_F(ProgramTest, ARequestGoesIntoTheFileThatIsNamed) {
  appliance_.answer("renewd", "cert-csr",
                    JsonObject{{"generation", 3}, {"key", "cjsm-3"}, {"csr", "-----BEGIN CSR\n"}});
  EXPECT_EQ(run({"cert", "csr", "cjsm", "--out", (appliance_.run() / "r.csr").string()}), ExitStatus::kOk);
  EXPECT_EQ(content("r.csr"), "-----BEGIN CSR\n");
  EXPECT_EQ(run({"cert", "csr", "cjsm"}), ExitStatus::kOk);
  EXPECT_EQ(out_.str(), "-----BEGIN CSR\n");
}

TEST_F(ProgramTest, ACertificateIsSentAsItIs) {
  std::ofstream(appliance_.run() / "c.pem") << "-----BEGIN CERTIFICATE\n";
  appliance_.answer("renewd", "cert-import", JsonObject{{"generation", 3}, {"state", "proven"}});
  EXPECT_EQ(run({"cert", "import", "cjsm", (appliance_.run() / "c.pem").string()}), ExitStatus::kOk);
  EXPECT_EQ(*json_text(last_request("renewd"), "pem"), "-----BEGIN CERTIFICATE\n");
  EXPECT_THAT(out_.str(), HasSubstr("generation 3 of 'cjsm' is proven"));
  EXPECT_EQ(run({"cert", "import", "cjsm", "/nonexistent"}), ExitStatus::kFailed);
}

TEST_F(ProgramTest, TheOwnCaIsAFileForProgramsAndAFingerprintForPeople) {
  appliance_.answer("renewd", "ca",
                    JsonObject{{"certificate", "-----BEGIN CERTIFICATE\n"}, {"fingerprint", "ba7816bf"}});
  EXPECT_EQ(run({"cert", "ca"}), ExitStatus::kOk);
  EXPECT_EQ(out_.str(), "-----BEGIN CERTIFICATE\n");
  EXPECT_THAT(err_.str(), HasSubstr("SHA-256 BA78 16BF\n"));
  EXPECT_EQ(run({"cert", "ca", "--out", (appliance_.run() / "ca.pem").string()}), ExitStatus::kOk);
  EXPECT_EQ(content("ca.pem"), "-----BEGIN CERTIFICATE\n");
  EXPECT_THAT(out_.str(), HasSubstr("SHA-256 BA78 16BF\n"));
  EXPECT_EQ(run({"cert", "ca", "--json"}), ExitStatus::kOk);
  EXPECT_EQ(err_.str(), "");
  EXPECT_EQ(*json_text(json(out_.str()), "fingerprint"), "ba7816bf");
}

TEST_F(ProgramTest, AListOfRevokedCertificatesInDerIsSentAsPem) {
  const std::string file = (appliance_.run() / "list.crl").string();
  std::ofstream(file) << "0\x03\x02\x01\x01";
  appliance_.answer(
      "gatewayd", "revocations-take",
      json(
          R"({"revocations":[{"issuer":"CN=Egress CA","revoked":2,"this_update":"2026-03-01T09:00:00Z","next_update":"2026-03-08T09:00:00Z"}]})"));
  EXPECT_EQ(run({"cert", "revoked", file, "--reason", "a list came"}), ExitStatus::kOk);
  EXPECT_EQ(
      to_text(last_request("gatewayd")),
      R"({"op":"revocations-take","pem":"-----BEGIN X509 CRL-----\nMAMCAQE=\n-----END X509 CRL-----\n","why":"a list came"})");
  EXPECT_THAT(out_.str(), HasSubstr("CN=Egress CA        2  2026-03-01 09:00:00 +00:00"));
}

TEST_F(ProgramTest, KeysAreListedWithTheirFingerprints) {
  EXPECT_EQ(run({"key", "list"}), ExitStatus::kOk);
  EXPECT_THAT(out_.str(), testing::ContainsRegex("cjsm-1 +cjsm-identity +p256 .*[0-9a-f]{64}"));
  EXPECT_EQ(run({"key", "list", "--json"}), ExitStatus::kOk);
  EXPECT_EQ(json_array(json(out_.str()), "keys")->size(), 2U);
  appliance_.stop("keyd");
  EXPECT_EQ(run({"key", "list"}), ExitStatus::kNoAnswer);
}

// --- the four lights

class StatusTest : public ProgramTest {
 protected:
  StatusTest() {
    appliance_.answer(
        "gatewayd", "status",
        json(R"({"state":"running","relay":{"host":"relay.example"},"today":{"delivered":2}})"));
    appliance_.answer(
        "renewd", "cert-list",
        json(R"({"identities":[{"name":"cjsm","active":{"not_after":"2026-09-01T00:00:00Z"}}]})"));
    appliance_.answer("admind", "status",
                      json(R"({"state":"running","officer":true,"users":2,"url":"https://c.example"})"));
  }
};

TEST_F(StatusTest, IsZeroWhenAllIsGreen) {
  EXPECT_EQ(run({"status"}), ExitStatus::kOk);
  EXPECT_THAT(out_.str(), Not(HasSubstr(" red ")));
  EXPECT_THAT(out_.str(), Not(HasSubstr(" amber ")));
}

TEST_F(StatusTest, ADaemonThatIsDownIsARedLineAndTheOthersAreStillShown) {
  for (const char* daemon : {"gatewayd", "renewd", "admind", "keyd"}) {
    appliance_.stop(daemon);
    EXPECT_EQ(run({"status"}), ExitStatus::kWarning);
    EXPECT_THAT(out_.str(), testing::ContainsRegex("red +[^\n]*" + std::string(daemon)));
    for (const char* light : {"mail ", "keys ", "certificates ", "console "})
      EXPECT_THAT(out_.str(), HasSubstr(light));
  }
}

TEST_F(StatusTest, TheJsonNamesTheWorstColour) {
  appliance_.answer("admind", "status", json(R"({"state":"running","officer":false})"));
  EXPECT_EQ(run({"status", "--json"}), ExitStatus::kWarning);
  EXPECT_EQ(*json_text(json(out_.str()), "colour"), "amber");
  EXPECT_EQ(json_array(json(out_.str()), "lights")->size(), 4U);
}

// --- the audit logs

class AuditTest : public ProgramTest {
 protected:
  AuditTest() {
    for (const char* daemon : {"keyd", "gatewayd", "renewd", "admind"})
      for (int i = 0; i < 3; ++i) {
        appliance_.clock().set(appliance_.clock().now() + std::chrono::seconds(1));
        appliance_.append(
            daemon, {.actor = "root", .action = "act-" + std::to_string(i), .outcome = "ok", .why = "\x1b"});
      }
    appliance_.sign_logs();
  }
};

TEST_F(AuditTest, TheLastEntriesOfAllLogsAreInTheOrderOfTime) {
  EXPECT_EQ(run({"audit", "tail", "--lines", "4"}), ExitStatus::kOk);
  EXPECT_THAT(out_.str(),
              testing::ContainsRegex("renewd +2 .*act-2(.|\n)*admind +0 .*act-0(.|\n)*admind +2 .*act-2"));
  EXPECT_THAT(out_.str(), Not(HasSubstr("gatewayd")));
  EXPECT_THAT(out_.str(), Not(HasSubstr("\x1b")));
}

TEST_F(AuditTest, OneLogCanBeChosen) {
  EXPECT_EQ(run({"audit", "tail", "keyd", "--lines", "2"}), ExitStatus::kOk);
  EXPECT_THAT(out_.str(), Not(HasSubstr("admind")));
  EXPECT_THAT(out_.str(), Not(HasSubstr("act-0")));
  EXPECT_THAT(out_.str(), HasSubstr("act-2"));
}

TEST_F(AuditTest, ALogWhoseDaemonIsDownIsNamed) {
  appliance_.stop("renewd");
  EXPECT_EQ(run({"audit", "tail"}), ExitStatus::kNoAnswer);
  EXPECT_THAT(out_.str(), HasSubstr("admind"));
  EXPECT_THAT(out_.str(), HasSubstr("renewd: "));
  EXPECT_EQ(run({"audit", "tail", "renewd"}), ExitStatus::kNoAnswer);
}

TEST_F(AuditTest, SoundLogsAreSaidToBeSound) {
  EXPECT_EQ(run({"audit", "verify"}), ExitStatus::kOk) << out_.str();
  EXPECT_THAT(out_.str(), testing::ContainsRegex("gatewayd +3 +3 +sound"));
  EXPECT_THAT(out_.str(), testing::ContainsRegex("keyd +3 +3 +sound"));
}

TEST_F(AuditTest, AnAlteredEntryIsFoundInEveryLog) {
  for (const char* daemon : {"keyd", "gatewayd", "renewd", "admind"}) {
    appliance_.tamper(daemon, "UPDATE audit_entry SET entry = replace(entry, 'root', 'toor') WHERE seq = 1");
    EXPECT_EQ(run({"audit", "verify", daemon}), ExitStatus::kFailed);
    EXPECT_THAT(out_.str(), HasSubstr("NOT SOUND"));
  }
}

TEST_F(AuditTest, AnEntryThatWasAlteredWithItsLeafIsFound) {
  appliance_.tamper("renewd", "DELETE FROM audit_entry WHERE seq = 2");
  EXPECT_NE(run({"audit", "verify", "renewd"}), ExitStatus::kOk);
}

TEST_F(AuditTest, WithoutKeydNothingIsSaidToBeSound) {
  appliance_.stop("keyd");
  EXPECT_EQ(run({"audit", "verify"}), ExitStatus::kNoAnswer);
  EXPECT_THAT(out_.str(), Not(HasSubstr("  sound")));
}

TEST_F(AuditTest, ALogWithoutACheckpointIsNotSaidToBeSound) {
  test::FakeAppliance fresh;
  const std::string run_folder = fresh.run().string();
  EXPECT_EQ(run_bare({"audit", "verify", "renewd", "--run", run_folder}), ExitStatus::kWarning);
  EXPECT_THAT(out_.str(), HasSubstr("unsigned"));
}

TEST_F(AuditTest, ExportsEveryLogWithItsCheckpointAndTheKey) {
  EXPECT_EQ(run({"audit", "export", "--out", (appliance_.run() / "logs").string()}), ExitStatus::kOk);
  EXPECT_THAT(content("logs/audit-key.pem"), HasSubstr("BEGIN PUBLIC KEY"));
  EXPECT_THAT(content("logs/renewd.note"), HasSubstr("gateway.lawfirm.example/renewd\n3\n"));
  EXPECT_THAT(content("logs/keyd.jsonl"), testing::ContainsRegex("(.*\n){3}"));
}

TEST_F(ProgramTest, DirectoryIsExportedToAFileWhoseSizeIsTold) {
  const std::string file = (appliance_.run() / "people.ldif").string();
  appliance_.answer("gatewayd", "directory-export",
                    JsonObject{{"text", "version: 1\r\n"}, {"next", 2}, {"entries", 2}});
  EXPECT_EQ(run({"directory", "export", "--format", "ldif", "--out", file}), ExitStatus::kOk);
  EXPECT_EQ(content("people.ldif"), "version: 1\r\n");
  EXPECT_THAT(out_.str(), HasSubstr("12 bytes"));
  EXPECT_EQ(last_request("gatewayd"), json(R"({"op":"directory-export","format":"ldif","after":0})"));
}

TEST_F(ProgramTest, DirectoryThatNeverEndsIsNoFile) {
  const std::string file = (appliance_.run() / "people.csv").string();
  appliance_.answer("gatewayd", "directory-export", JsonObject{{"text", "x"}, {"next", 0}, {"entries", 2}});
  EXPECT_EQ(run({"directory", "export", "--format", "csv", "--out", file}), ExitStatus::kFailed);
  EXPECT_FALSE(std::filesystem::exists(file));
}

}  // namespace
}  // namespace privyseal::cli
