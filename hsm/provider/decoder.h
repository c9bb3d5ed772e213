/// DECODER: a PEM file with the name of a key in it (key_uri.h) is read as that key.
///
/// Programs that know nothing of OSSL_STORE (nginx before 1.29, Postfix) read their key with
/// PEM_read_bio_PrivateKey: such a file, or such a text, leads them here. It holds no key.
#pragma once

#include <openssl/core.h>

namespace privyseal::hsm::provider {

/// For OSSL_OP_DECODER; ends with an empty entry.
[[nodiscard]] const OSSL_ALGORITHM* decoders();

}  // namespace privyseal::hsm::provider
