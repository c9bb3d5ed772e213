/// The copy of the signed provisioning file that a box keeps for its next boots.
///
/// The verifier reads it as a user without rights, so a copy that it may not read stops the box for good: who
/// may read it is written together with its content, and mended where an earlier box left it wrong.
///
/// Threads: one.
#pragma once

#include <filesystem>

#include "firmware/base/file.h"
#include "firmware/base/result.h"

namespace privyseal::provisioning {

/// Makes `kept` the same as `bundle`, `readers`' own with mode 0640; touches nothing when it is so already.
[[nodiscard]] Result<void> keep_bundle(const std::filesystem::path& bundle, const std::filesystem::path& kept,
                                       const Owner& readers);

}  // namespace privyseal::provisioning
