/// Bytes that must not be printed, copied or left behind: a PIN, a password.
///
/// There is no operator<<, no copy and no conversion to std::string, so that a
/// careless log line does not compile. Memory is wiped when the Secret ends.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "firmware/base/bytes.h"

namespace privyseal {

class Secret {
 public:
  Secret() = default;
  /// Takes the bytes over and wipes nothing of the caller's: move into it.
  explicit Secret(std::vector<std::byte>&& bytes) : bytes_(std::move(bytes)) {}
  ~Secret() { wipe(); }

  Secret(Secret&& other) noexcept : bytes_(std::move(other.bytes_)) { other.bytes_.clear(); }
  Secret& operator=(Secret&& other) noexcept;
  Secret(const Secret&) = delete;  // a copy is one more place to wipe
  Secret& operator=(const Secret&) = delete;

  [[nodiscard]] bool empty() const { return bytes_.empty(); }
  /// For the one call that needs the bytes; do not keep the span.
  [[nodiscard]] std::span<std::byte> reveal() { return bytes_; }

 private:
  void wipe();

  std::vector<std::byte> bytes_;
};

}  // namespace privyseal
