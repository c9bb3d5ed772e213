#include "provisioning/commands.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "firmware/base/base64.h"
#include "firmware/base/file.h"
#include "hsm/destruction.h"
#include "provisioning/destroy.h"
#include "tests/support/fake_keyd.h"
#include "tests/support/software_keys.h"
#include "tests/support/temp_folder.h"

namespace privyseal::provisioning {
namespace {

using hsm::ErrorAnswer;
using hsm::KeyRole;
using hsm::KeyType;
using hsm::Request;
using testing::HasSubstr;

class CommandsTest : public testing::Test {
 protected:
  int run(const std::vector<std::string>& words) {
    out_.str("");
    err_.str("");
    const std::vector<std::string_view> views(words.begin(), words.end());
    return provisioning::run(views, out_, err_);
  }
  int run_on_socket(std::vector<std::string> words) {
    words.insert(words.end(), {"--socket", socket_.string()});
    return run(words);
  }
  std::string content(const std::string& name) const {
    std::ifstream file(folder_.path() / name);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  test::TempFolder folder_;
  const std::filesystem::path socket_ = folder_.path() / "keyd.sock";
  std::ostringstream out_;
  std::ostringstream err_;
};

TEST_F(CommandsTest, WithoutACommandTheUsageIsAnError) {
  EXPECT_EQ(run({}), kWrongUsage);
  EXPECT_EQ(out_.str(), "");
  for (const Command& command : all_commands()) EXPECT_THAT(err_.str(), HasSubstr(command.name + " - "));
}

TEST_F(CommandsTest, HelpIsNoError) {
  EXPECT_EQ(run({"--help"}), kDone);
  EXPECT_THAT(out_.str(), HasSubstr("exit status: 0 done, 1 failed, 2 wrong usage"));
}

TEST_F(CommandsTest, WrongUsageIsNamed) {
  EXPECT_EQ(run({"export"}), kWrongUsage);
  EXPECT_THAT(err_.str(), HasSubstr("no such command: export"));
  EXPECT_EQ(run({"generate", "--socket", "s", "--name", "n", "--role", "root", "--type", "p256"}),
            kWrongUsage);
  EXPECT_THAT(
      err_.str(),
      HasSubstr(
          "generate: --role must be one of cjsm-identity|lan-identity|audit|issuing-ca|console-identity"));
  EXPECT_EQ(run({"list"}), kWrongUsage);
  EXPECT_THAT(err_.str(), HasSubstr("--socket is missing"));
}

TEST_F(CommandsTest, GenerateAsksForExactlyTheKeyThatWasWanted) {
  test::FakeKeyd keyd(socket_, [](const Request& request) {
    const auto& wanted = std::get<hsm::GenerateRequest>(request.body);
    return test::answer_to(request, hsm::KeysAnswer{{{wanted.name, wanted.role, wanted.type, {}}}});
  });
  EXPECT_EQ(run_on_socket({"generate", "--name", "gateway", "--role", "lan-identity", "--type", "p384"}),
            kDone);
  EXPECT_EQ(std::get<hsm::GenerateRequest>(keyd.requests().at(0).body),
            (hsm::GenerateRequest{"gateway", KeyRole::kLanIdentity, KeyType::kEcP384}));
  EXPECT_THAT(out_.str(),
              testing::ContainsRegex("gateway +lan-identity +p384 +e3b0c44298fc1c149afbf4c8996fb924"));
}

TEST_F(CommandsTest, KeydsRefusalIsShownAndIsAFailure) {
  const test::FakeKeyd keyd(socket_, [](const Request& request) {
    return test::answer_to(request, ErrorAnswer{ErrorCode::kConflict, "key gateway: exists already"});
  });
  EXPECT_EQ(run_on_socket({"generate", "--name", "gateway", "--role", "lan-identity", "--type", "p384"}),
            kFailed);
  EXPECT_EQ(err_.str(), "privyseal-provision generate: key gateway: exists already (conflict)\n");
  EXPECT_EQ(out_.str(), "");
}

TEST_F(CommandsTest, EveryCommandFailsWithoutKeyd) {
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"generate", "--name", "g", "--role", "lan-identity", "--type", "p256"},
        {"csr", "--name", "g", "--subject-cn", "c", "--dns", "d"},
        {"list"},
        {"uses"},
        {"health"}}) {
    EXPECT_EQ(run_on_socket(words), kFailed) << words[0];
    EXPECT_THAT(err_.str(), HasSubstr("(unavailable)")) << words[0];
  }
}

TEST_F(CommandsTest, CsrIsWrittenToTheFileOrToStandardOutput) {
  test::SoftwareKeys keys;
  keys.add("gateway");
  const test::FakeKeyd keyd(socket_, keys);
  const std::vector<std::string> words{
      "csr",   "--name", "gateway", "--subject-cn",   "gateway.example.cjsm.net",
      "--dns", "a.b",    "c.d",     "--organisation", "Example Council"};
  EXPECT_EQ(run_on_socket(words), kDone) << err_.str();
  EXPECT_TRUE(out_.str().starts_with("-----BEGIN CERTIFICATE REQUEST-----\n"));
  auto with_file = words;
  with_file.insert(with_file.end(), {"--out", folder_.path() / "g.csr"});
  EXPECT_EQ(run_on_socket(with_file), kDone) << err_.str();
  EXPECT_EQ(out_.str(), "");
  EXPECT_TRUE(content("g.csr").ends_with("-----END CERTIFICATE REQUEST-----\n"));
}

TEST_F(CommandsTest, CsrWithABadNameWritesNothing) {
  test::SoftwareKeys keys;
  keys.add("gateway");
  const test::FakeKeyd keyd(socket_, keys);
  EXPECT_EQ(run_on_socket({"csr", "--name", "gateway", "--subject-cn", "g", "--dns", "*.b", "--out",
                           folder_.path() / "g.csr"}),
            kFailed);
  EXPECT_THAT(err_.str(), HasSubstr("a DNS name is no host name (invalid)"));
  EXPECT_EQ(run_on_socket({"csr", "--name", "absent", "--subject-cn", "g", "--dns", "b", "--out",
                           folder_.path() / "g.csr"}),
            kFailed);
  EXPECT_THAT(err_.str(), HasSubstr("(not-found)"));
  EXPECT_FALSE(std::filesystem::exists(folder_.path() / "g.csr"));
}

TEST_F(CommandsTest, ListShowsTheKeys) {
  test::SoftwareKeys keys;
  keys.add("gateway");
  keys.add("lan", KeyType::kEcP384, KeyRole::kLanIdentity);
  const test::FakeKeyd keyd(socket_, keys);
  EXPECT_EQ(run_on_socket({"list"}), kDone);
  EXPECT_THAT(out_.str(),
              testing::ContainsRegex("gateway +cjsm-identity +p256 +[0-9a-f]{64}\nlan +lan-identity +p384 "));
}

TEST_F(CommandsTest, UsesAreATableOrJson) {
  const test::FakeKeyd keyd(socket_, [](const Request& request) {
    return test::answer_to(request,
                           hsm::UsesAnswer{{{"gateway", 1, 2, 3, 4, 5, 6, 7, 8, 9},
                                            {"lan", 0, 18446744073709551615u, 0, 0, 0, 0, 0, 0, 0}}});
  });
  EXPECT_EQ(run_on_socket({"uses"}), kDone);
  EXPECT_THAT(out_.str(), testing::ContainsRegex("gateway +1 +10 +3 +4 +5 +7 +6 +9\n"));
  EXPECT_EQ(run_on_socket({"uses", "--json"}), kDone);
  EXPECT_EQ(
      out_.str(),
      R"({"uses": [{"name": "gateway", "tls_client": 1, "tls_server": 2, "tls12_server": 8, "csr": 3, )"
      R"("certificate": 4, "crl": 5, "ocsp": 7, "checkpoint": 6, "refused": 9}, )"
      R"({"name": "lan", "tls_client": 0, "tls_server": 18446744073709551615, "tls12_server": 0, "csr": 0, )"
      R"("certificate": 0, "crl": 0, "ocsp": 0, "checkpoint": 0, "refused": 0}]})"
      "\n");
}

/// A passkey's answer as browsers write it.
std::string approval_json(const std::string& client_data = "{\"type\":\"webauthn.get\"}") {
  return R"({"id":"x","type":"public-key","response":{"clientDataJSON":")" +
         to_base64url(bytes_of(client_data)) + R"(","authenticatorData":"AAEC","signature":"MEQC"}})";
}

TEST_F(CommandsTest, DestroyTakesTheRequestAndTwoApprovalsToKeyd) {
  std::optional<hsm::DestroyRequest> heard;
  const test::FakeKeyd keyd(socket_, [&](const Request& request) {
    if (const auto* asked = std::get_if<hsm::DestroyRequest>(&request.body)) heard = *asked;
    return test::answer_to(request, hsm::DoneAnswer{});
  });
  ASSERT_EQ(run({"destroy-request", "--name", "cjsm-1", "--host", "gateway.lawfirm.example"}), kDone)
      << err_.str();
  const std::string text = out_.str();
  const auto wanted = hsm::parse_destruction(text);
  ASSERT_TRUE(wanted) << text;
  EXPECT_EQ(wanted->key, "cjsm-1");
  EXPECT_EQ(wanted->host, "gateway.lawfirm.example");
  run({"destroy-request", "--name", "cjsm-1", "--host", "gateway.lawfirm.example"});
  EXPECT_NE(out_.str(), text) << "each has a nonce of its own";

  ASSERT_TRUE(replace_file(folder_.path() / "request", bytes_of(text), 0600));
  ASSERT_TRUE(replace_file(folder_.path() / "one.json", bytes_of(approval_json()), 0600));
  ASSERT_TRUE(replace_file(folder_.path() / "other.json", bytes_of(approval_json("{}")), 0600));
  const std::string one = "alice=" + (folder_.path() / "one.json").string();
  const std::string other = "bob=" + (folder_.path() / "other.json").string();
  const std::string request = folder_.path() / "request";
  EXPECT_EQ(run_on_socket({"destroy", "--request", request, "--approvals", one, other}), kDone) << err_.str();
  EXPECT_THAT(out_.str(), HasSubstr("'cjsm-1' is no longer on the token"));
  ASSERT_TRUE(heard);
  EXPECT_EQ(heard->name, "cjsm-1");
  EXPECT_EQ(heard->text, text);
  EXPECT_EQ(heard->approvals[0].client_data, "{\"type\":\"webauthn.get\"}");
  EXPECT_EQ(heard->approvals[1].person, "bob");
  EXPECT_EQ(to_hex(heard->approvals[1].authenticator_data), "000102");

  EXPECT_EQ(run_on_socket({"destroy", "--request", request, "--approvals", one}), kFailed);
  EXPECT_EQ(run_on_socket({"destroy", "--request", request, "--approvals", one, other, one}), kFailed);
  EXPECT_EQ(run_on_socket({"destroy", "--request", request, "--approvals", one, "bob"}), kFailed);
  EXPECT_EQ(run_on_socket({"destroy", "--request", folder_.path() / "one.json", "--approvals", one, other}),
            kFailed);
  EXPECT_EQ(run({"destroy-request", "--name", "Old Key", "--host", "h"}), kFailed);
  EXPECT_EQ(run({"destroy-request", "--name", "k", "--host", "no host"}), kFailed);
}

TEST_F(CommandsTest, AnApprovalHasAllItsParts) {
  EXPECT_TRUE(parse_approval("alice", approval_json()));
  for (const std::string json :
       {"", "[]", "{}", R"({"response":{}})", R"({"response":"x"})",
        R"({"response":{"clientDataJSON":"e30","authenticatorData":"AAEC"}})",
        R"({"response":{"clientDataJSON":"e30","authenticatorData":"AAEC","signature":7}})",
        R"({"response":{"clientDataJSON":"e30=","authenticatorData":"AAEC","signature":"MEQC"}})"})
    EXPECT_FALSE(parse_approval("alice", json)) << json;
}

TEST_F(CommandsTest, HealthIsTheExitStatus) {
  std::atomic<bool> is_ready = true;
  const test::FakeKeyd keyd(socket_, [&](const Request& request) {
    return test::answer_to(request, hsm::HealthAnswer{.ready = is_ready});
  });
  EXPECT_EQ(run_on_socket({"health"}), kDone);
  EXPECT_EQ(out_.str(), "ready\n");
  is_ready = false;
  EXPECT_EQ(run_on_socket({"health"}), kFailed);
  EXPECT_THAT(err_.str(), HasSubstr("cannot sign now"));
}

}  // namespace
}  // namespace privyseal::provisioning
