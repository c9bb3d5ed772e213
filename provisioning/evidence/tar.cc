#include "provisioning/evidence/tar.h"

#include <format>
#include <utility>

#include "firmware/base/check.h"

namespace privyseal::evidence {
namespace {

constexpr std::size_t kBlock = 512;
constexpr std::size_t kNameBytes = 100;

void put(std::string& header, std::size_t at, const std::string& text) {
  header.replace(at, text.size(), text);
}

std::string header_of(const std::string& path, std::uint64_t size) {
  CHECK(path.size() <= kNameBytes);
  std::string header(kBlock, '\0');
  put(header, 0, path);
  put(header, 100, "0000644");
  put(header, 108, "0000000");
  put(header, 116, "0000000");
  put(header, 124, std::format("{:011o}", size));
  put(header, 136, "00000000000");
  put(header, 148, "        ");  // the checksum counts as blanks
  put(header, 156, "0");
  put(header, 257, "ustar");
  put(header, 263, "00");
  unsigned sum = 0;
  for (const char c : header) sum += static_cast<unsigned char>(c);
  put(header, 148, std::format("{:06o}", sum) + std::string("\0 ", 2));
  return header;
}

std::uint64_t whole_blocks(std::uint64_t bytes) { return (bytes + kBlock - 1) / kBlock * kBlock; }

}  // namespace

TarReader::TarReader(std::shared_ptr<const PackFiles> files, std::string folder)
    : files_(std::move(files)), folder_(std::move(folder)), file_(files_->begin()) {}

std::uint64_t TarReader::size_bytes() const {
  std::uint64_t size = 2 * kBlock;
  for (const auto& [path, content] : *files_) size += kBlock + whole_blocks(content.size_bytes());
  return size;
}

/// Its header, its bytes, and what its last block lacks; empty: it is over.
Result<std::string> TarReader::piece_of_file() {
  const auto& [path, content] = *file_;
  if (!std::exchange(has_header_, true)) return header_of(folder_ + "/" + path, content.size_bytes());
  auto piece = content.piece(offset_);
  if (!piece) return piece;
  offset_ += piece->size();
  const bool is_last = offset_ == content.size_bytes();
  if (is_last && !piece->empty()) piece->resize(piece->size() + (whole_blocks(offset_) - offset_), '\0');
  return piece;
}

Result<std::string> TarReader::next() {
  while (file_ != files_->end()) {
    auto piece = piece_of_file();
    if (!piece || !piece->empty()) return piece;
    ++file_;
    has_header_ = false;
    offset_ = 0;
  }
  return std::exchange(has_end_, true) ? std::string() : std::string(2 * kBlock, '\0');
}

}  // namespace privyseal::evidence
