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
/// From the answers to audit-checkpoint of the gateway and of the certificate daemon, the mails on record,
/// and how many declarations were made whose review day has come. What was never declared makes no light:
/// nobody is to begin with one that is amber.
[[nodiscard]] Light evidence_light(const Result<JsonObject>& gateway, const Result<JsonObject>& renewal,
                                   std::int64_t mails, const Result<std::int64_t>& overdue_declarations);

}  // namespace privyseal::web
