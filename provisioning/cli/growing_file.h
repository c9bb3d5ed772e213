/// A file that is written piece by piece, and is there whole or not at all.
///
/// Threads: one. What was not finished is left behind as FILE.new and written over the next time.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <string_view>

#include "firmware/base/result.h"
#include "firmware/base/unique_fd.h"
#include "provisioning/evidence/content.h"

namespace privyseal::cli {

class GrowingFile {
 public:
  [[nodiscard]] static Result<GrowingFile> create(std::filesystem::path file, mode_t mode);
  [[nodiscard]] Result<void> add(std::string_view text);
  /// Durable, and under its name, when it returns.
  [[nodiscard]] Result<void> finish();

 private:
  GrowingFile(std::filesystem::path file, UniqueFd fd) : file_(std::move(file)), fd_(std::move(fd)) {}
  [[nodiscard]] std::filesystem::path unfinished() const { return file_.string() + ".new"; }
  [[nodiscard]] Result<void> write_out();

  std::filesystem::path file_;
  UniqueFd fd_;
  std::string waiting_;  // for being enough for a write
};

/// Where what will become `file` waits: on the disk that it goes to.
[[nodiscard]] std::filesystem::path folder_of(const std::filesystem::path& file);

/// The whole content of a file of evidence.
[[nodiscard]] Result<void> write_content(const evidence::Content& content, const std::filesystem::path& file,
                                         mode_t mode);

}  // namespace privyseal::cli
