#include "provisioning/evidence/content.h"

namespace privyseal::evidence {

Content::Content(std::string text) : held_(std::move(text)) {
  sha256_ = privyseal::sha256(bytes_of(std::get<std::string>(held_)));
}

Result<Content> Content::of(Lines lines) {
  Sha256 hash;
  for (std::uint64_t offset = 0;;) {
    const auto piece = lines.piece(offset);
    if (!piece) return std::unexpected(piece.error());
    if (piece->empty()) return Content(std::move(lines), hash.finish());
    hash.add(bytes_of(*piece));
    offset += piece->size();
  }
}

std::uint64_t Content::size_bytes() const {
  if (const auto* lines = std::get_if<Lines>(&held_)) return lines->size_bytes();
  return std::get<std::string>(held_).size();
}

Result<std::string> Content::piece(std::uint64_t offset) const {
  if (const auto* lines = std::get_if<Lines>(&held_)) return lines->piece(offset);
  const auto& text = std::get<std::string>(held_);
  return offset >= text.size() ? std::string() : text.substr(offset);
}

}  // namespace privyseal::evidence
