// Whatever is repaired, a mail ends where it ended before: at CRLF.CRLF and nowhere else.
#include <algorithm>
#include <optional>
#include <string>

#include "firmware/base/check.h"
#include "firmware/smtp/dot_stream.h"
#include "firmware/smtp/line_repair.h"

using namespace privyseal;
using namespace privyseal::smtp;

namespace {

std::string repaired(std::string_view input, std::size_t step) {
  LineRepair repair(LineRepair::Where::kBody);
  std::string out;
  for (; !input.empty(); input.remove_prefix(std::min(step, input.size())))
    out += text_of(repair.feed(bytes_of(input.substr(0, step))));
  return out + std::string(repair.waiting());
}

/// Bytes behind the end of data; nothing: there is none, or a violation before it.
std::optional<std::size_t> left_behind(std::string_view text) {
  DotStream dots;
  const auto step = dots.feed(bytes_of(text));
  if (step.state != DotStream::State::kEnd) return std::nullopt;
  return text.size() - step.consumed;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view input(reinterpret_cast<const char*>(data + 1), size - 1);
  const std::string whole = repaired(input, input.size() + 1);
  CHECK(repaired(input, 1 + data[0]) == whole);
  if (!left_behind(whole)) return 0;
  const std::string text = "\r\n" + std::string(input);
  const std::size_t end = text.find("\r\n.\r\n");
  CHECK(end != std::string::npos);
  CHECK(*left_behind(whole) == repaired(std::string_view(text).substr(end + 5), 1).size());
  return 0;
}
