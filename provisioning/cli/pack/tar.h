/// A tar archive (POSIX.1-2017 pax, ustar header) of a pack's files: same files, same bytes.
#pragma once

#include <string>

#include "firmware/base/result.h"
#include "provisioning/cli/pack/manifest.h"

namespace privyseal::cli {

/// Every file lies below `folder`. Modes, owners and times are fixed. Paths are ours: at most 100 bytes (a
/// CHECK).
[[nodiscard]] std::string tar_of(const PackFiles& files, const std::string& folder);

}  // namespace privyseal::cli
