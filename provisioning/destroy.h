/// The commands for the end of a key: `destroy-request` writes the text that two persons approve with their
/// passkeys, and `destroy` brings it and their approvals to keyd, which decides (hsm/destruction.h).
#pragma once

#include "hsm/wire.h"
#include "provisioning/command.h"

namespace privyseal::provisioning {

[[nodiscard]] Command destroy_request_command();
[[nodiscard]] Command destroy_command();

/// One approval as a browser's PublicKeyCredential.toJSON() gives it (WebAuthn level 3, section 5.1): JSON in
/// which `response` has clientDataJSON, authenticatorData and signature in base64url. kInvalid: anything
/// else.
[[nodiscard]] Result<hsm::Approval> parse_approval(const std::string& person, std::string_view json);

}  // namespace privyseal::provisioning
