/// What a key of ours looks like on the token: used to make it, and to check it afterwards.
///
/// A key can sign, and nothing else, and can never be read, copied, wrapped or
/// given a further use (THREATS.md: PKCS#11 API attacks).
#pragma once

#include "firmware/base/bytes.h"
#include "firmware/base/result.h"
#include "hsm/keyd/key_label.h"
#include "hsm/pkcs11/attributes.h"
#include "hsm/pkcs11/session.h"

namespace privyseal::keyd {

struct KeyTemplates {
  pkcs11::Attributes public_key;
  pkcs11::Attributes private_key;
};

[[nodiscard]] KeyTemplates templates_for(const KeyLabel& label, hsm::KeyType type, ByteView id,
                                         const pkcs11::Quirks& quirks);

/// Reads the private key's attributes back, those that the module has (Quirks::lacking_attributes).
/// kInvalid: one is not as it must be; the message names it.
[[nodiscard]] Result<void> check_private_key(const pkcs11::Session& session, pkcs11::ObjectHandle key);

}  // namespace privyseal::keyd
