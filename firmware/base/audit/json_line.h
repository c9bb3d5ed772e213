/// Writes one JSON object as the one text that its hash is taken of.
///
/// The form: members in the order of the calls, no blanks, only what must be escaped is escaped. It is what
/// Python's json.dumps(object, ensure_ascii=False, separators=(",", ":")) writes, so that any program can
/// make it again from the parsed object. Bytes that are not UTF-8 become U+FFFD.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace privyseal::audit {

/// Threads: one.
class JsonLine {
 public:
  JsonLine& text(std::string_view key, std::string_view value);
  JsonLine& number(std::string_view key, std::int64_t value);
  JsonLine& null(std::string_view key);

  [[nodiscard]] std::string line() const { return line_ + "}"; }

 private:
  void begin(std::string_view key);

  std::string line_ = "{";
};

}  // namespace privyseal::audit
