/// The two places where a provisioning file may lie: the copy that an earlier boot kept, and a disk.
///
/// Each is judged for itself; which of two good files counts is set-up's decision, because this program does
/// not read settings. `folder` gets `kept.toml` and `kept.bundle`, `disk.toml` and `disk.bundle` (byte for
/// byte what was checked: nobody reads the source again), or `disk.refusal` with one sentence.
///
/// A kept file that is there and bad lets nothing pass, not even a good disk: whoever can spoil it could
/// otherwise bring back old settings with an old disk. A bad disk does not stop a box that has kept a good
/// file.
///
/// Threads: one.
#pragma once

#include <string>

#include "firmware/base/result.h"

namespace privyseal::provisioning {

struct Sources {
  std::string kept;
  std::string disk;
};

/// What passed, in a sentence. An error, with nothing that passed in `folder`: why; `folder`'s `refusal`,
/// which everyone may read, says the same.
[[nodiscard]] Result<std::string> judge_sources(const std::string& key_file, const std::string& folder,
                                                const Sources& sources);

}  // namespace privyseal::provisioning
