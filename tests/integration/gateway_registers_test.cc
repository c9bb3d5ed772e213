// The organisation's registers, brought to a gateway at work by the command that an administrator uses.
#include <gmock/gmock.h>
#include <signal.h>
#include <sys/stat.h>

#include <fstream>
#include <sstream>

#include "firmware/base/json.h"
#include "firmware/base/sha256.h"
#include "provisioning/cli/program.h"
#include "tests/integration/gateway_lab.h"
#include "tests/support/temp_folder.h"

namespace privyseal::test {
namespace {

using cli::ExitStatus;
using testing::HasSubstr;
using testing::Not;

const std::string kPermissions =
    "reference,sender,kind,from,until,hourly_cap\r\n"
    "MOJ-1,alice@lawfirm.example,generated,2020-01-01,2099-12-31,50\r\n";

class GatewayRegisters : public GatewayTest {
 protected:
  static void SetUpTestSuite() {
    folder_ = std::make_unique<TempFolder>();
    CHECK(::chmod(folder_->path().c_str(), 0755) == 0);
    std::filesystem::create_directory(*folder_ / "given");
    std::ofstream(*folder_ / "given" / "policy.toml") << "[rules]\nregistered_sender = \"off\"\n";
    open_lab({.settings = "policy = \"" + (*folder_ / "given").string() + "\"\n", .caller = "provisioning"});
    std::filesystem::create_directory_symlink(lab_->settings.folder, *folder_ / "privyseal-gateway");
  }
  static void TearDownTestSuite() {
    GatewayTest::TearDownTestSuite();
    folder_.reset();
  }

  ExitStatus run(std::vector<std::string> words) {
    words.insert(words.end(), {"--run", folder_->path().string()});
    const std::vector<std::string_view> views(words.begin(), words.end());
    std::ostringstream out;
    std::ostringstream err;
    const ExitStatus status = cli::run(views, clock_, out, err);
    said_ = out.str() + err.str();
    return status;
  }
  ExitStatus set(const std::string& name, const std::string& text) {
    const auto file = *folder_ / "export";
    std::ofstream(file, std::ios::binary) << text;
    return run({"policy", "set", name, file.string(), "--reason", "March's export"});
  }
  ExitStatus remove(const std::string& name) {
    return run({"policy", "remove", name, "--reason", "back to before"});
  }

  /// What a mail that a program sent is answered.
  static int code_of_automated_mail() {
    peer::Mail mail = mail_out();
    mail.message = "From: alice@lawfirm.example\r\nAuto-Submitted: auto-generated\r\n" + mail.message;
    return lab_->lan_client().send(mail).value_or(peer::Reply{}).code;
  }

  /// The newest entries of the audit log of what was done to the files.
  static std::string audit_entries(const std::string& action) {
    std::string found;
    std::int64_t after = 0;
    for (;;) {
      const auto answer = lab_->gateway->ask({{"op", "audit-entries"}, {"after", after}, {"limit", 100}});
      const auto lines = answer ? json_texts(*answer, "entries") : std::vector<std::string>();
      if (!lines || lines->empty()) return found;
      for (const std::string& line : *lines)
        if (line.contains("\"action\":\"" + action + "\"")) found += line + "\n";
      after += static_cast<std::int64_t>(lines->size());
    }
  }

  static std::unique_ptr<TempFolder> folder_;
  const SystemClock clock_;
  std::string said_;
};
std::unique_ptr<TempFolder> GatewayRegisters::folder_;

TEST_F(GatewayRegisters, ANewerOneIsInUseAtOnceOverRestartsAndUntilItIsRemoved) {
  EXPECT_EQ(code_of_automated_mail(), 550);
  ASSERT_EQ(set("permissions.csv", kPermissions), ExitStatus::kOk) << said_;
  EXPECT_THAT(said_, HasSubstr("permissions.csv is in use: 1 row."));
  EXPECT_EQ(code_of_automated_mail(), 250);
  ASSERT_TRUE(lab_->gateway->restart(SIGKILL));
  EXPECT_EQ(code_of_automated_mail(), 250);
  ASSERT_EQ(run({"policy", "show"}), ExitStatus::kOk) << said_;
  const std::string hash = to_hex(sha256(bytes_of(kPermissions)));
  EXPECT_THAT(said_, testing::ContainsRegex("policy.toml +provisioning +- "));
  EXPECT_THAT(said_, testing::ContainsRegex("permissions.csv +administrator +1 .*" + hash.substr(0, 16)));
  ASSERT_EQ(remove("permissions.csv"), ExitStatus::kOk) << said_;
  EXPECT_EQ(code_of_automated_mail(), 550);
  EXPECT_EQ(remove("permissions.csv"), ExitStatus::kFailed);
  EXPECT_THAT(said_, HasSubstr("permissions.csv: none was brought"));
  static_cast<void>(rows(4));
}

TEST_F(GatewayRegisters, TheAuditLogKeepsWhoWhatAndWhyAndNothingOfTheContent) {
  ASSERT_EQ(set("permissions.csv", kPermissions), ExitStatus::kOk) << said_;
  const std::string entries = audit_entries("policy-set");
  EXPECT_THAT(entries, HasSubstr("\"role\":\"provisioning\""));
  EXPECT_THAT(entries, HasSubstr("\"object\":\"policy/permissions.csv\",\"params_hash\":\"" +
                                 to_hex(sha256(bytes_of(kPermissions))) + "\",\"outcome\":\"ok\""));
  EXPECT_THAT(entries,
              HasSubstr("March's export (1 rows, " + std::to_string(kPermissions.size()) + " bytes)"));
  EXPECT_THAT(entries, Not(HasSubstr("MOJ-1")));
  EXPECT_THAT(entries, Not(HasSubstr("alice")));
  ASSERT_EQ(remove("permissions.csv"), ExitStatus::kOk) << said_;
  EXPECT_THAT(audit_entries("policy-remove"), HasSubstr("\"object\":\"policy/permissions.csv\""));
}

TEST_F(GatewayRegisters, OneThatIsNotSoundIsRefusedByFileLineAndReasonAndChangesNothing) {
  ASSERT_EQ(set("permissions.csv", kPermissions), ExitStatus::kOk) << said_;
  EXPECT_EQ(set("permissions.csv", kPermissions + "MOJ-2,nobody,generated,2020-01-01,2099-12-31,1\r\n"),
            ExitStatus::kFailed);
  EXPECT_THAT(said_, HasSubstr("permissions.csv: line 3: sender is no address and no @domain"));
  EXPECT_THAT(audit_entries("policy-set"),
              HasSubstr("\"outcome\":\"failed\",\"why\":\"permissions.csv: line 3"));
  EXPECT_EQ(code_of_automated_mail(), 250);
  EXPECT_EQ(set("line.json", "{}"), ExitStatus::kFailed);
  EXPECT_THAT(said_, HasSubstr("name: must be one of policy.toml, commitments.csv"));
  EXPECT_EQ(run({"policy", "set", "permissions.csv", "/nowhere", "--reason", "x"}), ExitStatus::kFailed);
  EXPECT_THAT(said_, HasSubstr("/nowhere"));
  ASSERT_EQ(remove("permissions.csv"), ExitStatus::kOk) << said_;
  static_cast<void>(only_row());
}

/// Many requests long, in the 15 columns of CJSM's export and in its old encoding.
TEST_F(GatewayRegisters, ADirectoryOfThousandsArrivesWhole) {
  std::string text =
      "Firstname,Lastname,UserType,Organisation,Secure Email,Address1,Address2,Town/City,Postcode,Telephone,"
      "Mobile,Description,Business Type,CJ Area,Account Status\r\n";
  for (int i = 0; i < 5000; ++i)
    text += "Jos\xE9,Number" + std::to_string(i) + ",webmail,Police,p" + std::to_string(i) +
            "@police.example.cjsm.net,1 High Street,,York,YO1 1AA,,,,Police,North,Active\r\n";
  ASSERT_EQ(set("directory.csv", text), ExitStatus::kOk) << said_;
  EXPECT_THAT(said_, HasSubstr("directory.csv is in use: 5000 rows."));
  ASSERT_EQ(run({"directory", "search", "Number4999"}), ExitStatus::kOk);
  EXPECT_THAT(said_, HasSubstr("Jos\xC3\xA9 Number4999"));
  ASSERT_EQ(remove("directory.csv"), ExitStatus::kOk) << said_;
  EXPECT_THAT(said_, HasSubstr("Provisioning gave no directory.csv"));
}

/// What a person finds who looks why no mail passes.
TEST_F(GatewayRegisters, OneThatCannotBeReadAfterAnUpdateHoldsMailAndIsNamed) {
  ASSERT_EQ(set("permissions.csv", kPermissions), ExitStatus::kOk) << said_;
  std::ofstream(lab_->gateway->ledger().parent_path() / "policy" / "permissions.csv")
      << "of another form\r\n";
  ASSERT_TRUE(lab_->gateway->restart(SIGTERM));
  EXPECT_EQ(lab_->lan_client().command("MAIL FROM:<alice@lawfirm.example>")->code, 421);
  EXPECT_EQ(run({"policy", "show"}), ExitStatus::kWarning);
  EXPECT_THAT(said_,
              HasSubstr("NEWER FILES ARE NOT IN USE: permissions.csv: column missing: reference; all mail "
                        "waits until this is mended."));
  ASSERT_EQ(set("permissions.csv", kPermissions), ExitStatus::kOk) << said_;
  EXPECT_EQ(code_of_automated_mail(), 250);
  ASSERT_EQ(remove("permissions.csv"), ExitStatus::kOk) << said_;
  static_cast<void>(rows(2));
}

}  // namespace
}  // namespace privyseal::test
