/// Ways in which a mail has been made to end twice, or commands to stand where none belong: one list, held
/// against the parsers and against the running gateway.
///
/// What ends a line is CRLF and what ends a mail is CRLF.CRLF. Everything else that some mail server once
/// took for such an end is either refused, or text like any other that must arrive as it was sent.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

namespace privyseal::test {

struct SmugglingRow {
  std::string name;
  std::string bytes;
};

struct LineEnd {
  std::string_view name;
  std::string_view bytes;
};

using namespace std::string_view_literals;

/// Line ends that are none; the first CR, LF or NUL in each is a fault.
inline constexpr std::array kWrongLineEnds{
    LineEnd{"Lf", "\n"},         LineEnd{"Cr", "\r"},
    LineEnd{"CrCrLf", "\r\r\n"}, LineEnd{"LfCr", "\n\r"},
    LineEnd{"LfCrLf", "\n\r\n"}, LineEnd{"CrNulLf", "\r\0\n"sv},
    LineEnd{"NulLf", "\0\n"sv},  LineEnd{"NulCrLf", "\0\r\n"sv},
    LineEnd{"Nul", "\0"sv},
};

/// Between "first" and the commands of a second mail: refused, and nothing of either mail exists.
[[nodiscard]] inline std::vector<SmugglingRow> refused_ends_of_data() {
  std::vector<SmugglingRow> rows;
  const auto add = [&](std::string_view before, std::string_view after, std::string bytes) {
    rows.push_back({std::string(before) + "Dot" + std::string(after), std::move(bytes)});
  };
  for (const LineEnd& before : kWrongLineEnds) {
    for (const LineEnd& after : kWrongLineEnds)
      add(before.name, after.name, std::string(before.bytes) + "." + std::string(after.bytes));
    add(before.name, "CrLf", std::string(before.bytes) + ".\r\n");
    add("CrLf", before.name, "\r\n." + std::string(before.bytes));
  }
  for (const SmugglingRow& more : std::initializer_list<SmugglingRow>{
           {"DotsLf", "\r\n..\n"},
           {"DotsCrDot", "\r\n..\r.\r\n"},
           {"DotSpaceLf", "\r\n. \n"},
           {"EmptyLineByLf", "\r\n\n.\r\n"},
           {"EmptyLineByCr", "\r\n\r.\r\n"},
           {"LongLineLfDot", std::string(998, 'x') + "\n.\r\n"},
           {"LongerLine", std::string(999, 'x') + "\r\n.\r\n"},
           {"CutAtLongLine", std::string(1000, 'x') + ".\r\n"},
       })
    rows.push_back(more);
  return rows;
}

/// At the same place: no end of anything, and handed on byte for byte.
[[nodiscard]] inline std::vector<SmugglingRow> texts_that_end_nothing() {
  return {
      {"StuffedDot", "\r\n..\r\n"},
      {"StuffedDots", "\r\n...\r\n"},
      {"DotSpace", "\r\n. \r\n"},
      {"DotTab", "\r\n.\t\r\n"},
      {"SpaceDot", "\r\n .\r\n"},
      {"DotComma", "\r\n.,\r\n"},
      {"DotBackspace", "\r\n.\b\r\n"},
      {"DotVerticalTab", "\r\n.\v\r\n"},
      {"DotFormFeed", "\r\n.\f\r\n"},
      {"DotEndOfFile", "\r\n.\x1a\r\n"},
      {"DotDelete", "\r\n.\x7f\r\n"},
      {"EscapeDot", "\r\n\x1b.\r\n"},
      {"VerticalTabs", "\v.\v"},
      {"FormFeeds", "\f.\f"},
      {"NextLine", "\x85.\x85"},
      {"NextLineUtf8", "\xc2\x85.\xc2\x85"},
      {"LineSeparator", "\xe2\x80\xa8.\xe2\x80\xa8"},
      {"ParagraphSeparator", "\xe2\x80\xa9.\xe2\x80\xa9"},
      {"CrLfWithTopBit", "\x8d\x8a.\x8d\x8a"},
      {"CrLfAsOverlongUtf8", "\xc0\x8d\xc0\x8a.\xc0\x8d\xc0\x8a"},
      {"CrLfOfOtherPlane", "\xc4\x8d\xc4\x8a.\xc4\x8d\xc4\x8a"},
      {"NulAsOverlongUtf8", "\r\n\xc0\x80.\r\n"},
      {"IdeographicStop", "\r\n\xe3\x80\x82\r\n"},
      {"FullwidthStop", "\r\n\xef\xbc\x8e\r\n"},
      {"DotWithTopBit", "\r\n\xae\r\n"},
      {"QuotedPrintable", "=0D=0A.=0D=0A"},
      {"PercentSigns", "%0D%0A.%0D%0A"},
      {"Backslashes", "\\r\\n.\\r\\n"},
      {"Entities", "&#13;&#10;.&#13;&#10;"},
      {"EndAndNoLineEnd", "\r\n.QUIT\r\n"},
  };
}

/// Lines of commands whose end is none.
[[nodiscard]] inline std::vector<SmugglingRow> refused_command_lines() {
  std::vector<SmugglingRow> rows;
  for (const LineEnd& end : kWrongLineEnds) {
    rows.push_back({"Noop" + std::string(end.name), "NOOP" + std::string(end.bytes) + "NOOP\r\n"});
    rows.push_back({"Split" + std::string(end.name), "NO" + std::string(end.bytes) + "OP\r\n"});
    rows.push_back({"First" + std::string(end.name), std::string(end.bytes) + "NOOP\r\n"});
  }
  return rows;
}

/// What has been sent in one go with STARTTLS, to be believed inside TLS.
[[nodiscard]] inline std::vector<SmugglingRow> behind_start_tls() {
  return {
      {"OneByte", "X"},
      {"Space", " "},
      {"CrLf", "\r\n"},
      {"Lf", "\n"},
      {"Cr", "\r"},
      {"Nul", std::string(1, '\0')},
      {"Noop", "NOOP\r\n"},
      {"NoopLf", "NOOP\n"},
      {"Rset", "RSET\r\n"},
      {"Quit", "QUIT\r\n"},
      {"Ehlo", "EHLO mallory.example\r\n"},
      {"Mail", "EHLO mallory.example\r\nMAIL FROM:<mallory@lawfirm.example>\r\n"},
      {"HalfMail", "MAIL FROM:<mallory@lawfirm.example>"},
      {"StartTlsAgain", "STARTTLS\r\n"},
      {"Auth", "AUTH PLAIN AG1hbGxvcnkAeA==\r\n"},
      {"Dot", ".\r\n"},
      {"RecordHeader", std::string("\x16\x03\x01\x00\x05", 5)},
      {"Alert", std::string("\x15\x03\x03\x00\x02\x01\x00", 7)},
      {"Much", std::string(3000, 'x')},
  };
}

/// What has been sent in one go with DATA, before there was a 354.
[[nodiscard]] inline std::vector<SmugglingRow> behind_data() {
  return {
      {"OneByte", "X"},
      {"CrLf", "\r\n"},
      {"Lf", "\n"},
      {"Cr", "\r"},
      {"Nul", std::string(1, '\0')},
      {"Dot", ".\r\n"},
      {"DotLf", ".\n"},
      {"HalfEnd", ".\r"},
      {"Mail", "Subject: x\r\n\r\nhello\r\n.\r\n"},
      {"MailAndCommand", "hello\r\n.\r\nMAIL FROM:<mallory@lawfirm.example>\r\n"},
      {"Command", "MAIL FROM:<mallory@lawfirm.example>\r\n"},
      {"DataAgain", "DATA\r\n"},
      {"Bdat", "BDAT 0 LAST\r\n"},
      {"Rset", "RSET\r\n"},
      {"Quit", "QUIT\r\n"},
      {"Much", std::string(3000, 'x')},
  };
}

/// Replies of a next hop that are no reply, or more than one.
[[nodiscard]] inline std::vector<SmugglingRow> refused_replies() {
  std::vector<SmugglingRow> rows;
  for (const LineEnd& end : kWrongLineEnds) {
    rows.push_back({"Reply" + std::string(end.name), "250 ok" + std::string(end.bytes) + "250 ok\r\n"});
    rows.push_back({"Lines" + std::string(end.name), "250-ok" + std::string(end.bytes) + "250 ok\r\n"});
  }
  for (const SmugglingRow& more : std::initializer_list<SmugglingRow>{
           {"CodesDiffer", "250-ok\r\n550 no\r\n"},
           {"NoCode", "ok\r\n"},
           {"Empty", "\r\n"},
           {"TwoDigits", "25 ok\r\n"},
           {"Glued", "250ok\r\n"},
           {"Underscore", "250_ok\r\n"},
           {"LeadingSpace", " 250 ok\r\n"},
           {"OneHundred", "150 ok\r\n"},
           {"SixHundred", "650 ok\r\n"},
           {"TooLong", "250 " + std::string(2000, 'x') + "\r\n"},
       })
    rows.push_back(more);
  return rows;
}

}  // namespace privyseal::test
