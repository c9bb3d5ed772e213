#include "firmware/base/audit/merkle.h"

#include <algorithm>
#include <bit>

#include "firmware/base/check.h"

namespace privyseal::audit {
namespace {

constexpr std::byte kLeaf{0};
constexpr std::byte kNode{1};

/// The largest power of two below `size`, which is 2 or more: where RFC 6962 parts a tree.
std::size_t left_of(std::size_t size) { return std::bit_floor(size - 1); }

}  // namespace

Digest leaf_hash(ByteView entry) { return sha256({ByteView(&kLeaf, 1), entry}); }

Digest node_hash(const Digest& left, const Digest& right) {
  return sha256({ByteView(&kNode, 1), left, right});
}

Result<CompactRange> CompactRange::parse(std::uint64_t size, ByteView bytes) {
  CompactRange range;
  const auto count = static_cast<std::size_t>(std::popcount(size));
  if (bytes.size() != count * sizeof(Digest))
    return fail(ErrorCode::kInvalid, "audit state: its hashes do not fit its size");
  range.size_ = size;
  range.subtrees_.resize(count);
  for (std::size_t i = 0; i < count; ++i)
    std::ranges::copy(bytes.subspan(i * sizeof(Digest), sizeof(Digest)), range.subtrees_[i].begin());
  return range;
}

void CompactRange::append(const Digest& leaf) {
  Digest subtree = leaf;
  for (std::uint64_t bits = size_; (bits & 1) != 0; bits >>= 1) {
    subtree = node_hash(subtrees_.back(), subtree);
    subtrees_.pop_back();
  }
  subtrees_.push_back(subtree);
  ++size_;
}

Digest CompactRange::root() const {
  if (subtrees_.empty()) return sha256(ByteView());
  Digest root = subtrees_.back();
  for (std::size_t i = subtrees_.size() - 1; i > 0; --i) root = node_hash(subtrees_[i - 1], root);
  return root;
}

Bytes CompactRange::bytes() const {
  Bytes bytes;
  bytes.reserve(subtrees_.size() * sizeof(Digest));
  for (const Digest& subtree : subtrees_) privyseal::append(bytes, subtree);
  return bytes;
}

Digest root_of(std::span<const Digest> leaves) {
  CompactRange range;
  for (const Digest& leaf : leaves) range.append(leaf);
  return range.root();
}

std::vector<Digest> inclusion_proof(std::span<const Digest> leaves, std::uint64_t index) {
  CHECK(index < leaves.size());
  if (leaves.size() == 1) return {};
  const std::size_t left = left_of(leaves.size());
  const bool is_left = index < left;
  auto proof = is_left ? inclusion_proof(leaves.first(left), index)
                       : inclusion_proof(leaves.subspan(left), index - left);
  proof.push_back(root_of(is_left ? leaves.subspan(left) : leaves.first(left)));
  return proof;
}

// RFC 9162 section 2.1.3.2, which is RFC 6962's tree with the algorithm written out.
bool is_included(const Digest& leaf, std::uint64_t index, std::uint64_t size, std::span<const Digest> proof,
                 const Digest& root) {
  if (index >= size) return false;
  std::uint64_t node = index;
  std::uint64_t last = size - 1;
  Digest hash = leaf;
  for (const Digest& sibling : proof) {
    if (last == 0) return false;
    if ((node & 1) != 0 || node == last) {
      hash = node_hash(sibling, hash);
      while ((node & 1) == 0 && node != 0) {
        node >>= 1;
        last >>= 1;
      }
    } else {
      hash = node_hash(hash, sibling);
    }
    node >>= 1;
    last >>= 1;
  }
  return last == 0 && hash == root;
}

}  // namespace privyseal::audit
