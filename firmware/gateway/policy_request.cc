#include "firmware/gateway/policy_request.h"

#include <algorithm>

#include "firmware/base/base64.h"
#include "firmware/gateway/rule_files.h"
#include "firmware/policy/rule_file.h"

namespace privyseal::gateway {
namespace {

constexpr std::size_t kHashDigits = 64;
constexpr std::size_t kMaxWhy = 1000;  // it becomes a line of the audit log

bool is_hash(std::string_view text) {
  const auto is_digit = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
  return text.size() == kHashDigits && std::ranges::all_of(text, is_digit);
}

}  // namespace

Result<PolicyPart> read_policy_part(const JsonObject& request) {
  const auto after = json_number(request, "after");
  if (!after) return std::unexpected(after.error());
  const auto text = json_text(request, "content");
  if (!text) return std::unexpected(text.error());
  auto content = from_base64(*text);
  if (!content) return fail("content", content.error());
  if (*after < 0 || static_cast<std::uint64_t>(*after) > kMaxBroughtBytes)
    return fail(ErrorCode::kInvalid, "after: longer than " + std::to_string(kMaxBroughtBytes) + " bytes");
  if (content->empty() && *after != 0) return fail(ErrorCode::kInvalid, "content: must not be empty");
  return PolicyPart{.after = static_cast<std::uint64_t>(*after), .content = std::move(*content)};
}

Result<PolicyRemoval> read_policy_removal(const JsonObject& request) {
  auto name = json_text(request, "name");
  if (!name) return std::unexpected(name.error());
  if (!policy::is_rule_file(*name))
    return fail(ErrorCode::kInvalid, "name: must be one of " + rule_file_names());
  auto why = json_text(request, "why");
  if (!why) return std::unexpected(why.error());
  if (why->empty() || why->size() > kMaxWhy)
    return fail(ErrorCode::kInvalid, "why: must be given, in at most " + std::to_string(kMaxWhy) + " bytes");
  return PolicyRemoval{.name = std::move(*name), .why = std::move(*why)};
}

Result<PolicySetting> read_policy_setting(const JsonObject& request) {
  auto named = read_policy_removal(request);
  if (!named) return std::unexpected(named.error());
  auto sha256 = json_text(request, "sha256");
  if (!sha256) return std::unexpected(sha256.error());
  if (!is_hash(*sha256)) return fail(ErrorCode::kInvalid, "sha256: must be 64 hexadecimal digits");
  return PolicySetting{
      .name = std::move(named->name), .why = std::move(named->why), .sha256 = std::move(*sha256)};
}

}  // namespace privyseal::gateway
