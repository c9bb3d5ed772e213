/// OpenSSL's way in: what the provider is called, what it offers, how it starts and ends.
#include <openssl/core.h>
#include <openssl/core_dispatch.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/params.h>

#include <array>
#include <memory>
#include <string>
#include <utility>

#include "hsm/provider/context.h"
#include "hsm/provider/decoder.h"
#include "hsm/provider/encoder.h"
#include "hsm/provider/keymgmt.h"
#include "hsm/provider/params.h"
#include "hsm/provider/signature.h"
#include "hsm/provider/store.h"

namespace privyseal::hsm::provider {

void raise(const Error& error) {
  const std::string code(to_string(error.code));
  ERR_raise_data(ERR_LIB_PROV, ERR_R_OPERATION_FAIL, "%s (%s)", error.message.c_str(), code.c_str());
}

namespace {

void teardown(void* context) { delete static_cast<Context*>(context); }

const OSSL_ALGORITHM* query_operation(void*, int operation, int* no_cache) {
  *no_cache = 0;
  switch (operation) {
    case OSSL_OP_KEYMGMT:
      return key_managers();
    case OSSL_OP_SIGNATURE:
      return signatures();
    case OSSL_OP_DECODER:
      return decoders();
    case OSSL_OP_ENCODER:
      return encoders();
    case OSSL_OP_STORE:
      return stores();
    default:
      return nullptr;
  }
}

const OSSL_PARAM* gettable_params(void*) {
  static constexpr std::array kGettable{
      OSSL_PARAM{OSSL_PROV_PARAM_NAME, OSSL_PARAM_UTF8_PTR, nullptr, 0, OSSL_PARAM_UNMODIFIED},
      OSSL_PARAM{OSSL_PROV_PARAM_VERSION, OSSL_PARAM_UTF8_PTR, nullptr, 0, OSSL_PARAM_UNMODIFIED},
      OSSL_PARAM{OSSL_PROV_PARAM_STATUS, OSSL_PARAM_INTEGER, nullptr, 0, OSSL_PARAM_UNMODIFIED},
      OSSL_PARAM{kReadyParam, OSSL_PARAM_INTEGER, nullptr, 0, OSSL_PARAM_UNMODIFIED},
      OSSL_PARAM{kOpenQuestionsParam, OSSL_PARAM_INTEGER, nullptr, 0, OSSL_PARAM_UNMODIFIED},
      OSSL_PARAM{nullptr, 0, nullptr, 0, 0}};
  return kGettable.data();
}

bool answer_text(OSSL_PARAM params[], const char* name, const char* value) {
  OSSL_PARAM* param = OSSL_PARAM_locate(params, name);
  return param == nullptr || OSSL_PARAM_set_utf8_ptr(param, value) == 1;
}

int get_params(void* raw, OSSL_PARAM params[]) {
  if (!answer_text(params, OSSL_PROV_PARAM_NAME, "Privyseal: keys held elsewhere") ||
      !answer_text(params, OSSL_PROV_PARAM_VERSION, PRIVYSEAL_VERSION))
    return 0;
  OSSL_PARAM* status = OSSL_PARAM_locate(params, OSSL_PROV_PARAM_STATUS);
  if (status != nullptr && OSSL_PARAM_set_int(status, 1) == 0) return 0;
  Keys& keys = *static_cast<Context*>(raw)->keys;
  OSSL_PARAM* open = OSSL_PARAM_locate(params, kOpenQuestionsParam);
  if (open != nullptr && OSSL_PARAM_set_size_t(open, keys.open_questions()) == 0) return 0;
  OSSL_PARAM* ready = OSSL_PARAM_locate(params, kReadyParam);
  if (ready == nullptr) return 1;
  return OSSL_PARAM_set_int(ready, keys.is_ready() ? 1 : 0);
}

/// What the core offers under this number; null when it does not.
template <class Function>
Function* offered(const OSSL_DISPATCH* offers, int number) {
  for (; offers->function_id != 0; ++offers)
    if (offers->function_id == number) return reinterpret_cast<Function*>(offers->function);
  return nullptr;
}

Setting settings_of(const OSSL_CORE_HANDLE* core, const OSSL_DISPATCH* offers) {
  auto* get = offered<OSSL_FUNC_core_get_params_fn>(offers, OSSL_FUNC_CORE_GET_PARAMS);
  return [core, get](const char* name) -> const char* {
    char* value = nullptr;
    std::array params{OSSL_PARAM_construct_utf8_ptr(name, &value, 0), OSSL_PARAM_construct_end()};
    return get != nullptr && get(core, params.data()) == 1 ? value : nullptr;
  };
}

}  // namespace
}  // namespace privyseal::hsm::provider

extern "C" int OSSL_provider_init(const OSSL_CORE_HANDLE* core, const OSSL_DISPATCH* offers,
                                  const OSSL_DISPATCH** functions, void** context) {
  using namespace privyseal::hsm::provider;
  static const std::array kFunctions{
      entry<OSSL_FUNC_provider_teardown_fn>(OSSL_FUNC_PROVIDER_TEARDOWN, teardown),
      entry<OSSL_FUNC_provider_gettable_params_fn>(OSSL_FUNC_PROVIDER_GETTABLE_PARAMS, gettable_params),
      entry<OSSL_FUNC_provider_get_params_fn>(OSSL_FUNC_PROVIDER_GET_PARAMS, get_params),
      entry<OSSL_FUNC_provider_query_operation_fn>(OSSL_FUNC_PROVIDER_QUERY_OPERATION, query_operation),
      OSSL_DISPATCH{0, nullptr}};
  auto keys = open_keys(settings_of(core, offers));
  if (!keys) {
    raise(keys.error());
    return 0;
  }
  *context = new Context{.keys = std::move(*keys),
                         .read = offered<OSSL_FUNC_BIO_read_ex_fn>(offers, OSSL_FUNC_BIO_READ_EX),
                         .write = offered<OSSL_FUNC_BIO_write_ex_fn>(offers, OSSL_FUNC_BIO_WRITE_EX)};
  *functions = kFunctions.data();
  return 1;
}
