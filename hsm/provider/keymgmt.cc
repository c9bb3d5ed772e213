#include "hsm/provider/keymgmt.h"

#include <openssl/core_dispatch.h>
#include <openssl/core_names.h>
#include <openssl/params.h>

#include <array>
#include <cstring>

#include "hsm/provider/context.h"
#include "hsm/provider/key.h"
#include "hsm/provider/signature.h"

namespace privyseal::hsm::provider {
namespace {

constexpr int kExportable = OSSL_KEYMGMT_SELECT_PUBLIC_KEY | OSSL_KEYMGMT_SELECT_ALL_PARAMETERS;

const Key& key_in(const void* keydata) { return **static_cast<const SharedKey*>(keydata); }

void* load(const void* bytes, std::size_t size) {
  Reference reference{};
  if (size != sizeof(reference)) return nullptr;
  std::memcpy(&reference, bytes, sizeof(reference));
  return new SharedKey(*reference.key);
}

void free_key(void* keydata) { delete static_cast<SharedKey*>(keydata); }

int has(const void* keydata, int) { return keydata != nullptr ? 1 : 0; }

int match(const void* a, const void* b, int selection) {
  if ((selection & OSSL_KEYMGMT_SELECT_DOMAIN_PARAMETERS) != 0 && key_in(a).curve != key_in(b).curve)
    return 0;
  if ((selection & OSSL_KEYMGMT_SELECT_KEYPAIR) != 0 && key_in(a).point != key_in(b).point) return 0;
  return 1;
}

OSSL_PARAM text_param(const char* name, const char* value) {
  return OSSL_PARAM_construct_utf8_string(name, const_cast<char*>(value), 0);  // OpenSSL only reads it
}

OSSL_PARAM bytes_param(const char* name, ByteView value) {
  return OSSL_PARAM_construct_octet_string(name, const_cast<std::byte*>(value.data()), value.size());
}

int export_key(void* keydata, int selection, OSSL_CALLBACK* receive, void* receiver) {
  // EVP tries to move a key to other providers, private part and all, before it uses it in place.
  if ((selection & ~kExportable) != 0) return 0;
  const Key& key = key_in(keydata);
  std::array<OSSL_PARAM, 3> params{text_param(OSSL_PKEY_PARAM_GROUP_NAME, key.curve->group), OSSL_PARAM_END,
                                   OSSL_PARAM_END};
  if ((selection & OSSL_KEYMGMT_SELECT_PUBLIC_KEY) != 0)
    params[1] = bytes_param(OSSL_PKEY_PARAM_PUB_KEY, key.point);
  return receive(params.data(), receiver);
}

const OSSL_PARAM* export_types(int selection) {
  static constexpr std::array kTypes{
      OSSL_PARAM{OSSL_PKEY_PARAM_GROUP_NAME, OSSL_PARAM_UTF8_STRING, nullptr, 0, OSSL_PARAM_UNMODIFIED},
      OSSL_PARAM{OSSL_PKEY_PARAM_PUB_KEY, OSSL_PARAM_OCTET_STRING, nullptr, 0, OSSL_PARAM_UNMODIFIED},
      OSSL_PARAM{nullptr, 0, nullptr, 0, 0}};
  return (selection & ~kExportable) == 0 ? kTypes.data() : nullptr;
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

int get_params(void* keydata, OSSL_PARAM params[]) {
  const Key& key = key_in(keydata);
  const Curve& curve = *key.curve;
  const bool is_done =
      answer_number(params, OSSL_PKEY_PARAM_BITS, curve.bits) &&
      answer_number(params, OSSL_PKEY_PARAM_SECURITY_BITS, curve.security_bits) &&
      answer_number(params, OSSL_PKEY_PARAM_MAX_SIZE, static_cast<int>(curve.max_signature_bytes)) &&
      answer_text(params, OSSL_PKEY_PARAM_GROUP_NAME, curve.group) &&
      answer_text(params, OSSL_PKEY_PARAM_DEFAULT_DIGEST, curve.digest) &&
      answer_text(params, OSSL_PKEY_PARAM_EC_ENCODING, OSSL_PKEY_EC_ENCODING_GROUP) &&
      answer_text(params, OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT,
                  OSSL_PKEY_EC_POINT_CONVERSION_FORMAT_UNCOMPRESSED) &&
      answer_text(params, OSSL_PKEY_PARAM_EC_FIELD_TYPE, "prime-field") &&
      answer_bytes(params, OSSL_PKEY_PARAM_PUB_KEY, key.point) &&
      answer_bytes(params, OSSL_PKEY_PARAM_ENCODED_PUBLIC_KEY, key.point);
  return is_done ? 1 : 0;
}

constexpr OSSL_PARAM gettable(const char* name, unsigned type) {
  return {name, type, nullptr, 0, OSSL_PARAM_UNMODIFIED};
}

const OSSL_PARAM* gettable_params(void*) {
  static constexpr std::array kGettable{
      gettable(OSSL_PKEY_PARAM_BITS, OSSL_PARAM_INTEGER),
      gettable(OSSL_PKEY_PARAM_SECURITY_BITS, OSSL_PARAM_INTEGER),
      gettable(OSSL_PKEY_PARAM_MAX_SIZE, OSSL_PARAM_INTEGER),
      gettable(OSSL_PKEY_PARAM_GROUP_NAME, OSSL_PARAM_UTF8_STRING),
      gettable(OSSL_PKEY_PARAM_DEFAULT_DIGEST, OSSL_PARAM_UTF8_STRING),
      gettable(OSSL_PKEY_PARAM_EC_ENCODING, OSSL_PARAM_UTF8_STRING),
      gettable(OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT, OSSL_PARAM_UTF8_STRING),
      gettable(OSSL_PKEY_PARAM_EC_FIELD_TYPE, OSSL_PARAM_UTF8_STRING),
      gettable(OSSL_PKEY_PARAM_PUB_KEY, OSSL_PARAM_OCTET_STRING),
      gettable(OSSL_PKEY_PARAM_ENCODED_PUBLIC_KEY, OSSL_PARAM_OCTET_STRING),
      gettable(nullptr, 0)};
  return kGettable.data();
}

/// A name of our own, so that EVP finds our signature at once and not the default
/// provider's ECDSA, to which it would have to export the key.
const char* query_operation_name(int operation) {
  return operation == OSSL_OP_SIGNATURE ? kSignatureName : nullptr;
}

}  // namespace

const OSSL_ALGORITHM* key_managers() {
  static const std::array functions{
      entry<OSSL_FUNC_keymgmt_load_fn>(OSSL_FUNC_KEYMGMT_LOAD, load),
      entry<OSSL_FUNC_keymgmt_free_fn>(OSSL_FUNC_KEYMGMT_FREE, free_key),
      entry<OSSL_FUNC_keymgmt_has_fn>(OSSL_FUNC_KEYMGMT_HAS, has),
      entry<OSSL_FUNC_keymgmt_match_fn>(OSSL_FUNC_KEYMGMT_MATCH, match),
      entry<OSSL_FUNC_keymgmt_export_fn>(OSSL_FUNC_KEYMGMT_EXPORT, export_key),
      entry<OSSL_FUNC_keymgmt_export_types_fn>(OSSL_FUNC_KEYMGMT_EXPORT_TYPES, export_types),
      entry<OSSL_FUNC_keymgmt_get_params_fn>(OSSL_FUNC_KEYMGMT_GET_PARAMS, get_params),
      entry<OSSL_FUNC_keymgmt_gettable_params_fn>(OSSL_FUNC_KEYMGMT_GETTABLE_PARAMS, gettable_params),
      entry<OSSL_FUNC_keymgmt_query_operation_name_fn>(OSSL_FUNC_KEYMGMT_QUERY_OPERATION_NAME,
                                                       query_operation_name),
      OSSL_DISPATCH{0, nullptr}};
  static const std::array algorithms{
      OSSL_ALGORITHM{kEcNames, "provider=privyseal", functions.data(), "EC keys that keyd holds"},
      OSSL_ALGORITHM{nullptr, nullptr, nullptr, nullptr}};
  return algorithms.data();
}

}  // namespace privyseal::hsm::provider
