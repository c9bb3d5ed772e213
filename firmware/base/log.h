/// Structured events on standard error, one line each, as journald takes them (sd-daemon(3)).
///
/// A line is `<level>event key=value key="value with blanks"`. Control bytes and
/// quotes in values are escaped, so that nothing from outside can forge a line.
/// Never a secret, a mail address, a subject or a body: those belong in no log.
///
/// Threads: any. One event is one write(2).
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

namespace privyseal {

/// The numbers are syslog's (RFC 5424 section 6.2.1).
enum class LogLevel { kAlert = 1, kError = 3, kWarning = 4, kNotice = 5, kInfo = 6 };

struct LogField {
  LogField(std::string_view k, std::string_view v) : key(k), value(v) {}
  LogField(std::string_view k, const char* v) : key(k), value(v) {}
  template <std::integral Number>
  LogField(std::string_view k, Number n) : key(k), value(std::to_string(n)) {}

  std::string_view key;
  std::string value;
};

/// `event` is a fixed kebab-case name, for example "signature-refused".
void log_event(LogLevel level, std::string_view event, std::initializer_list<LogField> fields = {});

/// The line that log_event writes, without its newline.
[[nodiscard]] std::string format_event(LogLevel level, std::string_view event,
                                       std::initializer_list<LogField> fields);

}  // namespace privyseal
