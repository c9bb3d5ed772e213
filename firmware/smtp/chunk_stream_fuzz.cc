// Any split of any text into chunks gives the same bytes; they end no mail, and unstuffed they are the text.
#include <algorithm>
#include <string>

#include "firmware/base/check.h"
#include "firmware/smtp/chunk_stream.h"

using namespace privyseal;
using namespace privyseal::smtp;

namespace {

struct Seen {
  Violation why = Violation::kNone;
  std::string stuffed;
};

Seen run(std::string_view input, std::size_t step) {
  ChunkStream stream;
  Seen seen;
  while (!input.empty()) {
    const std::string_view chunk = input.substr(0, step);
    input.remove_prefix(chunk.size());
    const auto next = stream.feed(bytes_of(chunk));
    seen.why = std::max(seen.why, next.why);
    seen.stuffed += text_of(next.stuffed);
  }
  const auto last = stream.end();
  seen.why = std::max(seen.why, last.why);
  seen.stuffed += text_of(last.stuffed);
  return seen;
}

std::string unstuffed(std::string_view stuffed) {
  std::string text;
  bool at_line_start = true;
  for (const char c : stuffed) {
    if (!(at_line_start && c == '.')) text += c;
    at_line_start = c == '\n';
  }
  return text;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view input(reinterpret_cast<const char*>(data + 1), size - 1);
  const Seen whole = run(input, input.size() + 1);
  const Seen cut = run(input, 1 + data[0]);
  CHECK(whole.why == cut.why);
  if (whole.why != Violation::kNone) return 0;
  CHECK(whole.stuffed == cut.stuffed);
  CHECK(!whole.stuffed.starts_with(kEndOfData) && !whole.stuffed.contains("\r\n.\r\n"));
  const std::string text = unstuffed(whole.stuffed);
  CHECK(text == input || text == std::string(input) + "\r\n");
  return 0;
}
