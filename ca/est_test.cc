#include "ca/est.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "firmware/base/base64.h"
#include "tests/support/certificates.h"

namespace privyseal::ca {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

constexpr WallTime kNow = std::chrono::sys_days(std::chrono::year(2026) / 3 / 1);
const EstHeaders kPkcs7{"application/pkcs7-mime; smime-type=certs-only", ""};

const std::vector<Certificate>& certificates() {
  static const auto made = [] {
    test::TestCa ca("CA");
    return parse_certificates(bytes_of(ca.issue({.dns_names = {"a.b"}}).chain_pem + ca.pem())).value();
  }();
  return made;
}

TEST(EstRequestBody, IsReadBackAsItWas) {
  const std::string pem =
      test::request_pem(test::new_key_pem("P-256"), {.common_name = "a.b", .dns_names = {"a.b"}});
  const Bytes der = csr_der(pem).value();
  EXPECT_EQ(parse_est_request_body(est_request_body(der)).value(), der);
}

TEST(CsrDer, RefusesWhatIsNoRequest) {
  EXPECT_FALSE(csr_der(""));
  EXPECT_FALSE(csr_der("-----BEGIN CERTIFICATE REQUEST-----\nMAA=\n-----END CERTIFICATE REQUEST-----\n"));
  EXPECT_FALSE(csr_der(to_pem(certificates().front())));
  EXPECT_FALSE(csr_der(std::string(20'000, 'x')));
}

TEST(EstRequestBody, RefusesWhatIsNotBase64OrTooLong) {
  EXPECT_FALSE(parse_est_request_body(""));
  EXPECT_FALSE(parse_est_request_body("\r\n"));
  EXPECT_FALSE(parse_est_request_body("{\"a\":1}"));
  EXPECT_FALSE(parse_est_request_body(to_base64_lines(Bytes(16'385), kMimeLines)));
  EXPECT_FALSE(parse_est_request_body(std::string(40'000, ' ')));
}

TEST(ParseEnrollAnswer, GivesTheCertificates) {
  const std::string body = est_certificates_body(certificates());
  const EstAnswer answer = parse_enroll_answer(200, kPkcs7, bytes_of(body), kNow);
  ASSERT_TRUE(std::holds_alternative<EstIssued>(answer));
  EXPECT_THAT(std::get<EstIssued>(answer).certificates, testing::UnorderedElementsAreArray(certificates()));
}

TEST(ParseEnrollAnswer, TakesDerWhereItShouldBeBase64) {
  const Bytes der = from_base64_lines(est_certificates_body(certificates())).value();
  EXPECT_TRUE(std::holds_alternative<EstIssued>(parse_enroll_answer(200, kPkcs7, der, kNow)));
}

TEST(ParseEnrollAnswer, TheTypeDecidesNotItsCaseOrParameters) {
  const std::string body = est_certificates_body(certificates());
  for (const char* type : {"application/pkcs7-mime", "Application/PKCS7-Mime ; x=y"})
    EXPECT_TRUE(std::holds_alternative<EstIssued>(parse_enroll_answer(200, {type, ""}, bytes_of(body), kNow)))
        << type;
  for (const char* type : {"", "text/html", "application/pkcs7-mimex", "application/pkcs10"})
    EXPECT_TRUE(
        std::holds_alternative<EstRefused>(parse_enroll_answer(200, {type, ""}, bytes_of(body), kNow)))
        << type;
}

struct WaitCase {
  const char* name;
  int status;
  const char* retry_after;
  std::chrono::seconds wait;
};
class Waits : public testing::TestWithParam<WaitCase> {};
TEST_P(Waits, AsLongAsItIsTold) {
  const auto& [name, status, retry_after, wait] = GetParam();
  const EstAnswer answer = parse_enroll_answer(status, {"text/plain", retry_after}, {}, kNow);
  ASSERT_TRUE(std::holds_alternative<EstWait>(answer));
  EXPECT_EQ(std::get<EstWait>(answer).retry_after, wait);
}
INSTANTIATE_TEST_SUITE_P(, Waits,
                         testing::ValuesIn(std::to_array<WaitCase>({
                             {"Seconds", 202, "120", 120s},
                             {"Date", 202, "Sun, 01 Mar 2026 00:10:00 GMT", 10min},
                             {"DateThatIsOver", 202, "Sat, 28 Feb 2026 00:10:00 GMT", kMinEstWait},
                             {"Missing", 202, "", kDefaultEstWait},
                             {"Zero", 202, "0", kMinEstWait},
                             {"Negative", 202, "-5", kDefaultEstWait},
                             {"Nonsense", 202, "soon", kDefaultEstWait},
                             {"Fraction", 202, "1.5", kDefaultEstWait},
                             {"FarTooLong", 202, "99999999", kMaxEstWait},
                             {"Overflow", 202, "99999999999999999999", kMaxEstWait},
                             {"FarDate", 202, "Sun, 01 Mar 2126 00:10:00 GMT", kMaxEstWait},
                             {"Busy", 503, "30", 30s},
                         })),
                         [](const auto& c) { return std::string(c.param.name); });

struct RefusedCase {
  const char* name;
  int status;
  const char* type;
  const char* body;
  bool is_final;
  const char* words;
};
class Refused : public testing::TestWithParam<RefusedCase> {};
TEST_P(Refused, WithWordsForTheOperator) {
  const auto& [name, status, type, body, is_final, words] = GetParam();
  const EstAnswer answer = parse_enroll_answer(status, {type, ""}, bytes_of(body), kNow);
  ASSERT_TRUE(std::holds_alternative<EstRefused>(answer));
  EXPECT_EQ(std::get<EstRefused>(answer).is_final, is_final);
  EXPECT_THAT(std::get<EstRefused>(answer).why, HasSubstr(words));
}
INSTANTIATE_TEST_SUITE_P(, Refused,
                         testing::ValuesIn(std::to_array<RefusedCase>({
                             {"BadRequest", 400, "text/plain", "no such profile\r\n", true,
                              "400: no such profile"},
                             {"Unauthorised", 401, "text/html", "<html>", true, "answered 401"},
                             {"Timeout", 408, "", "", false, "408"},
                             {"TooMany", 429, "", "", false, "429"},
                             {"Broken", 500, "text/plain", "a\nb\x1b[2J", false, "500: a b [2J"},
                             {"Unavailable", 503, "", "", false, "503"},
                             {"Redirect", 302, "", "", false, "302"},
                             {"NoContent", 204, "", "", false, "204"},
                             {"NoHttp", 0, "", "", false, "no status"},
                             {"Garbage", 200, "application/pkcs7-mime", "garbage", false, "neither"},
                             {"Empty", 200, "application/pkcs7-mime", "", false, "nothing"},
                         })),
                         [](const auto& c) { return std::string(c.param.name); });

TEST(ParseEnrollAnswer, APkcs7WithoutCertificatesIsRefused) {
  const EstAnswer answer = parse_enroll_answer(200, kPkcs7, bytes_of(est_certificates_body({})), kNow);
  ASSERT_TRUE(std::holds_alternative<EstRefused>(answer));
  EXPECT_THAT(std::get<EstRefused>(answer).why, HasSubstr("none inside"));
}

TEST(ParseEnrollAnswer, TooLongABodyIsRefused) {
  const std::string body(kMaxEstBodyBytes + 1, 'A');
  EXPECT_TRUE(std::holds_alternative<EstRefused>(parse_enroll_answer(200, kPkcs7, bytes_of(body), kNow)));
}

TEST(ParseCaCertsAnswer, GivesThemOrSaysWhyNot) {
  const std::string body = est_certificates_body(certificates());
  EXPECT_EQ(parse_cacerts_answer(200, kPkcs7, bytes_of(body))->size(), 2U);
  EXPECT_EQ(parse_cacerts_answer(404, kPkcs7, bytes_of(body)).error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(parse_cacerts_answer(200, {}, bytes_of(body)).error().code, ErrorCode::kInvalid);
}

}  // namespace
}  // namespace privyseal::ca
