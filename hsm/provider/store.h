/// STORE loader: a key by its URI (key_uri.h): "keyd://gateway", "pkcs11:object=gateway".
#pragma once

#include <openssl/core.h>

namespace privyseal::hsm::provider {

/// For OSSL_OP_STORE; ends with an empty entry.
[[nodiscard]] const OSSL_ALGORITHM* stores();

}  // namespace privyseal::hsm::provider
