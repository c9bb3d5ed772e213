/// keyd's audit key as the signer of a daemon's checkpoints.
///
/// Why apart from the client: the gateway speaks to keyd through OpenSSL's provider and must not be able to
/// speak to it otherwise. A checkpoint is no TLS message, so the provider cannot sign it; this header offers
/// that one operation and shows nothing of the client behind it.
///
/// Threads: one at a time. Ownership: the signer owns its connection to keyd.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "firmware/base/audit/signer.h"

namespace privyseal::hsm {

inline constexpr std::string_view kAuditKey = "audit";  ///< what the appliance's audit key is called

/// Touches no socket before the first call. Errors of its calls: as hsm::Client.
[[nodiscard]] std::unique_ptr<audit::Signer> audit_signer(const std::filesystem::path& keyd_socket,
                                                          std::string key_name = std::string(kAuditKey));

}  // namespace privyseal::hsm
