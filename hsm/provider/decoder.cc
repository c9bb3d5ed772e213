#include "hsm/provider/decoder.h"

#include <openssl/core_dispatch.h>
#include <openssl/core_names.h>
#include <openssl/core_object.h>
#include <openssl/params.h>

#include <array>
#include <string>

#include "hsm/provider/context.h"
#include "hsm/provider/key_uri.h"
#include "hsm/provider/keymgmt.h"

namespace privyseal::hsm::provider {
namespace {

constexpr int kGoOn = 1;  // nothing of ours: other decoders may try

void* new_context(void* provider) { return provider; }  // decoding has no state
void free_context(void*) {}

std::string read_start(const Context& context, OSSL_CORE_BIO* in) {
  std::string text(kMaxPemBytes, '\0');
  std::size_t used = 0;
  while (used < text.size()) {
    std::size_t got = 0;
    if (context.read(in, text.data() + used, text.size() - used, &got) != 1 || got == 0) break;
    used += got;
  }
  text.resize(used);
  return text;
}

/// OpenSSL asks one decoder for each family in turn; only that of the key's own answers.
template <KeyFamily kFamily>
int decode(void* raw, OSSL_CORE_BIO* in, int, OSSL_CALLBACK* receive, void* receiver,
           OSSL_PASSPHRASE_CALLBACK*, void*) {
  const auto* context = static_cast<const Context*>(raw);
  if (context->read == nullptr) return kGoOn;
  const auto uri = uri_in_pem(read_start(*context, in));
  if (!uri) return kGoOn;
  const auto key = parse_key_uri(*uri).and_then(
      [&](const KeyAddress& address) { return find_key(*context->keys, address); });
  if (!key) {
    raise(key.error());
    return kGoOn;  // the error stays on the queue
  }
  if ((*key)->kind->family != kFamily) return kGoOn;
  Reference reference{.key = &*key};
  int type = OSSL_OBJECT_PKEY;
  const std::array params{
      OSSL_PARAM_construct_int(OSSL_OBJECT_PARAM_TYPE, &type),
      OSSL_PARAM_construct_utf8_string(OSSL_OBJECT_PARAM_DATA_TYPE,
                                       const_cast<char*>(names_of(kFamily).first), 0),
      OSSL_PARAM_construct_octet_string(OSSL_OBJECT_PARAM_REFERENCE, &reference, sizeof(reference)),
      OSSL_PARAM_construct_end()};
  return receive(params.data(), receiver);
}

template <KeyFamily kFamily>
OSSL_ALGORITHM decoder_for() {
  static const std::array functions{
      entry<OSSL_FUNC_decoder_newctx_fn>(OSSL_FUNC_DECODER_NEWCTX, new_context),
      entry<OSSL_FUNC_decoder_freectx_fn>(OSSL_FUNC_DECODER_FREECTX, free_context),
      entry<OSSL_FUNC_decoder_decode_fn>(OSSL_FUNC_DECODER_DECODE, decode<kFamily>),
      OSSL_DISPATCH{0, nullptr}};
  return {names_of(kFamily).all, "provider=" PRIVYSEAL_PROVIDER_NAME ",input=pem", functions.data(),
          "names of keys held by Privyseal"};
}

}  // namespace

const OSSL_ALGORITHM* decoders() {
  static const std::array algorithms{decoder_for<KeyFamily::kEc>(), decoder_for<KeyFamily::kEd25519>(),
                                     decoder_for<KeyFamily::kRsa>(),
                                     OSSL_ALGORITHM{nullptr, nullptr, nullptr, nullptr}};
  return algorithms.data();
}

}  // namespace privyseal::hsm::provider
