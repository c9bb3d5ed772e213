/// The active people of the CJSM directory as one file, asked for part by part.
///
/// Threads: one at a time.
#pragma once

#include <filesystem>
#include <string_view>

#include "provisioning/evidence/appliance.h"
#include "provisioning/evidence/content.h"

namespace privyseal::evidence {

/// `format` is the door's: "csv" or "ldif". What comes is kept in `folder`, without a name.
/// kConflict: another directory came into use meanwhile. kInvalid: an answer cannot be read, or does not go
/// on.
[[nodiscard]] Result<Content> directory_file(const Appliance& appliance, std::string_view format,
                                             const std::filesystem::path& folder);

}  // namespace privyseal::evidence
