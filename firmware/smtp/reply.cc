#include "firmware/smtp/reply.h"

#include <algorithm>
#include <array>

#include "firmware/base/check.h"
#include "firmware/smtp/ascii.h"

namespace privyseal::smtp {
namespace {

constexpr std::size_t kMaxReplyLines = 100;
constexpr std::size_t kMaxSentLine = 512;  // RFC 5321 section 4.5.3.1.5, with CRLF
constexpr std::size_t kMaxText = 1000;
constexpr std::size_t kMaxPassedLines = 5;
constexpr std::size_t kMaxPassedLine = 300;

/// "5.7.1" of "5.7.1 text", or nothing. Its class must be that of the reply (RFC 2034 section 4).
std::string_view leading_enhanced(std::string_view text, char reply_class) {
  const std::string_view word = text.substr(0, text.find(' '));
  if (word.size() < 5 || word[0] != reply_class || word[1] != '.' || reply_class == '3') return {};
  const std::string_view rest = word.substr(2);
  const std::size_t dot = rest.find('.');
  if (dot == std::string_view::npos) return {};
  for (const std::string_view part : {rest.substr(0, dot), rest.substr(dot + 1)}) {
    if (part.empty() || part.size() > 3 || !std::ranges::all_of(part, is_digit)) return {};
  }
  return word;
}

std::string_view without_word(std::string_view text, std::string_view word) {
  return text.substr(std::min(word.size() + 1, text.size()));
}

/// A line's code, or 0.
int code_of(std::string_view line) {
  if (line.size() < 3 || !std::ranges::all_of(line.substr(0, 3), is_digit)) return 0;
  const auto code = number_from(line.substr(0, 3));
  if (!code || *code < 200 || *code > 599) return 0;
  return static_cast<int>(*code);
}

}  // namespace

std::string Reply::text() const {
  std::string joined;
  for (const std::string& line : lines) {
    if (!joined.empty()) joined += ' ';
    joined += line;
  }
  return sanitised(joined, kMaxText);
}

Reply make_reply(int code, std::string_view enhanced, std::string_view text) {
  return {code, std::string(enhanced), {std::string(text)}};
}

std::string serialise(const Reply& reply) {
  CHECK(reply.code >= 200 && reply.code <= 599 && !reply.lines.empty());
  std::string bytes;
  for (std::size_t i = 0; i < reply.lines.size(); ++i) {
    const bool is_last = i + 1 == reply.lines.size();
    std::string line = std::to_string(reply.code) + (is_last ? ' ' : '-');
    if (!reply.enhanced.empty()) line += sanitised(reply.enhanced, kMaxSentLine / 2) + ' ';
    line += sanitised(reply.lines[i], kMaxSentLine - 2 - line.size());
    bytes += line + "\r\n";
  }
  return bytes;
}

std::string sanitised(std::string_view text, std::size_t max_bytes) {
  std::string clean(text.substr(0, max_bytes));
  std::ranges::replace_if(clean, [](char c) { return !is_printable(c); }, '?');
  return clean;
}

Reply passed_on(const Reply& from_hop) {
  Reply reply = from_hop;
  const bool is_about_us =
      reply.code == 421 || reply.code / 10 == 53 || reply.code < 200 || reply.code / 100 == 3;
  if (is_about_us) reply.code = 451;
  const char reply_class = static_cast<char>('0' + reply.code / 100);
  if (leading_enhanced(reply.enhanced, reply_class).empty())
    reply.enhanced = {reply_class, '.', '0', '.', '0'};
  if (reply.lines.size() > kMaxPassedLines) reply.lines.resize(kMaxPassedLines);
  if (reply.lines.empty()) reply.lines.emplace_back();
  for (std::string& line : reply.lines) line = sanitised(line, kMaxPassedLine);
  return reply;
}

Result<std::optional<Reply>> ReplyParser::feed(std::string_view line) {
  const int code = code_of(line);
  if (code == 0) return fail(ErrorCode::kInvalid, "reply: no reply code");
  const char separator = line.size() > 3 ? line[3] : ' ';
  if (separator != ' ' && separator != '-')
    return fail(ErrorCode::kInvalid, "reply: no space after the code");
  const bool is_first = pending_.lines.empty();
  if (!is_first && code != pending_.code)
    return fail(ErrorCode::kInvalid, "reply: its lines have different codes");
  if (pending_.lines.size() == kMaxReplyLines) return fail(ErrorCode::kInvalid, "reply: too many lines");
  std::string_view text = line.substr(std::min<std::size_t>(4, line.size()));
  const std::string_view enhanced = leading_enhanced(text, line[0]);
  if (is_first) {
    pending_.code = code;
    pending_.enhanced = enhanced;
  }
  if (!enhanced.empty() && !pending_.enhanced.empty()) text = without_word(text, enhanced);
  pending_.lines.push_back(sanitised(text, text.size()));
  if (separator == '-') return std::nullopt;
  return std::exchange(pending_, Reply());
}

}  // namespace privyseal::smtp
