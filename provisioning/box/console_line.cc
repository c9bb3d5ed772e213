#include "provisioning/box/console_line.h"

#include <algorithm>
#include <format>
#include <utility>

#include "firmware/base/door.h"

namespace privyseal::provisioning {
namespace {

constexpr std::chrono::milliseconds kDeadline{5000};
/// A console that loses every code must not fill its log with them.
constexpr std::chrono::minutes kCodeEvery{1};

constexpr std::string_view kDigits = "0123456789";
constexpr std::string_view kCapitals = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";

bool is_of(std::string_view text, std::string_view first, std::string_view second) {
  return std::ranges::all_of(text, [&](char c) { return first.contains(c) || second.contains(c); });
}

struct Standing {
  bool has_officer;
  bool is_claim_open;
  std::string address;
};

/// None: a captured admind must not draw on this terminal, nor send a person elsewhere than to an address.
Result<Standing> standing_of(const JsonObject& status) {
  for (const auto* flag : {"officer", "claim_open"})
    if (!status.contains(flag)) return fail(ErrorCode::kInvalid, "it lacks a value");
  const auto officer = json_flag(status, "officer", false);
  const auto claim = json_flag(status, "claim_open", false);
  auto address = json_text(status, "url");
  if (!officer || !claim || !address || !is_console_address(*address))
    return fail(ErrorCode::kInvalid, "a value is none");
  return Standing{.has_officer = *officer, .is_claim_open = *claim, .address = std::move(*address)};
}

}  // namespace

bool is_claim_code(std::string_view text) {
  constexpr std::size_t kLetters = 4;
  constexpr std::size_t kLength = 5 * (kLetters + 1) - 1;
  if (text.size() != kLength) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool is_hyphen = text[i] == '-';
    if (is_hyphen != (i % (kLetters + 1) == kLetters)) return false;
    if (!is_hyphen && !is_of(text.substr(i, 1), kDigits, kCapitals)) return false;
  }
  return true;
}

bool is_console_address(std::string_view text) {
  constexpr std::string_view kScheme = "https://";
  constexpr std::size_t kMostHostBytes = 253;
  constexpr std::size_t kMostPortDigits = 5;
  if (!text.starts_with(kScheme)) return false;
  text.remove_prefix(kScheme.size());
  const std::string_view host = text.substr(0, text.find(':'));
  if (host.empty() || host.size() > kMostHostBytes || !is_of(host, kDigits, "abcdefghijklmnopqrstuvwxyz.-"))
    return false;
  if (host.size() == text.size()) return true;
  const std::string_view port = text.substr(host.size() + 1);
  return !port.empty() && port.size() <= kMostPortDigits && is_of(port, kDigits, "");
}

std::string ConsoleLine::text(Now now) {
  const auto status = ask_door(door_, {{"op", "status"}}, kDeadline);
  if (!status) return "no: the web console does not answer";
  const auto standing = standing_of(*status);
  if (!standing) return "NO: what the web console answers makes no sense";
  if (standing->has_officer || !standing->is_claim_open) code_.clear();
  if (standing->has_officer) return standing->address;
  if (code_.empty()) renew_code(now);
  if (code_.empty()) return "NO: it has no officer, and gives no claim code";
  return std::format("it has no officer yet: open {}/claim\n{:15}with the claim code {}", standing->address,
                     "", code_);
}

void ConsoleLine::renew_code(Now now) {
  if (now < next_code_) return;
  next_code_ = now + kCodeEvery;
  const auto answer = ask_door(door_, {{"op", "claim-code"}}, kDeadline);
  if (!answer) return;
  auto code = json_text(*answer, "code");
  if (code && is_claim_code(*code)) code_ = std::move(*code);
}

}  // namespace privyseal::provisioning
