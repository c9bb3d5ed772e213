/// What the four lights of the dashboard say, decided from what the daemons answered.
///
/// Pure. A daemon that did not answer is an answer too: its light says so.
#pragma once

#include <string>

#include "firmware/base/json.h"
#include "firmware/base/result.h"
#include "web-admin/pages/layout.h"

namespace privyseal::web {

struct Light {
  std::string name;
  Tone tone = Tone::kNeutral;
  std::string word = {};      ///< the state in a word or two, for those who do not see the colour
  std::string sentence = {};  ///< what it means for the mail
  std::string action = {};
  std::string path = {};  ///< where the action is
};

[[nodiscard]] Light relay_light(const Result<JsonObject>& gateway_status);
/// The gateway's status tells of lists of revoked certificates that are out of date.
[[nodiscard]] Light certificate_light(const Result<JsonObject>& certificates,
                                      const Result<JsonObject>& gateway_status, WallTime now);
/// `ready`: keyd's health; `count`: how many keys it holds.
[[nodiscard]] Light keys_light(const Result<bool>& ready, std::size_t count);
/// From the answers to audit-checkpoint of the gateway and of the certificate daemon, and the mails on
/// record.
[[nodiscard]] Light evidence_light(const Result<JsonObject>& gateway, const Result<JsonObject>& renewal,
                                   std::int64_t mails);

}  // namespace privyseal::web
