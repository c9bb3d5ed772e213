/// A tar archive (POSIX.1-2017 pax, ustar header) of a pack's files: same files, same bytes.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "firmware/base/result.h"
#include "provisioning/evidence/manifest.h"

namespace privyseal::evidence {

/// Gives the archive's bytes one piece after the other.
///
/// Threads: one at a time.
class TarReader {
 public:
  /// Every file lies below `folder`. Modes, owners and times are fixed. Paths are ours: at most 100 bytes (a
  /// CHECK).
  TarReader(std::shared_ptr<const PackFiles> files, std::string folder);

  /// Of the whole archive.
  [[nodiscard]] std::uint64_t size_bytes() const;
  /// Empty: that was all.
  [[nodiscard]] Result<std::string> next();

 private:
  [[nodiscard]] Result<std::string> piece_of_file();

  std::shared_ptr<const PackFiles> files_;
  std::string folder_;
  PackFiles::const_iterator file_;
  bool has_header_ = false;   // of the file under way
  std::uint64_t offset_ = 0;  // in it
  bool has_end_ = false;
};

}  // namespace privyseal::evidence
