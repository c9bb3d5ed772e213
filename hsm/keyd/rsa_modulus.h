/// What the public part of an RSA key tells about how it was made.
///
/// Tokens have made RSA keys that could be factored from their public part alone: the primes of
/// CVE-2017-15361
/// ("ROCA") come from a small set and leave a fingerprint in the modulus; primes next to each other are found
/// by Fermat's method in a few steps; a broken search leaves a small factor.
///
/// Pure and total.
#pragma once

#include "firmware/base/bytes.h"
#include "firmware/base/result.h"

namespace privyseal::keyd {

/// Numbers are big-endian; zeros in front do not count.
/// kInvalid, in words: the modulus has not exactly `bits` bits, the exponent is not 65537, or the key shows
/// one of the faults above.
[[nodiscard]] Result<void> check_rsa_modulus(unsigned bits, ByteView modulus, ByteView exponent);

}  // namespace privyseal::keyd
