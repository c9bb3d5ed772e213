#include "firmware/scan/language.h"
#include "firmware/scan/printable.h"

namespace privyseal::scan {
namespace {

using namespace std::string_literals;
using namespace std::string_view_literals;

constexpr std::string_view kStream = "stream: ";
constexpr std::string_view kFound = " FOUND";

/// The size as four bytes, the highest first.
std::string piece_head(std::size_t bytes) {
  std::string head;
  for (const int shift : {24, 16, 8, 0}) head += static_cast<char>((bytes >> shift) & 0xff);
  return head;
}

Verdict verdict_of(std::string_view answer) {
  if (answer == "stream: OK") return {.kind = Verdict::Kind::kClean, .why = ""};
  if (answer.starts_with(kStream) && answer.ends_with(kFound) &&
      answer.size() > kStream.size() + kFound.size()) {
    const std::string_view name =
        answer.substr(kStream.size(), answer.size() - kStream.size() - kFound.size());
    return {.kind = Verdict::Kind::kInfected, .why = printable(name)};
  }
  return {.kind = Verdict::Kind::kFailed, .why = "it said: " + printable(answer)};
}

constexpr Language kClamd{.opening = [](std::string_view, std::string_view) { return "zINSTREAM\0"s; },
                          .piece_head = piece_head,
                          .piece_tail = "",
                          .end = "\0\0\0\0"sv,
                          .answer = read_clamd_answer};

}  // namespace

const Language& clamd() { return kClamd; }

std::optional<Verdict> read_clamd_answer(std::string_view so_far) {
  const std::size_t end = so_far.find('\0');
  if (end == std::string_view::npos && so_far.size() <= kMaxAnswerBytes) return std::nullopt;
  if (end == std::string_view::npos || end + 1 != so_far.size())
    return Verdict{.kind = Verdict::Kind::kFailed, .why = "its answer is not one line"};
  return verdict_of(so_far.substr(0, end));
}

}  // namespace privyseal::scan
