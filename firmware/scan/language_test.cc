#include "firmware/scan/language.h"

#include <gtest/gtest.h>

#include <array>
#include <ostream>

#include "firmware/scan/undot.h"

namespace privyseal::scan {
namespace {

using namespace std::string_literals;
using Kind = Verdict::Kind;

struct Case {
  std::string_view name;
  std::string answer;
  std::optional<Kind> kind;  ///< nothing: more is waited for
  std::string_view why = "";
};

void PrintTo(const Case& test, std::ostream* out) { *out << test.name; }

void expect(const std::optional<Verdict>& verdict, const Case& wanted) {
  ASSERT_EQ(verdict.has_value(), wanted.kind.has_value());
  if (!verdict) return;
  EXPECT_EQ(verdict->kind, *wanted.kind) << verdict->why;
  EXPECT_TRUE(verdict->why.contains(wanted.why)) << verdict->why;
}

class ReadClamdAnswer : public testing::TestWithParam<Case> {};
TEST_P(ReadClamdAnswer, GivesTheVerdict) { expect(read_clamd_answer(GetParam().answer), GetParam()); }

INSTANTIATE_TEST_SUITE_P(
    , ReadClamdAnswer,
    testing::ValuesIn(std::to_array<Case>({
        {"Clean", "stream: OK\0"s, Kind::kClean},
        {"Infected", "stream: Win.Test.EICAR_HDB-1 FOUND\0"s, Kind::kInfected, "Win.Test.EICAR_HDB-1"},
        {"NameThatSaysOk", "stream: OK FOUND\0"s, Kind::kInfected, "OK"},
        {"NameWithControls", "stream: a\r\nb FOUND\0"s, Kind::kInfected, "a??b"},
        {"NoName", "stream:  FOUND\0"s, Kind::kFailed},
        {"TooBig", "INSTREAM size limit exceeded. ERROR\0"s, Kind::kFailed, "size limit exceeded"},
        {"Error", "stream: Can't allocate memory ERROR\0"s, Kind::kFailed, "ERROR"},
        {"UnknownCommand", "UNKNOWN COMMAND\0"s, Kind::kFailed},
        {"AnotherFile", "/tmp/x: OK\0"s, Kind::kFailed},
        {"OkWithMore", "stream: OK \0"s, Kind::kFailed},
        {"OkInLowerCase", "stream: ok\0"s, Kind::kFailed},
        {"Empty", "\0"s, Kind::kFailed},
        {"TwoAnswers", "stream: OK\0stream: Virus FOUND\0"s, Kind::kFailed, "not one line"},
        {"NotWhole", "stream: OK", std::nullopt},
        {"Nothing", "", std::nullopt},
        {"Endless", std::string(kMaxAnswerBytes + 1, 'x'), Kind::kFailed},
    })),
    [](const auto& test) { return std::string(test.param.name); });

class ReadIcapAnswer : public testing::TestWithParam<Case> {};
TEST_P(ReadIcapAnswer, GivesTheVerdict) { expect(read_icap_answer(GetParam().answer), GetParam()); }

INSTANTIATE_TEST_SUITE_P(
    , ReadIcapAnswer,
    testing::ValuesIn(std::to_array<Case>({
        {"Unmodified", "ICAP/1.0 204 Unmodified\r\nISTag: \"1\"\r\n\r\n", Kind::kClean},
        {"UnmodifiedWithoutReason", "ICAP/1.0 204\r\n\r\n", Kind::kClean},
        {"CleanInWords", "ICAP/1.0 204 No Content\r\nX-Virus-ID: no threats\r\n\r\n", Kind::kClean},
        {"Infected",
         "ICAP/1.0 200 OK\r\nX-Infection-Found: Type=0; Resolution=2; Threat=Eicar;\r\n\r\nHTTP/1.1 403 "
         "Forbidden\r\n",
         Kind::kInfected, "Threat=Eicar"},
        {"VirusId", "ICAP/1.0 200 OK\r\nx-virus-id:\tEicar\r\n\r\n", Kind::kInfected, "Eicar"},
        {"ViolationsFound", "ICAP/1.0 200 OK\r\nX-Violations-Found: 1\r\n\tfile\r\n\r\n", Kind::kInfected,
         "1"},
        {"InfectedAndUnmodified", "ICAP/1.0 204 OK\r\nX-Virus-ID: Eicar\r\n\r\n", Kind::kInfected, "Eicar"},
        {"ModifiedOfNoKnownCause", "ICAP/1.0 200 OK\r\n\r\nHTTP/1.1 403 Forbidden\r\n\r\n", Kind::kFailed,
         "change the mail"},
        {"AsksForMore", "ICAP/1.0 100 Continue\r\n\r\n", Kind::kFailed},
        {"NoSuchService", "ICAP/1.0 404 Service not found\r\n\r\n", Kind::kFailed, "404 Service not found"},
        {"ServerError", "ICAP/1.0 500 Server error\r\nX-Virus-ID: x\r\n\r\n", Kind::kFailed, "500"},
        {"Http", "HTTP/1.1 204 No Content\r\n\r\n", Kind::kFailed, "does not speak ICAP"},
        {"AnotherVersion", "ICAP/2.0 204 Unmodified\r\n\r\n", Kind::kFailed},
        {"LongerNumber", "ICAP/1.0 2040 x\r\n\r\n", Kind::kFailed},
        {"ShortNumber", "ICAP/1.0 20\r\n\r\n", Kind::kFailed},
        {"MoreBehind", "ICAP/1.0 204 Unmodified\r\n\r\nICAP/1.0 200 OK\r\n\r\n", Kind::kFailed},
        {"NoLine", "\r\n\r\n", Kind::kFailed},
        {"NotWhole", "ICAP/1.0 204 Unmodified\r\n", std::nullopt},
        {"Nothing", "", std::nullopt},
        {"Endless", std::string(kMaxAnswerBytes, 'x'), Kind::kFailed, "does not end"},
    })),
    [](const auto& test) { return std::string(test.param.name); });

TEST(Language, FramesAPieceForClamd) {
  EXPECT_EQ(clamd().opening("", ""), "zINSTREAM\0"s);
  EXPECT_EQ(clamd().piece_head(0x01020304), "\x01\x02\x03\x04"s);
  EXPECT_EQ(clamd().end, "\0\0\0\0"s);
}

TEST(Language, FramesAPieceForIcapAndSaysWhereTheMailBegins) {
  const std::string opening = icap().opening("127.0.0.1:1344", "/avscan");
  EXPECT_TRUE(
      opening.starts_with("RESPMOD icap://127.0.0.1:1344/avscan ICAP/1.0\r\nHost: 127.0.0.1:1344\r\n"));
  const std::size_t inside = opening.find("\r\n\r\n") + 4;
  const std::size_t response = opening.find("HTTP/1.1 200", inside);
  EXPECT_TRUE(opening.contains("Encapsulated: req-hdr=0, res-hdr=" + std::to_string(response - inside) +
                               ", res-body=" + std::to_string(opening.size() - inside) + "\r\n"));
  EXPECT_EQ(icap().piece_head(0x4000), "4000\r\n");
}

TEST(Undot, TakesOneDotFromEachLineHoweverTheBytesCome) {
  const std::string stuffed = "..\r\n...x\r\na.b\r\n.\r\n\r\n..";
  const std::string plain = ".\r\n..x\r\na.b\r\n\r\n\r\n.";
  for (std::size_t step = 1; step <= stuffed.size(); ++step) {
    Undot undot;
    Bytes out;
    for (std::size_t at = 0; at < stuffed.size(); at += step)
      undot.feed(bytes_of(std::string_view(stuffed).substr(at, step)), out);
    EXPECT_EQ(text_of(out), plain) << step;
  }
}

}  // namespace
}  // namespace privyseal::scan
