#include "hsm/keyd/settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "firmware/base/file.h"
#include "tests/support/temp_folder.h"

namespace privyseal::keyd {
namespace {

const std::string kGood = R"(state = "/s"
[socket]
path = "/run/keyd.sock"
[pkcs11]
module = "/m.so"
token = "t"
pin_file = "/p"
[callers]
gateway = ["962"]
provisioning = ["root", "963"]
renewal = ["964"]
console = ["965"]
[audit]
host = "gateway.lawfirm.example"
)";

Result<Settings> load(const std::string& text) {
  const test::TempFolder folder;
  EXPECT_TRUE(replace_file(folder.path() / "keyd.toml", bytes_of(text), 0600));
  return load_settings(folder.path() / "keyd.toml");
}

TEST(KeydSettings, AreReadWithTheirDefaults) {
  const auto settings = load(kGood);
  ASSERT_TRUE(settings) << settings.error().message;
  EXPECT_EQ(settings->state, "/s");
  EXPECT_EQ(settings->socket, "/run/keyd.sock");
  EXPECT_EQ(settings->socket_mode, 0660);
  EXPECT_FALSE(settings->socket_group);
  EXPECT_EQ(settings->workers, 4);
  EXPECT_EQ(settings->signatures_per_second, 5000U);
  EXPECT_EQ(settings->module, "/m.so");
  EXPECT_EQ(settings->token.label, "t");
  EXPECT_EQ(settings->pin_file, "/p");
  EXPECT_FALSE(settings->softhsm_conf);
  EXPECT_EQ(settings->module_parameters, "");
  EXPECT_EQ(settings->callers, (std::map<uid_t, Caller>{{962, Caller::kGateway},
                                                        {0, Caller::kProvisioning},
                                                        {963, Caller::kProvisioning},
                                                        {964, Caller::kRenewal},
                                                        {965, Caller::kConsole}}));
}

TEST(KeydSettings, TheHostsOwnNameIsInTheAuditOriginWhenThereIsNoOther) {
  EXPECT_EQ(load(kGood)->audit_origin, "gateway.lawfirm.example/keyd");
  const auto settings = load(kGood.substr(0, kGood.find("[audit]")));
  ASSERT_TRUE(settings) << settings.error().message;
  EXPECT_THAT(settings->audit_origin, testing::MatchesRegex("[A-Za-z0-9.-]+/keyd"));
}

/// kGood with other lines that name module and token.
std::string with_token(const std::string& lines) {
  const std::string usual = "module = \"/m.so\"\ntoken = \"t\"\n";
  std::string text = kGood;
  return text.replace(text.find(usual), usual.size(), lines);
}

TEST(KeydSettings, ModuleAndTokenMayBeNamedByUri) {
  const auto all = load(with_token("uri = \"pkcs11:token=t;serial=0a1b?module-path=/m.so\"\n"));
  ASSERT_TRUE(all) << all.error().message;
  EXPECT_EQ(all->module, "/m.so");
  EXPECT_EQ(all->token.label, "t");
  EXPECT_EQ(all->token.serial, "0a1b");
  const auto token_only = load(with_token("module = \"/m.so\"\nuri = \"pkcs11:token=t\"\n"));
  ASSERT_TRUE(token_only) << token_only.error().message;
  EXPECT_EQ(token_only->module, "/m.so");
}

TEST(KeydSettings, MayHaveParametersForTheModule) {
  const auto settings =
      load(with_token("module = \"/m.so\"\ntoken = \"t\"\nparameters = \"configDir='sql:/n'\"\n"));
  ASSERT_TRUE(settings) << settings.error().message;
  EXPECT_EQ(settings->module_parameters, "configDir='sql:/n'");
}

TEST(KeydSettings, NameModuleAndTokenOnce) {
  for (const std::string lines : {"", "module = \"/m.so\"\n", "token = \"t\"\n", "uri = \"pkcs11:token=t\"\n",
                                  "module = \"/m.so\"\nuri = \"pkcs11:token=t?module-path=/m.so\"\n",
                                  "module = \"/m.so\"\ntoken = \"t\"\nuri = \"pkcs11:token=t\"\n",
                                  "module = \"/m.so\"\nuri = \"pkcs11:token=t?pin-value=1234\"\n"}) {
    const auto settings = load(with_token(lines));
    ASSERT_FALSE(settings) << lines;
    EXPECT_EQ(settings.error().code, ErrorCode::kInvalid) << lines;
    EXPECT_THAT(settings.error().message, testing::Not(testing::HasSubstr("1234")));
  }
}

TEST(KeydSettings, ACallerThatIsNotThereIsNobody) {
  std::string text = kGood;
  const std::string renewal = "renewal = [\"964\"]\n";
  text.replace(text.find(renewal), renewal.size(), "");
  const auto settings = load(text);
  ASSERT_TRUE(settings) << settings.error().message;
  EXPECT_FALSE(settings->callers.contains(964));
}

const std::string kException = R"([tls12_exception]
reason = "the old mail server"
roles = ["lan-identity", "cjsm-identity"]
until = "2027-03-31"
)";

TEST(KeydSettings, ThereIsNoTls12UnlessItIsExceptedForSomebodyUntilSomeDay) {
  EXPECT_FALSE(load(kGood)->tls12_exception);
  const auto settings = load(kGood + kException);
  ASSERT_TRUE(settings) << settings.error().message;
  ASSERT_TRUE(settings->tls12_exception);
  EXPECT_EQ(settings->tls12_exception->in_words(),
            "TLS 1.2 as a server is excepted for lan-identity, cjsm-identity until 2027-03-31: the old mail "
            "server");
}

const std::string kApprovals = R"([approvals]
site = "gateway.lawfirm.example"
origins = ["https://gateway.lawfirm.example:8443"]
approvers = "/no/such/file"
)";

class ApproversFile : public testing::Test {
 protected:
  /// As keyd reads them.
  Settings load_with(const std::string& content, mode_t mode = 0644) {
    const std::filesystem::path file = folder_.path() / "approvers";
    EXPECT_TRUE(replace_file(file, bytes_of(content), mode));
    std::string text = kGood + kApprovals;
    text.replace(text.find("/no/such/file"), 13, file.string());
    return load(text).value();
  }
  static constexpr std::string_view kTwo =
      "alice eddsa 11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n"
      "bob eddsa PUAXw+hDiVqStwqnTRt+vJyYLM8uxJaMwM1V8Sr0Zgw=\n";

  test::TempFolder folder_;
};

TEST_F(ApproversFile, NamesWhoMayApproveADestruction) {
  EXPECT_TRUE(load(kGood)->approvals.approvers.empty());
  const Settings settings = load_with(std::string(kTwo));
  EXPECT_EQ(settings.approvers_fault, "");
  EXPECT_EQ(settings.approvals.site, "gateway.lawfirm.example");
  EXPECT_EQ(settings.approvals.origins, std::vector<std::string>{"https://gateway.lawfirm.example:8443"});
  ASSERT_EQ(settings.approvals.approvers.size(), 2U);
  EXPECT_EQ(settings.approvals.approvers[1].person, "bob");
}

TEST_F(ApproversFile, MayBeMissingOrEmptyAndThenNobodyApproves) {
  const auto missing = load(kGood + kApprovals);
  ASSERT_TRUE(missing) << missing.error().message;
  for (const Settings& settings : {*missing, load_with("")}) {
    EXPECT_TRUE(settings.approvals.approvers.empty());
    EXPECT_EQ(settings.approvers_fault, "");
  }
}

TEST_F(ApproversFile, ThatIsNoneStopsNoMailAndNamesNobody) {
  const std::string two(kTwo);
  const std::string no_point = "carol es256 " + std::string(85, 'A') + "A==\n";
  for (const auto& [content, why] :
       {std::pair<std::string, std::string>{two.substr(0, two.find('\n')), "two different persons"},
        {two + "carol\n", "line 3 must be as"},
        {two + no_point, "a passkey of carol is no point of its curve"}}) {
    const Settings settings = load_with(content);
    EXPECT_TRUE(settings.approvals.approvers.empty()) << content;
    EXPECT_TRUE(settings.approvers_fault.contains(why)) << settings.approvers_fault;
  }
}

TEST_F(ApproversFile, ThatOthersMayWriteToNamesNobody) {
  for (const mode_t mode : {0664, 0646}) {
    ASSERT_TRUE(load_with(std::string(kTwo), 0644).approvers_fault.empty());
    const Settings settings = load_with(std::string(kTwo), mode);
    EXPECT_TRUE(settings.approvals.approvers.empty()) << mode;
    EXPECT_TRUE(settings.approvers_fault.contains("others than root")) << settings.approvers_fault;
  }
}

struct Case {
  std::string name;
  std::string from;
  std::string to;
};

class BadKeydSettings : public testing::TestWithParam<Case> {};

TEST_P(BadKeydSettings, AreRefused) {
  std::string text = kGood + kException + kApprovals;
  const std::size_t at = text.find(GetParam().from);
  ASSERT_NE(at, std::string::npos);
  text.replace(at, GetParam().from.size(), GetParam().to);
  const auto settings = load(text);
  ASSERT_FALSE(settings);
  EXPECT_EQ(settings.error().code, ErrorCode::kInvalid) << settings.error().message;
}

INSTANTIATE_TEST_SUITE_P(, BadKeydSettings,
                         testing::ValuesIn(std::vector<Case>{
                             {"NoState", "state = \"/s\"", ""},
                             {"NoSocket", "path = \"/run/keyd.sock\"", ""},
                             {"NoModule", "module = \"/m.so\"", ""},
                             {"NoToken", "token = \"t\"", ""},
                             {"NoPinFile", "pin_file = \"/p\"", ""},
                             {"NoWorkers", "state", "workers = 0\nstate"},
                             {"TooManyWorkers", "state", "workers = 65\nstate"},
                             {"ModeIsNotOctal", "[socket]", "[socket]\nmode = \"rw\""},
                             {"ModeHasMoreBits", "[socket]", "[socket]\nmode = \"4755\""},
                             {"ModeIsEmpty", "[socket]", "[socket]\nmode = \"\""},
                             {"UnknownGroup", "[socket]", "[socket]\ngroup = \"no-such-group\""},
                             {"UnknownUser", "\"962\"", "\"no-such-user\""},
                             {"NegativeUser", "\"962\"", "\"-1\""},
                             {"OneUserTwoCallers", "\"963\"", "\"962\""},
                             {"OneUserTwice", "\"963\"", "\"0\""},
                             {"CallerIsNoList", "[\"962\"]", "\"962\""},
                             {"AuditHostIsNone", "gateway.lawfirm.example", "a/b"},
                             {"AuditHostHasABlank", "gateway.lawfirm.example", "a b"},
                             {"UnknownCaller", "gateway", "gatway"},
                             {"ExceptionWithoutReason", "reason = \"the old mail server\"", ""},
                             {"ExceptionForNobody", "the old mail server", ""},
                             {"ExceptionWithALongReason", "the old mail server", std::string(201, 'r')},
                             {"ExceptionForEver", "until = \"2027-03-31\"", ""},
                             {"ExceptionUntilNoDay", "2027-03-31", "2027-02-30"},
                             {"ExceptionUntilAShortDay", "2027-03-31", "2027-3-31"},
                             {"ExceptionUntilADayAndMore", "2027-03-31", "2027-03-31T10:00:00Z"},
                             {"ExceptionOfNoKeys", "[\"lan-identity\", \"cjsm-identity\"]", "[]"},
                             {"ExceptionOfTheCa", "[\"lan-identity\"", "[\"issuing-ca\""},
                             {"ExceptionOfTheConsole", "[\"lan-identity\"", "[\"console-identity\""},
                             {"ExceptionOfAnUnknownRole", "[\"lan-identity\"", "[\"lan\""},
                             {"ApprovalsWithoutSite", "site = \"gateway.lawfirm.example\"", ""},
                             {"ApprovalsWithoutOrigins", "[\"https://gateway.lawfirm.example:8443\"]", "[]"},
                             {"ApprovalsWithoutAFile", "approvers = \"/no/such/file\"", ""},
                             {"ApproversInTheSettings", "approvers = ", "passkeys = [\"x\"]\napprovers = "},
                             {"MisspeltException", "tls12_exception", "tls12_exceptions"},
                             {"MisspeltKey", "token = ", "tokn = \"\"\ntoken = "},
                             {"NoToml", "[socket]", "[socket"},
                         }),
                         [](const auto& tested) { return tested.param.name; });

TEST(KeydSettings, NeedAFile) {
  EXPECT_EQ(load_settings("/no/such/file").error().code, ErrorCode::kNotFound);
}

}  // namespace
}  // namespace privyseal::keyd
