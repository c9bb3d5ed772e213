/// KEYMGMT "EC" for keyd's keys: looked at, compared, its public part exported. Nothing else.
///
/// There is no import, no generation and no private export: other peoples' keys stay in
/// the default provider, and ours in keyd.
#pragma once

#include <openssl/core.h>

#include "hsm/provider/key.h"

namespace privyseal::hsm::provider {

inline constexpr char kEcNames[] = "EC:id-ecPublicKey:1.2.840.10045.2.1";  // the default provider's
inline constexpr char kEcName[] = "EC";

/// What the store hands to the key management, through OpenSSL, by its bytes.
struct Reference {
  const SharedKey* key;  ///< copied by whoever gets it, before the call returns
};

/// For OSSL_OP_KEYMGMT; ends with an empty entry.
[[nodiscard]] const OSSL_ALGORITHM* key_managers();

}  // namespace privyseal::hsm::provider
