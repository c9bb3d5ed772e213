/// What is on the token: keys of ours, and what has their label and is not as it must be.
///
/// Threads: the session's.
#pragma once

#include <string>
#include <vector>

#include "hsm/keyd/key.h"
#include "hsm/pkcs11/session.h"

namespace privyseal::keyd {

/// A label and an id whose objects are no key pair that may be used.
struct Unfit {
  std::string label;
  Bytes id;
  std::string why;
  bool is_unreadable = false;  ///< perhaps a good one: the token failed to show it
};

struct Survey {
  std::vector<KeyRef> keys;
  std::vector<Unfit> unfit;
};

/// What is made of a key that the token fails to show: not an unfit one, but a reason to look at all again;
/// or, where that has not helped, an unfit one, so that the others are of use.
enum class WhenUnreadable { kFail, kUnfit };

/// Looks at every key object with a label of ours, and changes none.
[[nodiscard]] pkcs11::Outcome<Survey> survey_token(const pkcs11::Session& session, WhenUnreadable unreadable);

/// kInvalid: the private key's attributes are not as they must be, or the key is of no kind
/// that its role may have.
[[nodiscard]] Result<KeyRef> key_of_pair(const pkcs11::Session& session, const KeyLabel& label, Bytes id,
                                         const pkcs11::KeyPair& pair);

}  // namespace privyseal::keyd
