/// What keyd's checks of certificates and of CRLs have in common.
///
/// Pure and total. All leave OpenSSL's error queue as they found it, or empty.
#pragma once

#include <openssl/x509.h>

#include <chrono>
#include <optional>
#include <span>
#include <string>

#include "firmware/base/result.h"
#include "hsm/wire.h"

namespace privyseal::keyd {

/// Is it the algorithm that a key of this type signs with, in its one spelling?
[[nodiscard]] bool is_signature_algorithm_of(const X509_ALGOR* algorithm, hsm::KeyType type);

/// The time between the two; none unless both are in the one form that RFC 5280 sections 4.1.2.5 and
/// 5.1.2.4 allow for their year.
[[nodiscard]] std::optional<std::chrono::seconds> time_between(const ASN1_TIME* from, const ASN1_TIME* to);

/// How many content octets the INTEGER has in DER; none unless it is positive.
[[nodiscard]] std::optional<std::size_t> positive_octets(const ASN1_INTEGER* number);
[[nodiscard]] std::string hex_of(const ASN1_INTEGER* number);

/// Each extension once, its content DER; those that are `understood` in the one encoding of what they say.
/// kInvalid: not so, or a critical one that is not understood.
[[nodiscard]] Result<void> check_extensions(const STACK_OF(X509_EXTENSION) * extensions,
                                            std::span<const int> understood);

}  // namespace privyseal::keyd
