/// What mbed TLS makes of a chain that OpenSSL has accepted: the two share no code, so a
/// certificate that fools one of them should be seen by the other.
///
/// It is a second opinion, not the path validator: dates are left to the first, and critical
/// nameConstraints, which mbed TLS does not know, are enforced by OpenSSL alone.
///
/// Pure. Threads: any.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "ca/certificate.h"

namespace privyseal::ca {

/// Every difference between what `chain` (leaf first) says of itself by OpenSSL's reading and by
/// mbed TLS's, and why mbed TLS would not take it with `roots`; empty: it agrees. Sentences.
[[nodiscard]] std::vector<std::string> second_opinion(std::span<const Certificate> chain,
                                                      std::span<const Certificate> roots);

}  // namespace privyseal::ca
