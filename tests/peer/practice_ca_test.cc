#include "tests/peer/practice_ca.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ca/est.h"
#include "ca/import_policy.h"
#include "firmware/base/file.h"
#include "tests/peer/connection.h"
#include "tests/support/certificates.h"
#include "tests/support/temp_folder.h"

namespace privyseal::peer {
namespace {

using testing::HasSubstr;

constexpr std::chrono::seconds kWait{20};
constexpr const char* kAlice = "Authorization: Basic YWxpY2U6b3Blbg==\r\n";  // alice:open

struct Answer {
  std::string head;
  ca::EstAnswer est;
};

class PracticeCaTest : public testing::Test {
 protected:
  void open(bool with_approval = false) {
    authority = nullptr;
    authority = PracticeCa::open({.folder = folder.path(),
                                  .host = "ca.example",
                                  .domains = {"lawfirm.example"},
                                  .user = "alice",
                                  .password = "open",
                                  .with_approval = with_approval})
                    .value();
  }
  /// One request over TLS; `shown` may be empty.
  Answer ask(std::string_view target, const std::string& fields, const std::string& body,
             const test::Credential& shown = {}) {
    Connection connection(TcpSocket::connect(authority->port()).value());
    const TlsOptions tls{.ca_pem = authority->root_pem(),
                         .chain_pem = shown.chain_pem,
                         .key_pem = shown.key_pem,
                         .server_name = "ca.example"};
    const auto started = connection.start_tls(TlsRole::kClient, tls, kWait);
    if (!started) return {started.error().message, ca::EstRefused{0, "", false}};
    EXPECT_TRUE(connection.write("POST " + std::string(target) + " HTTP/1.1\r\nHost: ca.example\r\n" +
                                     fields + "Content-Type: application/pkcs10\r\nContent-Length: " +
                                     std::to_string(body.size()) + "\r\n\r\n" + body,
                                 kWait));
    std::string head = connection.read_line(kWait).value_or("HTTP/1.1 000");
    const int status = std::stoi(head.substr(9, 3));
    ca::EstHeaders headers;
    while (const auto line = connection.read_line(kWait)) {
      if (line->empty()) break;
      if (line->starts_with("Content-Type: ")) headers.content_type = line->substr(14);
      if (line->starts_with("Retry-After: ")) headers.retry_after = line->substr(13);
      head += "\n" + *line;
    }
    std::string text;
    while (const auto line = connection.read_line(kWait)) text += *line + "\n";
    return {head, ca::parse_enroll_answer(status, headers, bytes_of(text), SystemClock().now())};
  }
  std::string csr(const std::string& for_key) const {
    return test::request_pem(for_key,
                             {.common_name = "gw.lawfirm.example", .dns_names = {"gw.lawfirm.example"}});
  }
  std::string body(const std::string& for_key) const {
    return ca::est_request_body(ca::csr_der(csr(for_key)).value());
  }

  test::TempFolder folder;
  std::unique_ptr<PracticeCa> authority;
  const std::string key = test::new_key_pem("P-256");
};

TEST_F(PracticeCaTest, EnrolsAndRenewsOverTls) {
  open();
  const Answer first = ask(ca::kEstSimpleEnroll, kAlice, body(key));
  ASSERT_TRUE(std::holds_alternative<ca::EstIssued>(first.est)) << first.head;
  const ca::Certificate certificate = std::get<ca::EstIssued>(first.est).certificates.front();
  const auto judgement = ca::judge({.public_key = certificate.public_key,
                                    .dns_names = {"gw.lawfirm.example"},
                                    .roots = ca::parse_certificates(bytes_of(authority->root_pem())).value()},
                                   {&certificate, 1}, SystemClock().now());
  EXPECT_TRUE(judgement.is_accepted()) << judgement.refusal_text();
  const Answer renewed = ask(ca::kEstSimpleReenroll, "", body(test::new_key_pem("P-256")),
                             {.chain_pem = ca::to_pem(certificate), .key_pem = key});
  EXPECT_TRUE(std::holds_alternative<ca::EstIssued>(renewed.est)) << renewed.head;
  EXPECT_EQ(authority->issued(), 2U);
}

TEST_F(PracticeCaTest, NobodyAndStrangersGetNothing) {
  open();
  EXPECT_THAT(ask(ca::kEstSimpleEnroll, "", body(key)).head, HasSubstr("401"));
  EXPECT_THAT(ask(ca::kEstSimpleEnroll, "Authorization: Basic YWxpY2U6Y2xvc2Vk\r\n", body(key)).head,
              HasSubstr("401"));
  EXPECT_THAT(ask(ca::kEstSimpleReenroll, kAlice, body(key)).head, HasSubstr("403"));
  test::TestCa foreign("Practice Egress CA");
  const auto stranger = foreign.issue({.dns_names = {"gw.lawfirm.example"}});
  EXPECT_THAT(ask(ca::kEstSimpleReenroll, "", body(key), stranger).head, HasSubstr("403"));
  EXPECT_EQ(authority->issued(), 0U);
}

TEST_F(PracticeCaTest, ApprovalByAFileAndTheSameRootAfterARestart) {
  open(true);
  const std::string root = authority->root_pem();
  EXPECT_TRUE(std::holds_alternative<ca::EstWait>(ask(ca::kEstSimpleEnroll, kAlice, body(key)).est));
  const std::string request = body(key);  // ECDSA: another signature, so another request
  EXPECT_TRUE(std::holds_alternative<ca::EstWait>(ask(ca::kEstSimpleEnroll, kAlice, request).est));
  open(true);
  EXPECT_EQ(authority->root_pem(), root);
  ASSERT_TRUE(replace_file(folder / "approve", {}, 0600));
  ASSERT_TRUE(authority->serve_folders());
  EXPECT_FALSE(std::filesystem::exists(folder / "approve"));
  EXPECT_TRUE(std::holds_alternative<ca::EstIssued>(ask(ca::kEstSimpleEnroll, kAlice, request).est));
}

TEST_F(PracticeCaTest, AnswersByHandThroughItsFolders) {
  open();
  ASSERT_TRUE(replace_file(folder / "requests/gateway.csr", bytes_of(csr(key)), 0644));
  ASSERT_TRUE(replace_file(folder / "requests/bad.csr", bytes_of("hello"), 0644));
  ASSERT_TRUE(authority->serve_folders());
  const auto answer = ca::parse_certificates(read_file(folder / "answers/gateway.pem", 65'536).value());
  EXPECT_EQ(answer->front().subject, "CN=gw.lawfirm.example");
  EXPECT_THAT(std::string(text_of(read_file(folder / "answers/bad.refused", 1000).value())),
              HasSubstr("not one"));
  EXPECT_TRUE(std::filesystem::is_empty(folder / "requests"));
}

}  // namespace
}  // namespace privyseal::peer
