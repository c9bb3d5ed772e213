#include "hsm/provider/signature.h"

#include <openssl/core_dispatch.h>
#include <openssl/core_names.h>
#include <openssl/params.h>
#include <openssl/rsa.h>

#include <array>
#include <charconv>
#include <cstring>
#include <memory>
#include <string>
#include <utility>

#include "hsm/provider/context.h"
#include "hsm/provider/key.h"
#include "hsm/provider/message_kind.h"

namespace privyseal::hsm::provider {
namespace {

enum class Padding { kPkcs1, kPss };

/// One EVP_DigestSign* operation.
struct Signing {
  Context* context;
  SharedKey key{};
  Bytes message{};  // what update() has collected
  Hash hash = Hash::kOfKey;
  Padding padding = Padding::kPkcs1;  // of RSA keys; OpenSSL's own default
  bool has_other_salt = false;        // the salt is to be none of the hash's size
  Hash mask_hash = Hash::kOfKey;      // as asked for; kOfKey: nobody asked
};

constexpr std::size_t kMaxToSignBytes = 16'384;

Signing& signing_in(void* signing) { return *static_cast<Signing*>(signing); }

int fail_with(const Error& error) {
  raise(error);
  return 0;
}

Error no_good(const Signing& signing, const std::string& what) {
  return {ErrorCode::kInvalid, "key " + signing.key->name + ": " + what};
}

bool is_rsa(const Signing& signing) { return signing.key->kind->family == KeyFamily::kRsa; }

/// In a handshake an RSA key signs with PSS alone, as TLS 1.3 has it (RFC 8446 section 4.2.3).
Result<Bytes> request_handshake(const Signing& signing, MessageKind kind, ByteView message) {
  if (is_rsa(signing)) {
    if (signing.padding != Padding::kPss)
      return std::unexpected(no_good(signing, "signs handshakes with PSS padding only"));
    if (signing.has_other_salt || (signing.mask_hash != Hash::kOfKey && signing.mask_hash != signing.hash))
      return std::unexpected(
          no_good(signing, "signs with PSS only if mask and salt are of the hash's kind and size"));
  }
  Keys& keys = *signing.context->keys;
  const Hash hash = is_rsa(signing) ? signing.hash : Hash::kOfKey;
  if (kind == MessageKind::kTls12) return keys.sign_tls12(signing.key->name, message, hash);
  return keys.sign_tls13(signing.key->name, message, hash);
}

/// What is not TLS is signed with the hash of the key's type, by an RSA key with PKCS #1 v1.5.
Result<Bytes> request_document(const Signing& signing, MessageKind kind, ByteView message) {
  if (signing.hash != signing.key->kind->digest_hash)
    return std::unexpected(
        no_good(signing, std::string("signs requests with ") + signing.key->kind->digest + " only"));
  if (is_rsa(signing) && signing.padding != Padding::kPkcs1)
    return std::unexpected(no_good(signing, "signs requests with PKCS#1 v1.5 padding only"));
  Keys& keys = *signing.context->keys;
  if (kind == MessageKind::kRequest) return keys.sign_csr(signing.key->name, message);
  if (kind == MessageKind::kCertificate) return keys.sign_certificate(signing.key->name, message);
  if (kind == MessageKind::kOcsp) return keys.sign_ocsp(signing.key->name, message);
  return keys.sign_crl(signing.key->name, message);
}

/// Picks the request that fits the message. It grants nothing: who holds the key checks the whole message.
Result<Bytes> request_signature(const Signing& signing, ByteView message) {
  const auto kind = message_kind_of(message);
  if (!kind)
    return fail(
        ErrorCode::kDenied,
        "key " + signing.key->name +
            ": signs TLS 1.3 handshakes, certificate requests, certificates, CRLs and OCSP responses only");
  if (*kind == MessageKind::kTls13 || *kind == MessageKind::kTls12)
    return request_handshake(signing, *kind, message);
  return request_document(signing, *kind, message);
}

void* new_context(void* provider, const char*) {
  return new Signing{.context = static_cast<Context*>(provider)};
}

void free_context(void* signing) { delete static_cast<Signing*>(signing); }

void* duplicate_context(void* signing) { return new Signing(signing_in(signing)); }

bool take_number_or_name(const OSSL_PARAM* param, int& number, std::string_view& name) {
  if (param->data_type == OSSL_PARAM_UTF8_STRING) {
    const char* text = nullptr;
    if (OSSL_PARAM_get_utf8_string_ptr(param, &text) != 1) return false;
    name = text;
    return true;
  }
  return OSSL_PARAM_get_int(param, &number) == 1;
}

bool set_padding(Signing& signing, const OSSL_PARAM* param) {
  int number = 0;
  std::string_view name;
  if (!take_number_or_name(param, number, name)) return false;
  if (number == RSA_PKCS1_PSS_PADDING || is_same_name(name, OSSL_PKEY_RSA_PAD_MODE_PSS))
    signing.padding = Padding::kPss;
  else if (number == RSA_PKCS1_PADDING || is_same_name(name, OSSL_PKEY_RSA_PAD_MODE_PKCSV15))
    signing.padding = Padding::kPkcs1;
  else
    return fail_with(no_good(signing, "signs with PSS or PKCS#1 v1.5 padding only")) != 0;
  return true;
}

bool set_salt(Signing& signing, const OSSL_PARAM* param) {
  int number = 0;
  std::string_view name;
  if (!take_number_or_name(param, number, name)) return false;
  // OpenSSL writes also a number as text.
  const bool is_text_number =
      std::from_chars(name.data(), name.data() + name.size(), number).ec == std::errc();
  signing.has_other_salt = name.empty() || is_text_number
                               ? number != RSA_PSS_SALTLEN_DIGEST && number != digest_bytes(signing.hash)
                               : !is_same_name(name, OSSL_PKEY_RSA_PSS_SALT_LEN_DIGEST);
  return true;
}

bool set_mask(Signing& signing, const OSSL_PARAM* param) {
  const char* name = nullptr;
  if (OSSL_PARAM_get_utf8_string_ptr(param, &name) != 1) return false;
  const auto hash = hash_named(name);
  if (!hash) return fail_with(no_good(signing, "signs with SHA-256, SHA-384 or SHA-512 only")) != 0;
  signing.mask_hash = *hash;
  return true;
}

int set_context_params(void* raw, const OSSL_PARAM params[]) {
  Signing& signing = signing_in(raw);
  if (params == nullptr || signing.key == nullptr || !is_rsa(signing)) return 1;
  using Set = bool(Signing&, const OSSL_PARAM*);
  for (const auto& [name, set] : {std::pair<const char*, Set*>{OSSL_SIGNATURE_PARAM_PAD_MODE, set_padding},
                                  {OSSL_SIGNATURE_PARAM_PSS_SALTLEN, set_salt},
                                  {OSSL_SIGNATURE_PARAM_MGF1_DIGEST, set_mask}}) {
    const OSSL_PARAM* param = OSSL_PARAM_locate_const(params, name);
    if (param != nullptr && !set(signing, param)) return 0;
  }
  return 1;
}

/// Settable are the paddings of an RSA key; of other keys nothing.
const OSSL_PARAM* settable_context_params(void* raw, void*) {
  static constexpr std::array kSettable{
      OSSL_PARAM{OSSL_SIGNATURE_PARAM_PAD_MODE, OSSL_PARAM_UTF8_STRING, nullptr, 0, OSSL_PARAM_UNMODIFIED},
      OSSL_PARAM{OSSL_SIGNATURE_PARAM_PSS_SALTLEN, OSSL_PARAM_UTF8_STRING, nullptr, 0, OSSL_PARAM_UNMODIFIED},
      OSSL_PARAM{OSSL_SIGNATURE_PARAM_MGF1_DIGEST, OSSL_PARAM_UTF8_STRING, nullptr, 0, OSSL_PARAM_UNMODIFIED},
      OSSL_PARAM{nullptr, 0, nullptr, 0, 0}};
  const bool has_none = raw != nullptr && signing_in(raw).key != nullptr && !is_rsa(signing_in(raw));
  return has_none ? kSettable.data() + kSettable.size() - 1 : kSettable.data();
}

/// The hash that the caller names, when it is one of the key's; an RSA key has three.
Result<Hash> hash_for(const Signing& signing, const char* digest) {
  const Kind& kind = *signing.key->kind;
  if (digest == nullptr || *digest == '\0') return kind.digest_hash;
  const auto hash = hash_named(digest);
  if (hash && (*hash == kind.digest_hash || kind.family == KeyFamily::kRsa)) return *hash;
  if (kind.family == KeyFamily::kEd25519)
    return std::unexpected(no_good(signing, "signs the message itself: no hash is to be named"));
  if (kind.family == KeyFamily::kRsa)
    return std::unexpected(no_good(signing, "signs with SHA-256, SHA-384 or SHA-512 only"));
  return std::unexpected(no_good(signing, std::string("signs with ") + kind.digest + " only"));
}

/// Called also when nothing is signed in the end, so it asks nobody.
int digest_sign_init(void* raw, const char* digest, void* keydata, const OSSL_PARAM params[]) {
  Signing& signing = signing_in(raw);
  if (keydata != nullptr)
    signing = Signing{.context = signing.context, .key = *static_cast<const SharedKey*>(keydata)};
  signing.message.clear();
  if (signing.key == nullptr) return fail_with({ErrorCode::kInvalid, "signature: no key"});
  const auto hash = hash_for(signing, digest);
  if (!hash) return fail_with(hash.error());
  signing.hash = *hash;
  return set_context_params(raw, params);
}

int digest_sign(void* raw, unsigned char* signature, std::size_t* length, std::size_t size,
                const unsigned char* message, std::size_t message_length) {
  const Signing& signing = signing_in(raw);
  if (signing.key == nullptr) return fail_with({ErrorCode::kInvalid, "signature: no key"});
  *length = signing.key->kind->max_signature_bytes;
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
  const Kind& kind = *signing.key->kind;
  OSSL_PARAM* algorithm = OSSL_PARAM_locate(params, OSSL_SIGNATURE_PARAM_ALGORITHM_ID);
  if (algorithm != nullptr &&
      OSSL_PARAM_set_octet_string(algorithm, kind.algorithm_id.data(), kind.algorithm_id.size()) == 0)
    return 0;
  OSSL_PARAM* digest = OSSL_PARAM_locate(params, OSSL_SIGNATURE_PARAM_DIGEST);
  return digest == nullptr ? 1 : OSSL_PARAM_set_utf8_string(digest, digest_name(signing.hash));
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
      entry<OSSL_FUNC_signature_set_ctx_params_fn>(OSSL_FUNC_SIGNATURE_SET_CTX_PARAMS, set_context_params),
      entry<OSSL_FUNC_signature_settable_ctx_params_fn>(OSSL_FUNC_SIGNATURE_SETTABLE_CTX_PARAMS,
                                                        settable_context_params),
      OSSL_DISPATCH{0, nullptr}};
  static const std::array algorithms{
      OSSL_ALGORITHM{kSignatureName, kProperties, functions.data(), "ECDSA, Ed25519 and RSA, by Privyseal"},
      OSSL_ALGORITHM{nullptr, nullptr, nullptr, nullptr}};
  return algorithms.data();
}

}  // namespace privyseal::hsm::provider
