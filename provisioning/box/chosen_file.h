/// Which of two verified provisioning files counts: the one that this box has kept, or that of a disk.
///
/// A disk's file counts when its serial is higher than the kept one's, so an old disk that somebody kept, or
/// left in the box, brings back nothing. Whatever is wrong with a disk's file, a box that has kept one goes
/// on with it.
///
/// Threads: one.
#pragma once

#include <filesystem>
#include <string>

#include "firmware/base/result.h"
#include "provisioning/box/site.h"

namespace privyseal::provisioning {

struct ChosenFile {
  Site site;
  std::filesystem::path bundle;
  std::string of_disk;  ///< what became of the disk's file, for the screen; empty: nothing to tell
};

/// `verified` is the folder of privyseal-verify (verify/sources.h).
/// kInvalid: the file that counts breaks a rule. kNotFound: no file passed.
[[nodiscard]] Result<ChosenFile> choose_file(const std::filesystem::path& verified);

}  // namespace privyseal::provisioning
