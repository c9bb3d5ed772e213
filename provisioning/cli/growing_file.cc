#include "provisioning/cli/growing_file.h"

#include <fcntl.h>

#include <utility>

#include "firmware/base/file.h"

namespace privyseal::cli {

constexpr std::size_t kEnough = 64UL << 10;

Result<GrowingFile> GrowingFile::create(std::filesystem::path file, mode_t mode) {
  GrowingFile growing(std::move(file), UniqueFd());
  const auto name = growing.unfinished();
  growing.fd_ = UniqueFd(::open(name.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, mode));
  if (!growing.fd_) return fail_errno(name.string());
  return growing;
}

Result<void> GrowingFile::write_out() {
  const std::string text = std::exchange(waiting_, {});
  return write_all(fd_.get(), bytes_of(text), unfinished());
}

Result<void> GrowingFile::add(std::string_view text) {
  waiting_ += text;
  return waiting_.size() < kEnough ? Result<void>() : write_out();
}

Result<void> GrowingFile::finish() {
  return write_out().and_then([this] { return move_into_place(unfinished(), file_); });
}

std::filesystem::path folder_of(const std::filesystem::path& file) {
  return file.has_parent_path() ? file.parent_path() : std::filesystem::path(".");
}

Result<void> write_content(const evidence::Content& content, const std::filesystem::path& file, mode_t mode) {
  auto growing = GrowingFile::create(file, mode);
  if (!growing) return std::unexpected(growing.error());
  for (std::uint64_t offset = 0;;) {
    const auto piece = content.piece(offset);
    if (!piece) return std::unexpected(piece.error());
    if (piece->empty()) return growing->finish();
    if (auto added = growing->add(*piece); !added) return added;
    offset += piece->size();
  }
}

}  // namespace privyseal::cli
