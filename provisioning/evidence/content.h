/// What stands in one file of a pack: text that is held, or lines that are not.
///
/// Threads: one at a time. Copies share the lines.
#pragma once

#include <cstdint>
#include <string>
#include <variant>

#include "firmware/base/result.h"
#include "firmware/base/sha256.h"
#include "provisioning/evidence/lines.h"

namespace privyseal::evidence {

class Content {
 public:
  Content(std::string text);  // so that text is put among files as it is
  /// Reads them once. kUnavailable: they cannot be read.
  [[nodiscard]] static Result<Content> of(Lines lines);

  [[nodiscard]] std::uint64_t size_bytes() const;
  [[nodiscard]] const Digest& sha256() const { return sha256_; }
  /// Bytes from `offset` on; none at the end.
  [[nodiscard]] Result<std::string> piece(std::uint64_t offset) const;

 private:
  Content(Lines lines, const Digest& digest) : held_(std::move(lines)), sha256_(digest) {}

  std::variant<std::string, Lines> held_;
  Digest sha256_{};
};

}  // namespace privyseal::evidence
