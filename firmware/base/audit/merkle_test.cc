#include "firmware/base/audit/merkle.h"

#include <gtest/gtest.h>

#include <array>

namespace privyseal::audit {
namespace {

// The reference tree of RFC 6962 implementations: the eight leaves and the roots of their prefixes as in
// google/certificate-transparency, merkletree/merkle_tree_test.cc.
Bytes bytes_0_to(std::byte first, std::size_t count) {
  Bytes bytes;
  for (std::size_t i = 0; i < count; ++i)
    bytes.push_back(static_cast<std::byte>(std::to_integer<std::size_t>(first) + i));
  return bytes;
}

const std::array<Bytes, 8> kLeaves{Bytes{},
                                   bytes_0_to(std::byte{0x00}, 1),
                                   bytes_0_to(std::byte{0x10}, 1),
                                   bytes_0_to(std::byte{0x20}, 2),
                                   bytes_0_to(std::byte{0x30}, 2),
                                   bytes_0_to(std::byte{0x40}, 4),
                                   bytes_0_to(std::byte{0x50}, 8),
                                   bytes_0_to(std::byte{0x60}, 16)};

constexpr std::array<std::string_view, 9> kRoots{
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"};

std::vector<Digest> leaves(std::size_t count) {
  std::vector<Digest> digests;
  for (std::size_t i = 0; i < count; ++i) {
    Bytes entry = i < kLeaves.size() ? kLeaves[i] : bytes_0_to(static_cast<std::byte>(i), i);
    digests.push_back(leaf_hash(entry));
  }
  return digests;
}

TEST(MerkleTree, HasTheRootsOfTheReferenceTree) {
  CompactRange range;
  EXPECT_EQ(to_hex(range.root()), kRoots[0]);
  for (std::size_t i = 0; i < kLeaves.size(); ++i) {
    range.append(leaf_hash(kLeaves[i]));
    EXPECT_EQ(to_hex(range.root()), kRoots[i + 1]);
  }
}

TEST(MerkleTree, GoesOnFromItsBytes) {
  const auto all = leaves(70);
  CompactRange range;
  for (const Digest& leaf : all) {
    auto again = CompactRange::parse(range.size(), range.bytes());
    ASSERT_TRUE(again.has_value());
    range = std::move(*again);
    range.append(leaf);
  }
  EXPECT_EQ(range.root(), root_of(all));
}

TEST(MerkleTree, RefusesBytesThatDoNotFitTheSize) {
  EXPECT_FALSE(CompactRange::parse(3, Bytes(32)).has_value());
  EXPECT_FALSE(CompactRange::parse(4, Bytes(64)).has_value());
  EXPECT_FALSE(CompactRange::parse(0, Bytes(1)).has_value());
  EXPECT_FALSE(CompactRange::parse(1, Bytes(31)).has_value());
}

TEST(InclusionProof, LeadsToTheRootFromEveryLeafOfEveryTree) {
  for (std::size_t size = 1; size <= 40; ++size) {
    const auto all = leaves(size);
    const Digest root = root_of(all);
    for (std::size_t index = 0; index < size; ++index)
      EXPECT_TRUE(is_included(all[index], index, size, inclusion_proof(all, index), root))
          << index << " of " << size;
  }
}

TEST(InclusionProof, FailsWhenAnythingInItIsAnother) {
  const auto all = leaves(13);
  const Digest root = root_of(all);
  auto proof = inclusion_proof(all, 5);
  EXPECT_FALSE(is_included(all[6], 5, 13, proof, root));
  EXPECT_FALSE(is_included(all[5], 6, 13, proof, root));
  EXPECT_FALSE(is_included(all[5], 13, 13, proof, root));
  EXPECT_FALSE(is_included(all[5], 5, 0, proof, root));
  EXPECT_FALSE(is_included(all[5], 5, 13, proof, all[0]));
  proof.push_back(all[0]);
  EXPECT_FALSE(is_included(all[5], 5, 13, proof, root));
  proof.resize(proof.size() - 2);
  EXPECT_FALSE(is_included(all[5], 5, 13, proof, root));
}

}  // namespace
}  // namespace privyseal::audit
