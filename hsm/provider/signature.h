/// SIGNATURE: whole messages go to whoever holds the key, who decides whether they may be signed.
///
/// There is no way to sign a digest: `sign_init` does not exist, so EVP_PKEY_sign fails.
#pragma once

#include <openssl/core.h>

namespace privyseal::hsm::provider {

/// Only keys of this provider know the algorithm by this name (`query_operation_name`).
inline constexpr char kSignatureName[] = "PRIVYSEAL-SIGNATURE";

/// For OSSL_OP_SIGNATURE; ends with an empty entry.
[[nodiscard]] const OSSL_ALGORITHM* signatures();

}  // namespace privyseal::hsm::provider
