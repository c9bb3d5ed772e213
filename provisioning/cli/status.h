/// The four lights: what each daemon's answer means, in one sentence and, where something is to be done, one
/// action.
///
/// Pure. Threads: any.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "firmware/base/clock.h"
#include "firmware/base/json.h"
#include "firmware/base/result.h"
#include "hsm/wire.h"

namespace privyseal::cli {

enum class Colour { kGreen, kAmber, kRed };  ///< from best to worst

[[nodiscard]] std::string_view to_string(Colour colour);

struct Light {
  std::string name;  ///< "mail"
  Colour colour = Colour::kRed;
  std::string sentence;
  std::string action;    ///< empty: nothing is to be done
  bool answered = true;  ///< false: red because the daemon does not answer
};

/// `status` is gatewayd's.
[[nodiscard]] Light mail_light(const Result<JsonObject>& status, WallTime now);
[[nodiscard]] Light key_light(const Result<hsm::Health>& health,
                              const Result<std::vector<hsm::KeyInfo>>& keys,
                              const Result<std::vector<hsm::KeyUses>>& uses);
/// `list` is renewd's cert-list.
[[nodiscard]] Light certificate_light(const Result<JsonObject>& list, WallTime now);
/// `status` is admind's.
[[nodiscard]] Light console_light(const Result<JsonObject>& status);

/// Where private keys sign, and what the processor does for the rest. Lines without a colour: nobody can act
/// on them.
struct Crypto {
  std::string token;         ///< empty: keyd does not answer
  std::string standing;      ///< what may be said of it (provisioning/evidence/token_standing.h)
  std::string keyd_cpu;      ///< as firmware/base/cpu_crypto.h names it; empty: no answer
  std::string gatewayd_cpu;  ///< the same
};
/// `status` is gatewayd's, `console` admind's.
[[nodiscard]] Crypto crypto_of(const Result<hsm::Health>& health, const Result<JsonObject>& status,
                               const Result<JsonObject>& console);

[[nodiscard]] Colour worst_of(const std::vector<Light>& lights);

[[nodiscard]] std::string status_text(const std::vector<Light>& lights, const Crypto& crypto, WallTime now);
[[nodiscard]] JsonObject status_json(const std::vector<Light>& lights, const Crypto& crypto, WallTime now);

}  // namespace privyseal::cli
