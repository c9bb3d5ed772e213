/// What an administrator asks the gateway's door about the organisation's files, read: the parts of one that
/// is brought, what it shall be used as, and which one shall go.
///
/// Pure and total. Threads: any. kInvalid: the message names the member; nothing of a file's content is in
/// it.
#pragma once

#include <cstdint>
#include <string>

#include "firmware/base/bytes.h"
#include "firmware/base/json.h"
#include "firmware/base/result.h"

namespace privyseal::gateway {

/// {after: how many bytes came before, content: base64}. Only the first part of a file may be empty.
struct PolicyPart {
  std::uint64_t after;
  Bytes content;
};
[[nodiscard]] Result<PolicyPart> read_policy_part(const JsonObject& request);

/// {name: one of RuleFiles', why}
struct PolicyRemoval {
  std::string name;
  std::string why;
};
[[nodiscard]] Result<PolicyRemoval> read_policy_removal(const JsonObject& request);

/// The same with {sha256: of the whole content, in lower-case hexadecimal}.
struct PolicySetting {
  std::string name;
  std::string why;
  std::string sha256;
};
[[nodiscard]] Result<PolicySetting> read_policy_setting(const JsonObject& request);

}  // namespace privyseal::gateway
