#include "provisioning/evidence/token_standing.h"

#include <algorithm>
#include <format>

#include "provisioning/evidence/text.h"

namespace privyseal::evidence {
namespace {

constexpr std::string_view kSoftHsm = "softhsm";

char lower(char c) { return static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c); }

/// Whatever the case and wherever it stands: a name that only looks like it is not believed either.
bool is_softhsm(std::string_view token) { return !std::ranges::search(token, kSoftHsm, {}, lower).empty(); }

}  // namespace

TokenStanding judge_token(bool is_claimed, const Result<hsm::Health>& keyd) {
  if (!keyd) return {};
  return {.name = keyd->token, .is_claimed = is_claimed && !keyd->token.empty() && !is_softhsm(keyd->token)};
}

std::string token_sentence(const TokenStanding& standing) {
  if (!standing.is_claimed)
    return "Test token, not validated: no certificate of a validated module is known for the token that "
           "holds the keys.";
  return std::format(
      "The organisation claims that its token, {}, is a validated one. The appliance cannot prove it: ask "
      "for the module's certificate.",
      escaped(standing.name));
}

bool claims_validated_token(const Result<JsonObject>& console) {
  return console && json_flag(*console, kTokenClaim, false).value_or(false);
}

}  // namespace privyseal::evidence
