#include "hsm/keyd/key_attributes.h"

#include <array>

#include "firmware/base/check.h"
#include "hsm/key_kind.h"
#include "hsm/pkcs11/mechanism.h"

namespace privyseal::keyd {
namespace {

struct Flag {
  CK_ATTRIBUTE_TYPE type;
  std::string_view name;
  bool wanted;
};

constexpr std::array kPrivateFlags{
    Flag{CKA_TOKEN, "CKA_TOKEN", true},         Flag{CKA_PRIVATE, "CKA_PRIVATE", true},
    Flag{CKA_SENSITIVE, "CKA_SENSITIVE", true}, Flag{CKA_EXTRACTABLE, "CKA_EXTRACTABLE", false},
    Flag{CKA_SIGN, "CKA_SIGN", true},           Flag{CKA_SIGN_RECOVER, "CKA_SIGN_RECOVER", false},
    Flag{CKA_DECRYPT, "CKA_DECRYPT", false},    Flag{CKA_DERIVE, "CKA_DERIVE", false},
    Flag{CKA_UNWRAP, "CKA_UNWRAP", false},      Flag{CKA_MODIFIABLE, "CKA_MODIFIABLE", false},
    Flag{CKA_COPYABLE, "CKA_COPYABLE", false},
};

// The token says these of its own accord: the key was made inside it and was never otherwise.
constexpr std::array kHistoryFlags{
    Flag{CKA_LOCAL, "CKA_LOCAL", true},
    Flag{CKA_ALWAYS_SENSITIVE, "CKA_ALWAYS_SENSITIVE", true},
    Flag{CKA_NEVER_EXTRACTABLE, "CKA_NEVER_EXTRACTABLE", true},
};

constexpr std::array kPublicFlags{
    Flag{CKA_TOKEN, "CKA_TOKEN", true},
    Flag{CKA_PRIVATE, "CKA_PRIVATE", false},
    Flag{CKA_VERIFY, "CKA_VERIFY", true},
    Flag{CKA_ENCRYPT, "CKA_ENCRYPT", false},
    Flag{CKA_WRAP, "CKA_WRAP", false},
    Flag{CKA_DERIVE, "CKA_DERIVE", false},
    Flag{CKA_MODIFIABLE, "CKA_MODIFIABLE", false},
    Flag{CKA_COPYABLE, "CKA_COPYABLE", false},
};

Result<void> check_flags(const pkcs11::Session& session, pkcs11::ObjectHandle key,
                         std::span<const Flag> flags) {
  for (const Flag& flag : flags) {
    if (session.quirks().lacks(flag.type)) continue;
    const auto value = session.flag(key, flag.type);
    if (!value) return fail(flag.name, value.error());
    if (*value != flag.wanted)
      return fail(ErrorCode::kInvalid,
                  std::string(flag.name) + " is not " + (flag.wanted ? "true" : "false"));
  }
  return {};
}

CK_KEY_TYPE token_key_type(hsm::KeyType type) {
  switch (hsm::kind_of(type).family) {
    case hsm::KeyFamily::kEc:
      return CKK_EC;
    case hsm::KeyFamily::kEd25519:
      return CKK_EC_EDWARDS;
    case hsm::KeyFamily::kRsa:
      return CKK_RSA;
  }
  CHECK(false);
}

void describe_kind(hsm::KeyType type, pkcs11::Attributes& public_key) {
  constexpr std::array kExponent{std::byte{1}, std::byte{0}, std::byte{1}};
  switch (type) {
    case hsm::KeyType::kEcP256:
      public_key.bytes(CKA_EC_PARAMS, pkcs11::ec_params(pkcs11::Curve::kP256));
      break;
    case hsm::KeyType::kEcP384:
      public_key.bytes(CKA_EC_PARAMS, pkcs11::ec_params(pkcs11::Curve::kP384));
      break;
    case hsm::KeyType::kEd25519:
      public_key.bytes(CKA_EC_PARAMS, pkcs11::ec_params(pkcs11::Curve::kEd25519));
      break;
    case hsm::KeyType::kRsa2048:
    case hsm::KeyType::kRsa3072:
    case hsm::KeyType::kRsa4096:
      public_key.number(CKA_MODULUS_BITS, hsm::kind_of(type).bits).bytes(CKA_PUBLIC_EXPONENT, kExponent);
      break;
  }
}

}  // namespace

KeyTemplates templates_for(const KeyLabel& label, hsm::KeyType type, ByteView id,
                           const pkcs11::Quirks& quirks) {
  KeyTemplates templates;
  describe_kind(type, templates.public_key);
  for (auto* half : {&templates.public_key, &templates.private_key})
    half->number(CKA_KEY_TYPE, token_key_type(type)).text(CKA_LABEL, to_text(label)).bytes(CKA_ID, id);
  templates.public_key.number(CKA_CLASS, CKO_PUBLIC_KEY);
  templates.private_key.number(CKA_CLASS, CKO_PRIVATE_KEY);
  for (const Flag& flag : kPublicFlags)
    if (!quirks.lacks(flag.type)) templates.public_key.flag(flag.type, flag.wanted);
  for (const Flag& flag : kPrivateFlags)
    if (!quirks.lacks(flag.type)) templates.private_key.flag(flag.type, flag.wanted);
  return templates;
}

Result<void> check_private_key(const pkcs11::Session& session, pkcs11::ObjectHandle key) {
  if (auto held = check_flags(session, key, kPrivateFlags); !held) return held;
  return check_flags(session, key, kHistoryFlags);
}

}  // namespace privyseal::keyd
