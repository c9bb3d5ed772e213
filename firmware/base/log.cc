#include "firmware/base/log.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "firmware/base/journal_event.h"

namespace privyseal {
namespace {

constexpr std::size_t kMaxValueBytes = 512;  // a peer must not be able to fill the journal with one value

bool is_plain(std::string_view value) {
  return !value.empty() && std::ranges::all_of(value, [](char c) {
    return (c > ' ' && c < 0x7f && c != '"' && c != '\\' && c != '=');
  });
}

void append_quoted(std::string& line, std::string_view value) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  line += '"';
  for (const char c : value.substr(0, kMaxValueBytes)) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte >= 0x7f) {
      line += "\\x";
      line += kDigits[byte >> 4];
      line += kDigits[byte & 15];
      continue;
    }
    if (c == '"' || c == '\\') line += '\\';
    line += c;
  }
  if (value.size() > kMaxValueBytes) line += "...";
  line += '"';
}

}  // namespace

std::string format_event(LogLevel level, std::string_view event, std::initializer_list<LogField> fields) {
  std::string line = "<" + std::to_string(static_cast<int>(level)) + ">";
  line += event;
  for (const LogField& field : fields) {
    line += ' ';
    line += field.key;
    line += '=';
    if (is_plain(field.value) && field.value.size() <= kMaxValueBytes)
      line += field.value;
    else
      append_quoted(line, field.value);
  }
  return line;
}

void log_event(LogLevel level, std::string_view event, std::initializer_list<LogField> fields) {
  std::string line = format_event(level, event, fields);
  static const bool to_journal = is_journal(std::getenv("JOURNAL_STREAM"), STDERR_FILENO);
  if (to_journal && !message_id(event).empty() &&
      send_to_journal("/run/systemd/journal/socket", journal_entry(level, event, line)))
    return;
  line += '\n';
  // A log that cannot be written must not stop the mail; the ledger is the evidence.
  [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, line.data(), line.size());
}

}  // namespace privyseal
