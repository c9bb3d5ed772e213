#include "hsm/provider/store.h"

#include <openssl/core_dispatch.h>
#include <openssl/core_names.h>
#include <openssl/core_object.h>
#include <openssl/params.h>
#include <openssl/store.h>

#include <array>
#include <utility>

#include "hsm/provider/context.h"
#include "hsm/provider/key_uri.h"
#include "hsm/provider/keymgmt.h"
#include "hsm/provider/params.h"

namespace privyseal::hsm::provider {
namespace {

/// One opened URI. It holds at most one object.
struct Loading {
  Context* context;
  KeyAddress address;
  bool is_at_end = false;
};

Loading& loading_in(void* loading) { return *static_cast<Loading*>(loading); }

void* open(void* provider, const char* uri) {
  auto address = parse_key_uri(uri);
  if (!address) {
    raise(address.error());
    return nullptr;
  }
  return new Loading{.context = static_cast<Context*>(provider), .address = std::move(*address)};
}

const OSSL_PARAM* settable_params(void*) {
  static constexpr std::array kSettable{
      OSSL_PARAM{OSSL_STORE_PARAM_EXPECT, OSSL_PARAM_INTEGER, nullptr, 0, OSSL_PARAM_UNMODIFIED},
      OSSL_PARAM{nullptr, 0, nullptr, 0, 0}};
  return kSettable.data();
}

/// Who wants a certificate or a CRL finds an empty store.
int set_params(void* raw, const OSSL_PARAM params[]) {
  const OSSL_PARAM* expect = OSSL_PARAM_locate_const(params, OSSL_STORE_PARAM_EXPECT);
  if (expect == nullptr) return 1;
  int type = 0;
  if (OSSL_PARAM_get_int(expect, &type) == 0) return 0;
  loading_in(raw).is_at_end = type != 0 && type != OSSL_STORE_INFO_PKEY && type != OSSL_STORE_INFO_PUBKEY;
  return 1;
}

int load(void* raw, OSSL_CALLBACK* receive, void* receiver, OSSL_PASSPHRASE_CALLBACK*, void*) {
  Loading& loading = loading_in(raw);
  loading.is_at_end = true;
  const auto key = find_key(*loading.context->keys, loading.address);
  if (!key) {
    raise(key.error());
    return 0;
  }
  Reference reference{.key = &*key};
  int type = OSSL_OBJECT_PKEY;
  const std::array params{
      OSSL_PARAM_construct_int(OSSL_OBJECT_PARAM_TYPE, &type),
      OSSL_PARAM_construct_utf8_string(OSSL_OBJECT_PARAM_DATA_TYPE,
                                       const_cast<char*>(names_of((*key)->kind->family).first), 0),
      OSSL_PARAM_construct_octet_string(OSSL_OBJECT_PARAM_REFERENCE, &reference, sizeof(reference)),
      OSSL_PARAM_construct_end()};
  return receive(params.data(), receiver);
}

int is_at_end(void* raw) { return loading_in(raw).is_at_end ? 1 : 0; }

int close(void* raw) {
  delete static_cast<Loading*>(raw);
  return 1;
}

}  // namespace

const OSSL_ALGORITHM* stores() {
  static const std::array functions{
      entry<OSSL_FUNC_store_open_fn>(OSSL_FUNC_STORE_OPEN, open),
      entry<OSSL_FUNC_store_settable_ctx_params_fn>(OSSL_FUNC_STORE_SETTABLE_CTX_PARAMS, settable_params),
      entry<OSSL_FUNC_store_set_ctx_params_fn>(OSSL_FUNC_STORE_SET_CTX_PARAMS, set_params),
      entry<OSSL_FUNC_store_load_fn>(OSSL_FUNC_STORE_LOAD, load),
      entry<OSSL_FUNC_store_eof_fn>(OSSL_FUNC_STORE_EOF, is_at_end),
      entry<OSSL_FUNC_store_close_fn>(OSSL_FUNC_STORE_CLOSE, close),
      OSSL_DISPATCH{0, nullptr}};
  static const std::array algorithms{
      OSSL_ALGORITHM{kStoreScheme, kProperties, functions.data(), "keys held by Privyseal"},
      OSSL_ALGORITHM{kPkcs11Scheme, kProperties, functions.data(), "keys held by Privyseal"},
      OSSL_ALGORITHM{nullptr, nullptr, nullptr, nullptr}};
  return algorithms.data();
}

}  // namespace privyseal::hsm::provider
