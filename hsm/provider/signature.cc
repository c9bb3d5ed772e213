#include "hsm/provider/signature.h"

#include <openssl/core_dispatch.h>
#include <openssl/core_names.h>
#include <openssl/params.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>

#include "hsm/provider/context.h"
#include "hsm/provider/job.h"
#include "hsm/provider/key.h"

namespace privyseal::hsm::provider {
namespace {

/// One EVP_DigestSign* operation.
struct Signing {
  Context* context;
  SharedKey key{};
  Bytes message{};  // what update() has collected
};

constexpr std::size_t kMaxToSignBytes = 16'384;

Signing& signing_in(void* signing) { return *static_cast<Signing*>(signing); }

/// The start of every TLS 1.3 CertificateVerify input (RFC 8446 section 4.4.3).
bool is_tls13_shaped(ByteView message) {
  constexpr std::size_t kBlanks = 64;
  return message.size() > kBlanks &&
         std::ranges::all_of(message.first(kBlanks), [](std::byte b) { return b == std::byte{' '}; });
}

bool is_der_sequence(ByteView message) { return !message.empty() && message[0] == std::byte{0x30}; }

/// Picks the request that fits the message. It grants nothing: keyd checks the whole
/// message. The only place that waits for keyd while a connection is being made: in an ASYNC job
/// by pausing it, elsewhere by blocking.
Result<Bytes> request_signature(const Signing& signing, ByteView message) {
  Client& keyd = signing.context->keyd;
  if (is_tls13_shaped(message)) {
    if (const auto wake = wake_of_this_job())
      return sign_tls13_in_job(signing.context->keyd_in_jobs, signing.key->name, message, Hash::kOfKey,
                               *wake);
    return keyd.sign_tls13(signing.key->name, message);
  }
  if (is_der_sequence(message)) return keyd.sign_csr(signing.key->name, message);
  return fail(ErrorCode::kDenied, "key " + signing.key->name + ": signs TLS 1.3 handshakes and CSRs only");
}

int fail_with(const Error& error) {
  raise(error);
  return 0;
}

void* new_context(void* provider, const char*) {
  return new Signing{.context = static_cast<Context*>(provider)};
}

void free_context(void* signing) { delete static_cast<Signing*>(signing); }

void* duplicate_context(void* signing) { return new Signing(signing_in(signing)); }

/// Called also when nothing is signed in the end, so it asks keyd nothing.
int digest_sign_init(void* raw, const char* digest, void* keydata, const OSSL_PARAM[]) {
  Signing& signing = signing_in(raw);
  if (keydata != nullptr) signing.key = *static_cast<const SharedKey*>(keydata);
  signing.message.clear();
  if (signing.key == nullptr) return fail_with({ErrorCode::kInvalid, "signature: no key"});
  const Curve& curve = *signing.key->curve;
  if (digest != nullptr && *digest != '\0' && !is_digest_of(curve, digest))
    return fail_with(
        {ErrorCode::kInvalid, "key " + signing.key->name + ": signs with " + curve.digest + " only"});
  return 1;
}

int digest_sign(void* raw, unsigned char* signature, std::size_t* length, std::size_t size,
                const unsigned char* message, std::size_t message_length) {
  const Signing& signing = signing_in(raw);
  if (signing.key == nullptr) return fail_with({ErrorCode::kInvalid, "signature: no key"});
  *length = signing.key->curve->max_signature_bytes;
  if (signature == nullptr) return 1;
  const auto made = request_signature(signing, std::as_bytes(std::span(message, message_length)));
  if (!made) return fail_with(made.error());
  if (made->size() > size)
    return fail_with({ErrorCode::kInvalid, "signature: longer than the caller's buffer"});
  std::memcpy(signature, made->data(), made->size());
  *length = made->size();
  return 1;
}

int digest_sign_update(void* raw, const unsigned char* data, std::size_t length) {
  Bytes& message = signing_in(raw).message;
  if (length > kMaxToSignBytes - message.size())
    return fail_with({ErrorCode::kInvalid, "message to sign: too long"});
  append(message, std::as_bytes(std::span(data, length)));
  return 1;
}

int digest_sign_final(void* raw, unsigned char* signature, std::size_t* length, std::size_t size) {
  const ByteView message = signing_in(raw).message;
  return digest_sign(raw, signature, length, size, uchar(message), message.size());
}

/// X509_REQ_sign asks for the AlgorithmIdentifier that goes beside the signature.
int get_context_params(void* raw, OSSL_PARAM params[]) {
  const Signing& signing = signing_in(raw);
  if (signing.key == nullptr) return 0;
  const Curve& curve = *signing.key->curve;
  OSSL_PARAM* algorithm = OSSL_PARAM_locate(params, OSSL_SIGNATURE_PARAM_ALGORITHM_ID);
  if (algorithm != nullptr &&
      OSSL_PARAM_set_octet_string(algorithm, curve.algorithm_id.data(), curve.algorithm_id.size()) == 0)
    return 0;
  OSSL_PARAM* digest = OSSL_PARAM_locate(params, OSSL_SIGNATURE_PARAM_DIGEST);
  return digest == nullptr ? 1 : OSSL_PARAM_set_utf8_string(digest, curve.digest);
}

const OSSL_PARAM* gettable_context_params(void*, void*) {
  static constexpr std::array kGettable{
      OSSL_PARAM{OSSL_SIGNATURE_PARAM_ALGORITHM_ID, OSSL_PARAM_OCTET_STRING, nullptr, 0,
                 OSSL_PARAM_UNMODIFIED},
      OSSL_PARAM{OSSL_SIGNATURE_PARAM_DIGEST, OSSL_PARAM_UTF8_STRING, nullptr, 0, OSSL_PARAM_UNMODIFIED},
      OSSL_PARAM{nullptr, 0, nullptr, 0, 0}};
  return kGettable.data();
}

}  // namespace

const OSSL_ALGORITHM* signatures() {
  static const std::array functions{
      entry<OSSL_FUNC_signature_newctx_fn>(OSSL_FUNC_SIGNATURE_NEWCTX, new_context),
      entry<OSSL_FUNC_signature_freectx_fn>(OSSL_FUNC_SIGNATURE_FREECTX, free_context),
      entry<OSSL_FUNC_signature_dupctx_fn>(OSSL_FUNC_SIGNATURE_DUPCTX, duplicate_context),
      entry<OSSL_FUNC_signature_digest_sign_init_fn>(OSSL_FUNC_SIGNATURE_DIGEST_SIGN_INIT, digest_sign_init),
      entry<OSSL_FUNC_signature_digest_sign_fn>(OSSL_FUNC_SIGNATURE_DIGEST_SIGN, digest_sign),
      entry<OSSL_FUNC_signature_digest_sign_update_fn>(OSSL_FUNC_SIGNATURE_DIGEST_SIGN_UPDATE,
                                                       digest_sign_update),
      entry<OSSL_FUNC_signature_digest_sign_final_fn>(OSSL_FUNC_SIGNATURE_DIGEST_SIGN_FINAL,
                                                      digest_sign_final),
      entry<OSSL_FUNC_signature_get_ctx_params_fn>(OSSL_FUNC_SIGNATURE_GET_CTX_PARAMS, get_context_params),
      entry<OSSL_FUNC_signature_gettable_ctx_params_fn>(OSSL_FUNC_SIGNATURE_GETTABLE_CTX_PARAMS,
                                                        gettable_context_params),
      OSSL_DISPATCH{0, nullptr}};
  static const std::array algorithms{
      OSSL_ALGORITHM{kSignatureName, "provider=privyseal", functions.data(), "ECDSA by keyd"},
      OSSL_ALGORITHM{nullptr, nullptr, nullptr, nullptr}};
  return algorithms.data();
}

}  // namespace privyseal::hsm::provider
