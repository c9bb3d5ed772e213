/// What is on the token: whole keys of ours, and halves of pairs.
///
/// Threads: the session's.
#pragma once

#include <string>
#include <vector>

#include "hsm/keyd/key.h"
#include "hsm/pkcs11/session.h"

namespace privyseal::keyd {

/// A public key without its private key, or the reverse.
struct Half {
  std::string label;
  Bytes id;
  pkcs11::ObjectHandle object;
};

struct Survey {
  std::vector<KeyRef> keys;
  std::vector<Half> halves;
};

/// Looks at every key object with a label of ours. A whole pair that is not as it must be is
/// logged and left out, never destroyed: somebody may want to know how it came there.
[[nodiscard]] Result<Survey> survey_token(const pkcs11::Session& session);

/// kInvalid: the private key's attributes are not as they must be, or the curve is none of ours.
[[nodiscard]] Result<KeyRef> key_of_pair(const pkcs11::Session& session, const KeyLabel& label, Bytes id,
                                         const pkcs11::KeyPair& pair);

}  // namespace privyseal::keyd
