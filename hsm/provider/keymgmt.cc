#include "hsm/provider/keymgmt.h"

#include <openssl/core_dispatch.h>
#include <openssl/core_names.h>
#include <openssl/params.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

#include "firmware/base/check.h"
#include "hsm/provider/context.h"
#include "hsm/provider/key.h"
#include "hsm/provider/signature.h"

namespace privyseal::hsm::provider {
namespace {

constexpr int kExportable = OSSL_KEYMGMT_SELECT_PUBLIC_KEY | OSSL_KEYMGMT_SELECT_ALL_PARAMETERS;

constexpr std::array kNames{
    KeyNames{KeyFamily::kEc, "EC:id-ecPublicKey:1.2.840.10045.2.1", "EC"},
    KeyNames{KeyFamily::kEd25519, "ED25519:1.3.101.112", "ED25519"},
    KeyNames{KeyFamily::kRsa, "RSA:rsaEncryption:1.2.840.113549.1.1.1", "RSA"},
};

/// Takes no key of another family than the key management is for.
template <KeyFamily kFamily>
void* load(const void* bytes, std::size_t size) {
  Reference reference{};
  if (size != sizeof(reference)) return nullptr;
  std::memcpy(&reference, bytes, sizeof(reference));
  if ((*reference.key)->kind->family != kFamily) return nullptr;
  return new SharedKey(*reference.key);
}

/// OpenSSL offers us foreign keys when it compares one with ours. A refusal by a function that does not exist
/// would stay on the error queue, where programs (nginx) take it for a fault of the next connection; so there
/// is an empty place for a key, into which nothing can be put.
void* new_key(void*) { return new SharedKey(); }

int import_key(void*, int, const OSSL_PARAM[]) { return 0; }

const OSSL_PARAM* import_types(int) {
  static constexpr OSSL_PARAM kNone{nullptr, 0, nullptr, 0, 0};
  return &kNone;
}

void free_key(void* keydata) { delete static_cast<SharedKey*>(keydata); }

int has(const void* keydata, int) {
  return keydata != nullptr && *static_cast<const SharedKey*>(keydata) != nullptr ? 1 : 0;
}

int match(const void* a, const void* b, int selection) {
  if ((selection & OSSL_KEYMGMT_SELECT_DOMAIN_PARAMETERS) != 0 && key_in(a).kind != key_in(b).kind) return 0;
  if ((selection & OSSL_KEYMGMT_SELECT_KEYPAIR) != 0 && key_in(a).public_part != key_in(b).public_part)
    return 0;
  return 1;
}

OSSL_PARAM text_param(const char* name, const char* value) {
  return OSSL_PARAM_construct_utf8_string(name, const_cast<char*>(value), 0);  // OpenSSL only reads it
}

OSSL_PARAM bytes_param(const char* name, ByteView value) {
  return OSSL_PARAM_construct_octet_string(name, const_cast<std::byte*>(value.data()), value.size());
}

/// OSSL_PARAM holds numbers in the machine's order, which is little-endian here.
static_assert(std::endian::native == std::endian::little);
Bytes reversed(ByteView big_endian) { return {big_endian.rbegin(), big_endian.rend()}; }

OSSL_PARAM number_param(const char* name, Bytes& little_endian) {
  return OSSL_PARAM_construct_BN(name, uchar(std::span(little_endian)), little_endian.size());
}

int export_key(void* keydata, int selection, OSSL_CALLBACK* receive, void* receiver) {
  // EVP tries to move a key to other providers, private part and all, before it uses it in place.
  if ((selection & ~kExportable) != 0) return 0;
  const Key& key = key_in(keydata);
  const bool is_public_wanted = (selection & OSSL_KEYMGMT_SELECT_PUBLIC_KEY) != 0;
  Bytes modulus;  // these two outlive the call below
  Bytes exponent{std::byte{1}, std::byte{0}, std::byte{1}};
  std::array<OSSL_PARAM, 3> params;
  params.fill(OSSL_PARAM_construct_end());
  std::size_t used = 0;
  if (key.kind->group != nullptr) params[used++] = text_param(OSSL_PKEY_PARAM_GROUP_NAME, key.kind->group);
  if (is_public_wanted && key.kind->family == KeyFamily::kRsa) {
    modulus = reversed(key.public_part);
    params[used++] = number_param(OSSL_PKEY_PARAM_RSA_N, modulus);
    params[used++] = number_param(OSSL_PKEY_PARAM_RSA_E, exponent);
  } else if (is_public_wanted) {
    params[used++] = bytes_param(OSSL_PKEY_PARAM_PUB_KEY, key.public_part);
  }
  return receive(params.data(), receiver);
}

constexpr OSSL_PARAM described(const char* name, unsigned type) {
  return {name, type, nullptr, 0, OSSL_PARAM_UNMODIFIED};
}

template <KeyFamily kFamily>
const OSSL_PARAM* export_types(int selection) {
  static constexpr std::array kEcTypes{described(OSSL_PKEY_PARAM_GROUP_NAME, OSSL_PARAM_UTF8_STRING),
                                       described(OSSL_PKEY_PARAM_PUB_KEY, OSSL_PARAM_OCTET_STRING),
                                       described(nullptr, 0)};
  static constexpr std::array kRsaTypes{described(OSSL_PKEY_PARAM_RSA_N, OSSL_PARAM_UNSIGNED_INTEGER),
                                        described(OSSL_PKEY_PARAM_RSA_E, OSSL_PARAM_UNSIGNED_INTEGER),
                                        described(nullptr, 0)};
  if ((selection & ~kExportable) != 0) return nullptr;
  if (kFamily == KeyFamily::kRsa) return kRsaTypes.data();
  return kFamily == KeyFamily::kEc ? kEcTypes.data() : kEcTypes.data() + 1;
}

bool answer_number(OSSL_PARAM params[], const char* name, int value) {
  OSSL_PARAM* param = OSSL_PARAM_locate(params, name);
  return param == nullptr || OSSL_PARAM_set_int(param, value) == 1;
}

bool answer_text(OSSL_PARAM params[], const char* name, const char* value) {
  OSSL_PARAM* param = OSSL_PARAM_locate(params, name);
  return param == nullptr || OSSL_PARAM_set_utf8_string(param, value) == 1;
}

bool answer_bytes(OSSL_PARAM params[], const char* name, ByteView value) {
  OSSL_PARAM* param = OSSL_PARAM_locate(params, name);
  return param == nullptr || OSSL_PARAM_set_octet_string(param, value.data(), value.size()) == 1;
}

/// A number that may be asked for in a buffer of any size: null for "how large must it be".
bool answer_modulus(OSSL_PARAM params[], ByteView big_endian) {
  OSSL_PARAM* param = OSSL_PARAM_locate(params, OSSL_PKEY_PARAM_RSA_N);
  if (param == nullptr) return true;
  param->return_size = big_endian.size();
  if (param->data == nullptr) return true;
  if (param->data_type != OSSL_PARAM_UNSIGNED_INTEGER || param->data_size < big_endian.size()) return false;
  auto* at = static_cast<std::byte*>(param->data);
  std::fill_n(std::ranges::reverse_copy(big_endian, at).out, param->data_size - big_endian.size(),
              std::byte{});
  param->return_size = param->data_size;
  return true;
}

bool answer_exponent(OSSL_PARAM params[]) {
  OSSL_PARAM* param = OSSL_PARAM_locate(params, OSSL_PKEY_PARAM_RSA_E);
  return param == nullptr || OSSL_PARAM_set_ulong(param, kRsaExponent) == 1;
}

bool answer_ec(const Key& key, OSSL_PARAM params[]) {
  return answer_text(params, OSSL_PKEY_PARAM_GROUP_NAME, key.kind->group) &&
         answer_text(params, OSSL_PKEY_PARAM_DEFAULT_DIGEST, key.kind->digest) &&
         answer_text(params, OSSL_PKEY_PARAM_EC_ENCODING, OSSL_PKEY_EC_ENCODING_GROUP) &&
         answer_text(params, OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT,
                     OSSL_PKEY_EC_POINT_CONVERSION_FORMAT_UNCOMPRESSED) &&
         answer_text(params, OSSL_PKEY_PARAM_EC_FIELD_TYPE, "prime-field") &&
         answer_bytes(params, OSSL_PKEY_PARAM_PUB_KEY, key.public_part) &&
         answer_bytes(params, OSSL_PKEY_PARAM_ENCODED_PUBLIC_KEY, key.public_part);
}

bool answer_ed25519(const Key& key, OSSL_PARAM params[]) {
  // No hash at all: callers are not to choose one.
  return answer_text(params, OSSL_PKEY_PARAM_MANDATORY_DIGEST, "") &&
         answer_bytes(params, OSSL_PKEY_PARAM_PUB_KEY, key.public_part) &&
         answer_bytes(params, OSSL_PKEY_PARAM_ENCODED_PUBLIC_KEY, key.public_part);
}

bool answer_rsa(const Key& key, OSSL_PARAM params[]) {
  return answer_text(params, OSSL_PKEY_PARAM_DEFAULT_DIGEST, key.kind->digest) &&
         answer_modulus(params, key.public_part) && answer_exponent(params);
}

int get_params(void* keydata, OSSL_PARAM params[]) {
  const Key& key = key_in(keydata);
  if (!answer_number(params, OSSL_PKEY_PARAM_BITS, key.kind->bits) ||
      !answer_number(params, OSSL_PKEY_PARAM_SECURITY_BITS, key.kind->security_bits) ||
      !answer_number(params, OSSL_PKEY_PARAM_MAX_SIZE, static_cast<int>(key.kind->max_signature_bytes)))
    return 0;
  switch (key.kind->family) {
    case KeyFamily::kEc:
      return answer_ec(key, params) ? 1 : 0;
    case KeyFamily::kEd25519:
      return answer_ed25519(key, params) ? 1 : 0;
    case KeyFamily::kRsa:
      return answer_rsa(key, params) ? 1 : 0;
  }
  return 0;
}

template <KeyFamily kFamily>
const OSSL_PARAM* gettable_params(void*) {
  static constexpr auto kBits = described(OSSL_PKEY_PARAM_BITS, OSSL_PARAM_INTEGER);
  static constexpr auto kSecurity = described(OSSL_PKEY_PARAM_SECURITY_BITS, OSSL_PARAM_INTEGER);
  static constexpr auto kSize = described(OSSL_PKEY_PARAM_MAX_SIZE, OSSL_PARAM_INTEGER);
  static constexpr auto kDigest = described(OSSL_PKEY_PARAM_DEFAULT_DIGEST, OSSL_PARAM_UTF8_STRING);
  static constexpr auto kPublic = described(OSSL_PKEY_PARAM_PUB_KEY, OSSL_PARAM_OCTET_STRING);
  static constexpr auto kEncoded = described(OSSL_PKEY_PARAM_ENCODED_PUBLIC_KEY, OSSL_PARAM_OCTET_STRING);
  static constexpr auto kEnd = described(nullptr, 0);
  static constexpr std::array kEc{
      kBits,
      kSecurity,
      kSize,
      kDigest,
      kPublic,
      kEncoded,
      described(OSSL_PKEY_PARAM_GROUP_NAME, OSSL_PARAM_UTF8_STRING),
      described(OSSL_PKEY_PARAM_EC_ENCODING, OSSL_PARAM_UTF8_STRING),
      described(OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT, OSSL_PARAM_UTF8_STRING),
      described(OSSL_PKEY_PARAM_EC_FIELD_TYPE, OSSL_PARAM_UTF8_STRING),
      kEnd};
  static constexpr std::array kEd25519{
      kBits,   kSecurity, kSize,
      kPublic, kEncoded,  described(OSSL_PKEY_PARAM_MANDATORY_DIGEST, OSSL_PARAM_UTF8_STRING),
      kEnd};
  static constexpr std::array kRsa{kBits,
                                   kSecurity,
                                   kSize,
                                   kDigest,
                                   described(OSSL_PKEY_PARAM_RSA_N, OSSL_PARAM_UNSIGNED_INTEGER),
                                   described(OSSL_PKEY_PARAM_RSA_E, OSSL_PARAM_UNSIGNED_INTEGER),
                                   kEnd};
  if (kFamily == KeyFamily::kRsa) return kRsa.data();
  return kFamily == KeyFamily::kEc ? kEc.data() : kEd25519.data();
}

/// A name of our own, so that EVP finds our signature at once and not the default
/// provider's, to which it would have to export the key.
const char* query_operation_name(int operation) {
  return operation == OSSL_OP_SIGNATURE ? kSignatureName : nullptr;
}

template <KeyFamily kFamily>
const OSSL_DISPATCH* functions_for() {
  static const std::array functions{
      entry<OSSL_FUNC_keymgmt_load_fn>(OSSL_FUNC_KEYMGMT_LOAD, load<kFamily>),
      entry<OSSL_FUNC_keymgmt_free_fn>(OSSL_FUNC_KEYMGMT_FREE, free_key),
      entry<OSSL_FUNC_keymgmt_new_fn>(OSSL_FUNC_KEYMGMT_NEW, new_key),
      entry<OSSL_FUNC_keymgmt_import_fn>(OSSL_FUNC_KEYMGMT_IMPORT, import_key),
      entry<OSSL_FUNC_keymgmt_import_types_fn>(OSSL_FUNC_KEYMGMT_IMPORT_TYPES, import_types),
      entry<OSSL_FUNC_keymgmt_has_fn>(OSSL_FUNC_KEYMGMT_HAS, has),
      entry<OSSL_FUNC_keymgmt_match_fn>(OSSL_FUNC_KEYMGMT_MATCH, match),
      entry<OSSL_FUNC_keymgmt_export_fn>(OSSL_FUNC_KEYMGMT_EXPORT, export_key),
      entry<OSSL_FUNC_keymgmt_export_types_fn>(OSSL_FUNC_KEYMGMT_EXPORT_TYPES, export_types<kFamily>),
      entry<OSSL_FUNC_keymgmt_get_params_fn>(OSSL_FUNC_KEYMGMT_GET_PARAMS, get_params),
      entry<OSSL_FUNC_keymgmt_gettable_params_fn>(OSSL_FUNC_KEYMGMT_GETTABLE_PARAMS,
                                                  gettable_params<kFamily>),
      entry<OSSL_FUNC_keymgmt_query_operation_name_fn>(OSSL_FUNC_KEYMGMT_QUERY_OPERATION_NAME,
                                                       query_operation_name),
      OSSL_DISPATCH{0, nullptr}};
  return functions.data();
}

template <KeyFamily kFamily>
OSSL_ALGORITHM manager_for(const char* description) {
  return {names_of(kFamily).all, kProperties, functions_for<kFamily>(), description};
}

}  // namespace

const KeyNames& names_of(KeyFamily family) {
  const auto* row = std::ranges::find(kNames, family, &KeyNames::family);
  CHECK(row != kNames.end());
  return *row;
}

const OSSL_ALGORITHM* key_managers() {
  static const std::array algorithms{manager_for<KeyFamily::kEc>("EC keys held by Privyseal"),
                                     manager_for<KeyFamily::kEd25519>("Ed25519 keys held by Privyseal"),
                                     manager_for<KeyFamily::kRsa>("RSA keys held by Privyseal"),
                                     OSSL_ALGORITHM{nullptr, nullptr, nullptr, nullptr}};
  return algorithms.data();
}

}  // namespace privyseal::hsm::provider
