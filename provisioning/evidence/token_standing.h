/// What may be said of the token that holds the keys, judged in one place: for the console's pages, the pack
/// and the command line.
///
/// No daemon can prove that a token is a validated one. The organisation may claim it (the console's
/// settings), but the claim counts only where keyd names a token that is not SoftHSM's.
///
/// Pure. Threads: any.
#pragma once

#include <string>
#include <string_view>

#include "firmware/base/json.h"
#include "firmware/base/result.h"
#include "hsm/wire.h"

namespace privyseal::evidence {

struct TokenStanding {
  std::string name{};       ///< its maker and model, as keyd says them; empty: it does not
  bool is_claimed = false;  ///< to be validated; else it is a test token

  [[nodiscard]] std::string_view in_words() const {
    return is_claimed ? "claimed to be validated" : "test token, not validated";
  }
};

/// For an auditor.
[[nodiscard]] std::string token_sentence(const TokenStanding& standing);

[[nodiscard]] TokenStanding judge_token(bool is_claimed, const Result<hsm::Health>& keyd);

/// The claim as the console's door tells it, in its status.
inline constexpr std::string_view kTokenClaim = "claims_validated_token";
/// `console`: its status. A claim that is not heard is none.
[[nodiscard]] bool claims_validated_token(const Result<JsonObject>& console);

}  // namespace privyseal::evidence
