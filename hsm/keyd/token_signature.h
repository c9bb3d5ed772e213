/// A signature scheme in the words of PKCS#11: what the token is asked, and what its answer is worth.
///
/// Pure.
#pragma once

#include <p11-kit/pkcs11.h>

#include <span>

#include "hsm/keyd/scheme.h"
#include "hsm/pkcs11/quirks.h"

namespace privyseal::keyd {

struct TokenCall {
  CK_MECHANISM_TYPE mechanism;
  Bytes parameter;  ///< the bytes of the mechanism's parameter struct; empty: it has none
  Bytes input;
};

[[nodiscard]] TokenCall token_call_for(Scheme scheme, ByteView message, const pkcs11::Quirks& quirks);

/// What the token answered as TLS and X.509 want it. kInvalid: it cannot be a signature of this type of key.
[[nodiscard]] Result<Bytes> signature_from_token(hsm::KeyType type, ByteView raw);

/// What a token must list to make a key of this type.
[[nodiscard]] CK_MECHANISM_TYPE generation_mechanism(hsm::KeyType type);

/// A mechanism that a key of this type cannot do without, in words for people.
struct NeededMechanism {
  CK_MECHANISM_TYPE mechanism;
  const char* name;
};
[[nodiscard]] std::span<const NeededMechanism> needed_mechanisms(hsm::KeyType type);

}  // namespace privyseal::keyd
