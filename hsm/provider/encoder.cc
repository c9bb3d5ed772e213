#include "hsm/provider/encoder.h"

#include <openssl/core_dispatch.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <format>
#include <string>

#include "hsm/provider/context.h"
#include "hsm/provider/keymgmt.h"

namespace privyseal::hsm::provider {
namespace {

std::string der(const Key& key) { return std::string(text_of(key.public_key_info())); }

/// RFC 7468 section 13: lines of 64 characters.
std::string pem(const Key& key) {
  constexpr std::size_t kLineCharacters = 64;
  const Bytes info = key.public_key_info();
  std::string base64((info.size() + 2) / 3 * 4 + 1, '\0');  // and the zero that OpenSSL writes behind
  const int length = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(base64.data()), uchar(ByteView(info)),
                                     static_cast<int>(info.size()));
  base64.resize(static_cast<std::size_t>(length));
  std::string text = "-----BEGIN PUBLIC KEY-----\n";
  for (std::size_t at = 0; at < base64.size(); at += kLineCharacters)
    text += base64.substr(at, kLineCharacters) + "\n";
  return text + "-----END PUBLIC KEY-----\n";
}

std::string hex_lines(ByteView bytes) {
  constexpr std::size_t kLineBytes = 15;
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (i % kLineBytes == 0) text += "    ";
    text += std::format("{:02x}", std::to_integer<unsigned>(bytes[i]));
    if (i + 1 < bytes.size()) text += ":";
    if (i % kLineBytes == kLineBytes - 1 || i + 1 == bytes.size()) text += "\n";
  }
  return text;
}

/// In the words of `openssl pkey -text_pub`, and who holds the private part.
std::string words(const Key& key) {
  const std::string held = "Private key: held by Privyseal as " + key.name + "\n";
  switch (key.kind->family) {
    case KeyFamily::kEc:
      return std::format("Public-Key: ({} bit)\npub:\n{}ASN1 OID: {}\n", key.kind->bits,
                         hex_lines(key.public_part), key.kind->group) +
             held;
    case KeyFamily::kEd25519:
      return "ED25519 Public-Key:\npub:\n" + hex_lines(key.public_part) + held;
    case KeyFamily::kRsa:
      return std::format("Public-Key: ({} bit)\nModulus:\n{}Exponent: {} (0x{:x})\n", key.kind->bits,
                         hex_lines(key.public_part), kRsaExponent, kRsaExponent) +
             held;
  }
  return held;
}

void* new_context(void* provider) { return provider; }  // encoding has no state
void free_context(void*) {}

int does_selection(void*, int selection) {
  return (selection & OSSL_KEYMGMT_SELECT_PRIVATE_KEY) == 0 &&
                 (selection & OSSL_KEYMGMT_SELECT_PUBLIC_KEY) != 0
             ? 1
             : 0;
}

using Text = std::string(const Key&);

template <Text kText>
int encode(void* raw, OSSL_CORE_BIO* out, const void* keydata, const OSSL_PARAM abstract[], int selection,
           OSSL_PASSPHRASE_CALLBACK*, void*) {
  const auto* context = static_cast<const Context*>(raw);
  if (keydata == nullptr || abstract != nullptr || does_selection(raw, selection) == 0 ||
      context->write == nullptr)
    return 0;
  const std::string text = kText(key_in(keydata));
  std::size_t written = 0;
  return context->write(out, text.data(), text.size(), &written) == 1 && written == text.size() ? 1 : 0;
}

template <Text kText>
OSSL_ALGORITHM encoder_for(KeyFamily family, const char* properties) {
  static const std::array functions{
      entry<OSSL_FUNC_encoder_newctx_fn>(OSSL_FUNC_ENCODER_NEWCTX, new_context),
      entry<OSSL_FUNC_encoder_freectx_fn>(OSSL_FUNC_ENCODER_FREECTX, free_context),
      entry<OSSL_FUNC_encoder_does_selection_fn>(OSSL_FUNC_ENCODER_DOES_SELECTION, does_selection),
      entry<OSSL_FUNC_encoder_encode_fn>(OSSL_FUNC_ENCODER_ENCODE, encode<kText>), OSSL_DISPATCH{0, nullptr}};
  return {names_of(family).all, properties, functions.data(), "public keys held by Privyseal"};
}

// Macros only because a property query is one literal with the provider's name in it.
#define PRIVYSEAL_OUTPUT(format) "provider=" PRIVYSEAL_PROVIDER_NAME ",output=" format
#define PRIVYSEAL_KEY_INFO(format) PRIVYSEAL_OUTPUT(format) ",structure=SubjectPublicKeyInfo"

}  // namespace

const OSSL_ALGORITHM* encoders() {
  static const std::array algorithms = [] {
    std::array<OSSL_ALGORITHM, 10> all{};
    std::size_t used = 0;
    for (const KeyFamily family : {KeyFamily::kEc, KeyFamily::kEd25519, KeyFamily::kRsa}) {
      all[used++] = encoder_for<der>(family, PRIVYSEAL_KEY_INFO("der"));
      all[used++] = encoder_for<pem>(family, PRIVYSEAL_KEY_INFO("pem"));
      all[used++] = encoder_for<words>(family, PRIVYSEAL_OUTPUT("text"));
    }
    return all;  // the last one stays empty
  }();
  return algorithms.data();
}

}  // namespace privyseal::hsm::provider
