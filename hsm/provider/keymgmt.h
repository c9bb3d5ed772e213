/// KEYMGMT for the keys behind the provider ("EC", "ED25519", "RSA"): looked at, compared, their public part
/// exported. Nothing else.
///
/// Nothing can be imported or generated, and there is no private export: other peoples' keys stay in
/// the default provider, and ours where they are.
#pragma once

#include <openssl/core.h>

#include "hsm/provider/key.h"

namespace privyseal::hsm::provider {

/// As the default provider names them; the first is OpenSSL's name of the key type.
struct KeyNames {
  KeyFamily family;
  const char* all;
  const char* first;
};
[[nodiscard]] const KeyNames& names_of(KeyFamily family);

/// What the store hands to the key management, through OpenSSL, by its bytes.
struct Reference {
  const SharedKey* key;  ///< copied by whoever gets it, before the call returns
};

[[nodiscard]] inline const Key& key_in(const void* keydata) {
  return **static_cast<const SharedKey*>(keydata);
}

/// For OSSL_OP_KEYMGMT; ends with an empty entry.
[[nodiscard]] const OSSL_ALGORITHM* key_managers();

}  // namespace privyseal::hsm::provider
