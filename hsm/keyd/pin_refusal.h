/// Remembers, across restarts, that the token refused the PIN in a certain PIN file.
///
/// A token locks after a few wrong PINs. systemd restarts a daemon that ends, so
/// without this record a wrong PIN would be tried until the token is locked.
/// The PIN file is known by its inode, time and size; nothing of the PIN is kept.
///
/// Threads: one at a time.
#pragma once

#include <filesystem>
#include <string>

#include "firmware/base/result.h"

namespace privyseal::keyd {

class PinRefusal {
 public:
  PinRefusal(const std::filesystem::path& state_folder, std::filesystem::path pin_file);

  /// kDenied: the token refused this very PIN file before. Other codes: the files cannot be read.
  /// Only success allows a log-in.
  [[nodiscard]] Result<void> check() const;
  /// What the PIN file is known by now.
  [[nodiscard]] Result<std::string> identity() const;
  /// Call when the token has refused the PIN of the file that was known so. This process does not try it
  /// again, even when that could not be written down.
  [[nodiscard]] Result<void> record(const std::string& refused);

 private:
  std::filesystem::path record_;
  std::filesystem::path pin_file_;
  std::string refused_;  // empty: none was
};

}  // namespace privyseal::keyd
