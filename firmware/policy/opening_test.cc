#include "firmware/policy/opening.h"

#include <gtest/gtest.h>

#include "firmware/base/base64.h"
#include "tests/support/cpu_time.h"

namespace privyseal::policy {
namespace {

std::optional<std::string> first_line(const std::string& header, const std::string& body,
                                      bool is_whole = true) {
  return first_line_of(parse_header(header), body, is_whole);
}

const std::string kMixed = "Content-Type: multipart/mixed; boundary=\"==a\"\r\n";

std::string part(const std::string& type, const std::string& text) {
  return "preamble SECRET\r\n--==a\r\nContent-Type: " + type + "\r\n\r\n" + text + "\r\n--==a--\r\n";
}

TEST(Opening, IsTheFirstLineThatIsNotBlank) {
  EXPECT_EQ(first_line("", "\r\n \t\r\nSECRET\r\nrest\r\n"), "SECRET");
  EXPECT_EQ(first_line("", "..SECRET\r\n"), ".SECRET");
  EXPECT_EQ(first_line("", "no end"), "no end");
  EXPECT_EQ(first_line("", ""), "");
  EXPECT_EQ(first_line("Content-Type: text/plain; charset=utf-8\r\n", "a\r\n"), "a");
}

TEST(Opening, ADotIsTextWhereDotsAreNotStuffed) {
  const auto literal = [](const std::string& header, const std::string& body) {
    return first_line_of(parse_header(header), body, true, Dots::kLiteral);
  };
  EXPECT_EQ(literal("", "..a\r\n"), "..a");
  EXPECT_EQ(literal("", ".a\r\n"), ".a");
  const std::string decoy = ".--==a\r\n\r\nharmless\r\n--==a\r\n\r\nSECRET\r\n";
  EXPECT_EQ(literal(kMixed, decoy), "SECRET");
  EXPECT_EQ(first_line(kMixed, decoy), "harmless");
}

TEST(Opening, WaitsForTheWholeLine) {
  EXPECT_EQ(first_line("", "SECR", false), std::nullopt);
  EXPECT_EQ(first_line("", "\r\n\r\n", false), std::nullopt);
  EXPECT_EQ(first_line("", "SECRET\r\n", false), "SECRET");
  EXPECT_EQ(first_line(kMixed, "--==a\r\nContent-Type: te", false), std::nullopt);
  EXPECT_EQ(first_line("", std::string(kMaxOpeningBytes, ' '), false), "");
}

TEST(Opening, LooksIntoTheFirstPart) {
  EXPECT_EQ(first_line(kMixed, part("text/plain", "\r\nSECRET")), "SECRET");
  EXPECT_EQ(first_line(kMixed, part("text/html", "<p>SECRET")), "");
  EXPECT_EQ(first_line("Content-Type: multipart/mixed; boundary===a; x=y\r\n", part("text/plain", "a")), "a");
  EXPECT_EQ(first_line(kMixed, part("multipart/alternative; boundary=b",
                                    "--b\r\n\r\nSECRET\r\n--b\r\nContent-Type: text/html\r\n\r\nx")),
            "SECRET");
  EXPECT_EQ(first_line("Content-Type: text/html\r\n", "<p>a\r\n"), "");
  EXPECT_EQ(first_line("Content-Type: multipart/mixed\r\n", "a\r\n"), "");
  EXPECT_EQ(first_line(kMixed, part("text/plain", "")), "");
}

TEST(Opening, LooksThroughEncodings) {
  const std::string base64 = "Content-Transfer-Encoding: BASE64\r\n";
  EXPECT_EQ(first_line(base64, to_base64(bytes_of("\r\n\r\nSECRET\r\nrest")) + "\r\n"), "SECRET");
  EXPECT_EQ(first_line(base64, "U0VD\r\nUkVU\r\n"), "SECRET");
  EXPECT_EQ(first_line(base64, "U0VD\r\nUkVU\r\n", false), std::nullopt);
  EXPECT_EQ(first_line(base64, "%%%%\r\n"), "");
  EXPECT_EQ(first_line(base64, "U0VDUkVU\r\n%%%%\r\nU0VD\r\n"), "SECRET");
  std::string lines = to_base64(bytes_of("SECRET of\r\nus"));
  for (std::size_t at = 5; at < lines.size(); at += 7) lines.insert(at, "\r\n");
  EXPECT_EQ(first_line(base64, lines + "\r\n"), "SECRET of");
  const std::string quoted = "Content-Transfer-Encoding: quoted-printable\r\n";
  EXPECT_EQ(first_line(quoted, "=\r\nTOP =\r\nSEC=52ET\r\nx\r\n"), "TOP SECRET");
  EXPECT_EQ(first_line(quoted, "a=\r\n"), "a");
}

/// Four times the lines are about four times the work, not sixteen times.
TEST(Opening, ReadsBase64OnceInHoweverManyLines) {
  const auto time_of = [](int lines) {
    std::string body;
    for (int i = 0; i < lines; ++i) body += "AAAA\r\n";
    const std::string field = "Content-Transfer-Encoding: base64\r\n";
    return test::cpu_time_of(
        [&] { EXPECT_EQ(first_line(field, body)->size(), 3U * static_cast<unsigned>(lines)); });
  };
  EXPECT_LT(time_of(1000), 8 * time_of(250));
}

TEST(Opening, EndsWithEndlessNesting) {
  std::string body;
  for (int i = 0; i < 20; ++i) body += "--==a\r\nContent-Type: multipart/mixed; boundary=\"==a\"\r\n\r\n";
  EXPECT_EQ(first_line(kMixed, body), "");
}

}  // namespace
}  // namespace privyseal::policy
