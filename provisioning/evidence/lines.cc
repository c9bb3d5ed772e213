#include "provisioning/evidence/lines.h"

#include <fcntl.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cstdlib>
#include <optional>
#include <utility>

#include "firmware/base/file.h"
#include "firmware/base/unique_fd.h"

namespace privyseal::evidence {
namespace {

constexpr std::size_t kPieceBytes = 64UL << 10;

Result<UniqueFd> file_without_a_name(const std::filesystem::path& folder) {
  std::string name = (folder / "lines.XXXXXX").string();
  UniqueFd fd(::mkostemp(name.data(), O_CLOEXEC));
  if (!fd || ::unlink(name.c_str()) != 0) return fail_errno(name);
  return fd;
}

Result<void> check_room(int fd, const std::filesystem::path& folder) {
  struct statvfs disk{};
  if (::fstatvfs(fd, &disk) != 0) return fail_errno(folder.string());
  if (std::uint64_t{disk.f_bavail} * disk.f_frsize < Lines::kLeftFree)
    return fail(ErrorCode::kUnavailable, folder.string() + ": too little room is left on the disk");
  return {};
}

}  // namespace

struct Lines::File {
  std::filesystem::path folder;
  UniqueFd fd{};
  std::string waiting{};  // for being enough for a write
  std::size_t lines = 0;
  std::uint64_t bytes = 0;
  std::optional<Error> trouble{};

  Result<void> write_out() {
    if (waiting.empty()) return {};
    if (!fd) {
      auto made = file_without_a_name(folder);
      if (!made) return std::unexpected(made.error());
      fd = std::move(*made);
    }
    if (auto room = check_room(fd.get(), folder); !room) return room;
    const std::string text = std::exchange(waiting, {});
    return write_all(fd.get(), bytes_of(text), folder);
  }
  void note(const Result<void>& done) {
    if (!done && !trouble) trouble = done.error();
  }
};

Lines::Lines(std::filesystem::path folder)
    : file_(std::make_shared<File>(File{.folder = std::move(folder)})) {}

Lines::Lines() : Lines(std::filesystem::temp_directory_path()) {}

Lines::Lines(std::initializer_list<std::string_view> lines) : Lines() {
  for (const std::string_view line : lines) push_back(line);
}

void Lines::push_back(std::string_view line) {
  append(line);
  append("\n");
  ++file_->lines;
}

void Lines::append(std::string_view bytes) {
  if (file_->trouble) return;
  file_->waiting.append(bytes);
  file_->bytes += bytes.size();
  if (file_->waiting.size() >= kPieceBytes) file_->note(file_->write_out());
}

std::size_t Lines::size() const { return file_->lines; }
Lines Lines::another() const { return Lines(file_->folder); }
std::uint64_t Lines::size_bytes() const { return file_->bytes; }
void Lines::fail_with(const Error& error) const { file_->note(std::unexpected(error)); }

Result<void> Lines::state() const {
  file_->note(file_->write_out());
  const std::optional<Error>& trouble = file_->trouble;
  if (trouble) return std::unexpected(*trouble);
  return {};
}

Result<std::string> Lines::piece(std::uint64_t offset) const {
  if (auto sound = state(); !sound) return std::unexpected(sound.error());
  if (offset >= file_->bytes) return std::string();
  std::string bytes(kPieceBytes, '\0');
  const ssize_t got = ::pread(file_->fd.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
  if (got < 0) return fail_errno(file_->folder.string());
  if (got == 0) return fail(ErrorCode::kUnavailable, file_->folder.string() + ": lines were lost");
  bytes.resize(static_cast<std::size_t>(got));
  return bytes;
}

Lines::Iterator Lines::begin() const { return Iterator(*this); }

Lines::Iterator::Iterator(const Lines& lines) : lines_(lines) { ++*this; }

Lines::Iterator& Lines::Iterator::operator++() {
  line_.clear();
  for (;;) {
    const auto end = read_.find('\n', at_);
    line_.append(read_, at_, end == std::string::npos ? end : end - at_);
    if (end != std::string::npos) {
      at_ = end + 1;
      return *this;
    }
    auto piece = lines_.piece(offset_);
    if (!piece) lines_.fail_with(piece.error());
    if (!piece || piece->empty()) {
      is_at_end_ = true;
      return *this;
    }
    offset_ += piece->size();
    read_ = std::move(*piece);
    at_ = 0;
  }
}

}  // namespace privyseal::evidence
