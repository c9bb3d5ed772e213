/// The Merkle tree over a log (RFC 6962 section 2.1): pure.
///
/// Why a tree and not a chain: one root stands for all entries, any entry can be shown to be under it with
/// a few hashes, and appending needs no more than log2(n) hashes of what was before.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "firmware/base/bytes.h"
#include "firmware/base/result.h"
#include "firmware/base/sha256.h"

namespace privyseal::audit {

[[nodiscard]] Digest leaf_hash(ByteView entry);
[[nodiscard]] Digest node_hash(const Digest& left, const Digest& right);

/// The roots of the full subtrees that make up a tree, largest first: all that is needed to append to it.
///
/// Threads: one.
class CompactRange {
 public:
  CompactRange() = default;

  /// From what `bytes()` gave for a tree of `size` leaves. kInvalid: the lengths do not fit each other.
  [[nodiscard]] static Result<CompactRange> parse(std::uint64_t size, ByteView bytes);

  void append(const Digest& leaf);
  [[nodiscard]] std::uint64_t size() const { return size_; }
  /// Of an empty tree: SHA-256 of nothing.
  [[nodiscard]] Digest root() const;
  [[nodiscard]] Bytes bytes() const;

 private:
  std::uint64_t size_ = 0;
  std::vector<Digest> subtrees_;  // one for each bit that is set in size_
};

[[nodiscard]] Digest root_of(std::span<const Digest> leaves);

/// The hashes that lead from leaf `index` to the root of `leaves`, lowest first. `index` < leaves.size().
[[nodiscard]] std::vector<Digest> inclusion_proof(std::span<const Digest> leaves, std::uint64_t index);

/// Whether `proof` leads from `leaf` at `index` to `root`, the root of a tree of `size` leaves. Total.
[[nodiscard]] bool is_included(const Digest& leaf, std::uint64_t index, std::uint64_t size,
                               std::span<const Digest> proof, const Digest& root);

}  // namespace privyseal::audit
