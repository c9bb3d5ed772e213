/// The public half of a pair, read from the token.
///
/// Threads: the session's.
#pragma once

#include "hsm/keyd/public_key.h"
#include "hsm/pkcs11/session.h"

namespace privyseal::keyd {

/// kInvalid: a key of no kind of ours, or a badly made one (rsa_modulus.h). Else the token's errors.
[[nodiscard]] Result<PublicKey> read_public_key(const pkcs11::Session& session,
                                                pkcs11::ObjectHandle public_key);

}  // namespace privyseal::keyd
