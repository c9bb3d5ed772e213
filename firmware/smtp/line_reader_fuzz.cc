// Any split of any input gives the same lines, and no line holds a line end.
#include <string>
#include <vector>

#include "firmware/base/check.h"
#include "firmware/smtp/line_reader.h"

using namespace privyseal;
using namespace privyseal::smtp;

namespace {

constexpr std::size_t kLimit = 20;

struct Seen {
  std::vector<std::string> lines;
  std::optional<LineFault> fault;
  std::string rest;
  bool operator==(const Seen&) const = default;
};

Seen run(std::string_view input, std::size_t step) {
  LineReader reader(kLimit);
  Seen seen;
  while (!input.empty() && !seen.fault) {
    const std::string_view chunk = input.substr(0, step);
    input.remove_prefix(chunk.size());
    reader.append(bytes_of(chunk));
    auto next = reader.next();
    for (; next.state == LineReader::State::kLine; next = reader.next()) seen.lines.emplace_back(next.line);
    seen.fault = next.fault;
  }
  if (!seen.fault) seen.rest = text_of(reader.take_rest());
  return seen;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view input(reinterpret_cast<const char*>(data + 1), size - 1);
  const Seen whole = run(input, input.size());
  CHECK(run(input, 1 + data[0] % 40) == whole);
  std::string joined;
  for (const std::string& line : whole.lines) {
    CHECK(line.find_first_of(std::string_view("\r\n\0", 3)) == std::string::npos &&
          line.size() + 2 <= kLimit);
    joined += line + "\r\n";
  }
  CHECK(input.starts_with(joined + whole.rest));
  return 0;
}
