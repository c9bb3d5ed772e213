#include "hsm/approvers.h"

#include <algorithm>
#include <array>
#include <format>

#include "firmware/base/base64.h"

namespace privyseal::hsm {
namespace {

struct Kind {
  PasskeyKind kind;
  std::string_view name;
  std::size_t bytes;
};
constexpr std::array kKinds{Kind{PasskeyKind::kEs256, "es256", 64}, Kind{PasskeyKind::kEdDsa, "eddsa", 32}};

std::unexpected<Error> invalid(std::string why) { return fail(ErrorCode::kInvalid, std::move(why)); }

/// The next line of `rest`, without its end, which is taken off it.
std::string_view take_line(std::string_view& rest) {
  const std::size_t end = rest.find('\n');
  const std::string_view line = rest.substr(0, end);
  rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
  return line;
}

}  // namespace

std::string to_text(const ApproverLine& approver) {
  const auto* kind = std::ranges::find(kKinds, approver.kind, &Kind::kind);
  return std::format("{} {} {}", approver.person, kind->name, to_base64(approver.public_key));
}

Result<ApproverLine> parse_approver_line(std::string_view line) {
  const std::size_t first = line.find(' ');
  const std::size_t second = first == std::string_view::npos ? first : line.find(' ', first + 1);
  if (second == std::string_view::npos || !is_key_name(line.substr(0, first)))
    return invalid("must be as \"alice es256 BASE64\"");
  const auto* kind = std::ranges::find(kKinds, line.substr(first + 1, second - first - 1), &Kind::name);
  if (kind == kKinds.end()) return invalid("has a passkey that is neither es256 nor eddsa");
  auto bytes = from_base64(line.substr(second + 1));
  if (!bytes || bytes->size() != kind->bytes) return invalid("has a passkey that is cut off or changed");
  return ApproverLine{
      .person = std::string(line.substr(0, first)), .kind = kind->kind, .public_key = std::move(*bytes)};
}

Result<std::vector<ApproverLine>> parse_approvers(std::string_view file) {
  if (file.size() > kMaxApproversBytes) return invalid("the list of approvers is too long");
  std::vector<ApproverLine> approvers;
  for (int number = 1; !file.empty(); ++number) {
    const std::string_view line = take_line(file);
    if (line.empty() || line.starts_with('#')) continue;
    auto approver = parse_approver_line(line);
    if (!approver) return invalid(std::format("line {} {}", number, approver.error().message));
    const auto other = std::ranges::find(approvers, approver->public_key, &ApproverLine::public_key);
    if (other != approvers.end())
      return invalid(
          std::format("line {} has the same passkey as {} has: {}", number, other->person, approver->person));
    approvers.push_back(std::move(*approver));
  }
  const bool are_two = std::ranges::any_of(
      approvers, [&](const ApproverLine& approver) { return approver.person != approvers.front().person; });
  if (!approvers.empty() && !are_two) return invalid("there must be two different persons at least");
  return approvers;
}

}  // namespace privyseal::hsm
