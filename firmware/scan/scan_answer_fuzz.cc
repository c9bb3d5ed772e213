// Whatever a scanner says: only its one word for 'clean' is that, a verdict does not change when the same
// bytes come one by one, and what goes into the log is printable.
#include <algorithm>

#include "firmware/base/check.h"
#include "firmware/scan/language.h"

using namespace privyseal;
using scan::Verdict;

namespace {

void check(std::string_view answer, std::optional<Verdict> (*read)(std::string_view),
           std::string_view clean) {
  const auto verdict = read(answer);
  if (answer.size() > scan::kMaxAnswerBytes) CHECK(verdict);
  if (!verdict) {
    for (std::size_t size = 0; size < std::min<std::size_t>(answer.size(), 256); ++size)
      CHECK(!read(answer.substr(0, size)));
    return;
  }
  CHECK(std::ranges::all_of(verdict->why, [](char c) { return c >= ' ' && c <= '~'; }));
  if (verdict->kind == Verdict::Kind::kClean) CHECK(answer.starts_with(clean));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const std::string_view answer(reinterpret_cast<const char*>(data), std::min<std::size_t>(size, 20000));
  using namespace std::string_view_literals;
  check(answer, scan::read_clamd_answer, "stream: OK\0"sv);
  check(answer, scan::read_icap_answer, "ICAP/1.0 204"sv);
  return 0;
}
