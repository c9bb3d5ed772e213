// Any split of any body gives the same result, and nothing that is handed on could end a mail early.
#include <string>

#include "firmware/base/check.h"
#include "firmware/smtp/dot_stream.h"
#include "firmware/smtp/header_scan.h"

using namespace privyseal;
using namespace privyseal::smtp;

namespace {

struct Seen {
  DotStream::State state = DotStream::State::kMore;
  Violation why = Violation::kNone;
  std::string forwarded;
  std::string behind;
  std::uint64_t size_bytes = 0;
  std::size_t hops = 0;
  bool operator==(const Seen&) const = default;
};

/// Cuts into pieces of 1 to `step` bytes; 0 is no cut.
Seen run(std::string_view input, std::size_t step) {
  DotStream stream;
  HeaderScan scan;
  Seen seen;
  std::size_t turn = 0;
  do {
    const std::string_view chunk = input.substr(0, step == 0 ? input.size() : 1 + turn++ % step);
    input.remove_prefix(chunk.size());
    const auto next = stream.feed(bytes_of(chunk));
    for (const ByteView part : {next.held, next.forward}) {
      scan.feed(part);
      seen.forwarded += text_of(part);
    }
    seen.state = next.state;
    seen.why = next.why;
    if (next.state == DotStream::State::kEnd)
      seen.behind = std::string(chunk.substr(next.consumed)) + std::string(input);
  } while (!input.empty() && seen.state == DotStream::State::kMore);
  seen.hops = scan.hops();
  seen.size_bytes = stream.size_bytes();
  return seen;
}

void check_harmless(std::string_view forwarded) {
  CHECK(!forwarded.starts_with(kEndOfData) && !forwarded.contains("\r\n.\r\n") && !forwarded.contains('\0'));
  for (std::size_t i = 0; i < forwarded.size(); ++i) {
    if (forwarded[i] == '\n') CHECK(i > 0 && forwarded[i - 1] == '\r');
    if (forwarded[i] == '\r') CHECK(i + 1 < forwarded.size() && forwarded[i + 1] == '\n');
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view input(reinterpret_cast<const char*>(data + 1), size - 1);
  const Seen whole = run(input, 0);
  const Seen cut = run(input, 1 + data[0]);
  check_harmless(whole.forwarded);
  check_harmless(cut.forwarded);
  CHECK(cut.state == whole.state && cut.why == whole.why);
  if (whole.state != DotStream::State::kViolation) CHECK(cut == whole);
  if (whole.state == DotStream::State::kEnd) CHECK(whole.forwarded + ".\r\n" + whole.behind == input);
  CHECK(whole.state == DotStream::State::kViolation || whole.size_bytes <= input.size());
  return 0;
}
