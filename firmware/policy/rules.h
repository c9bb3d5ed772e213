/// Everything that mail is judged by, as one snapshot: the profile of the terms, the organisation's choices
/// and its registers.
///
/// Threads: any; never changed once made.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "firmware/base/result.h"
#include "firmware/policy/directory.h"
#include "firmware/policy/disclaimer.h"
#include "firmware/policy/profile.h"
#include "firmware/policy/refusal.h"
#include "firmware/policy/registers.h"

namespace privyseal::policy {

enum class Mode {
  kOff,
  kWarn,     ///< the mail passes with a header field that names the rule, and is counted
  kEnforce,  ///< the mail is refused
};

enum class Unmarked { kAllow, kDefault, kRefuse };

/// What an organisation may choose. These are the values without a file of its own: what the terms forbid
/// to everybody is enforced, and what needs a register is off.
struct Options {
  std::string terms = "v10.2";
  Contacts contacts;
  Mode registered_sender = Mode::kOff;
  Mode from_header = Mode::kOff;
  Mode handling = Mode::kOff;
  std::string add_handling;  ///< with handling = warn: put in where there is none; empty: no
  Mode automated = Mode::kEnforce;
  Mode bulk = Mode::kEnforce;
  Mode auto_forward = Mode::kEnforce;
  Mode shared_service = Mode::kEnforce;
  Mode assured = Mode::kOff;
  Mode retired_recipient = Mode::kOff;
  Unmarked unmarked = Unmarked::kAllow;
  std::string default_marking;
  std::uint32_t recipients = 0;        ///< most in one mail; 0: as many as the gateway takes
  std::uint32_t blind_recipients = 0;  ///< more than this need a To or Cc; 0: no such rule
  std::uint32_t sender_per_hour = 0;   ///< 0: no cap
  std::uint32_t organisation_per_hour = 0;
  std::uint32_t assured_max_days = 180;  ///< an older list is amber
  std::optional<Disclaimer> disclaimer;  ///< below mail out; nothing: none
};

/// The organisation's own file. Left out: rates of 200 and 2,000 an hour, a registered sender is warned
/// about. kInvalid: the message names the key.
[[nodiscard]] Result<Options> parse_options(std::string_view toml, std::string_view name);

struct Rules {
  Options options;
  Profile profile;
  Commitments commitments;
  Permissions permissions;
  AssuredDomains assured;
  Maintenance maintenance;
  Directory directory;
};

/// Without files of the organisation.
[[nodiscard]] Rules default_rules();

}  // namespace privyseal::policy
