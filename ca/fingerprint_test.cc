#include "ca/fingerprint.h"

#include <gtest/gtest.h>

namespace privyseal::ca {
namespace {

TEST(KeyFingerprint, IsSha256) {  // FIPS 180-2 appendix B.1
  EXPECT_EQ(key_fingerprint(bytes_of("abc")),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(InGroups, FourCapitalsEach) {
  EXPECT_EQ(in_groups("ba7816bf8f01cfea"), "BA78 16BF 8F01 CFEA");
  EXPECT_EQ(in_groups("ba781"), "BA78 1");
  EXPECT_EQ(in_groups(""), "");
}

}  // namespace
}  // namespace privyseal::ca
