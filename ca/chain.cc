#include "ca/chain.h"

#include <openssl/err.h>
#include <openssl/x509_vfy.h>

#include <algorithm>

#include "ca/openssl.h"
#include "firmware/base/check.h"

namespace privyseal::ca {
namespace {

using StorePtr = std::unique_ptr<X509_STORE, Free<X509_STORE_free>>;
using ContextPtr = std::unique_ptr<X509_STORE_CTX, Free<X509_STORE_CTX_free>>;
struct FreeStack {
  void operator()(STACK_OF(X509) * stack) const { sk_X509_pop_free(stack, X509_free); }
};
using StackPtr = std::unique_ptr<STACK_OF(X509), FreeStack>;

/// 112 bits: RSA of 2048 and more, SHA-256 and more (SSL_CTX_set_security_level(3)).
constexpr int kSecurityLevel = 2;

CertificatePtr x509_of(const Certificate& certificate) {
  const unsigned char* at = uchar(certificate.der);
  return CertificatePtr(d2i_X509(nullptr, &at, static_cast<long>(certificate.der.size())));
}

std::string name_text(const X509_NAME* name) {
  const BioPtr memory(BIO_new(BIO_s_mem()));
  X509_NAME_print_ex(memory.get(), name, 0, XN_FLAG_RFC2253);
  return "'" + text_in(memory.get()) + "'";
}

ChainFault fault_of(int error, X509* at) {
  using enum ChainFault::Kind;
  const std::string subject = at == nullptr ? "a certificate" : name_text(X509_get_subject_name(at));
  switch (error) {
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
      return {kNotChained, "the issuer of " + subject +
                               " is neither a pinned root nor among what was offered" +
                               (at == nullptr ? "" : "; it is " + name_text(X509_get_issuer_name(at)))};
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
      return {kNotChained, "the chain ends at the root " + subject + ", which is not pinned here"};
    case X509_V_ERR_CERT_SIGNATURE_FAILURE:
    case X509_V_ERR_UNABLE_TO_DECRYPT_CERT_SIGNATURE:
      return {kNotChained, "the signature on " + subject + " is not its issuer's"};
    case X509_V_ERR_INVALID_PURPOSE:
      return {kWrongPurpose, subject + " may not be used for this kind of connection"};
    case X509_V_ERR_EE_KEY_TOO_SMALL:
    case X509_V_ERR_CA_KEY_TOO_SMALL:
      return {kWeakKey, "the key of " + subject + " is too weak"};
    case X509_V_ERR_CA_MD_TOO_WEAK:
      return {kWeakSignature, "the signature on " + subject + " is made with a hash that is too weak"};
    default:
      return {kBadChain, subject + ": " + X509_verify_cert_error_string(error)};
  }
}

/// Notes every error and goes on, so that the operator reads all of them at once.
int note_fault(int is_good, X509_STORE_CTX* context) {
  if (is_good == 1) return 1;
  auto& faults = *static_cast<std::vector<ChainFault>*>(X509_STORE_CTX_get_app_data(context));
  ChainFault fault = fault_of(X509_STORE_CTX_get_error(context), X509_STORE_CTX_get_current_cert(context));
  if (!std::ranges::contains(faults, fault)) faults.push_back(std::move(fault));
  return 1;
}

std::vector<Certificate> certificates_in(const STACK_OF(X509) * stack) {
  std::vector<Certificate> path;
  for (int i = 0; i < sk_X509_num(stack); ++i) {
    auto certificate = parse_certificate(der_of(sk_X509_value(stack, i), i2d_X509));
    CHECK(certificate.has_value());  // they came out of such values
    path.push_back(std::move(*certificate));
  }
  return path;
}

struct Materials {
  CertificatePtr leaf;
  StackPtr others;
  StorePtr roots;
};

Materials gather(const Certificate& leaf, std::span<const Certificate> others,
                 std::span<const Certificate> roots) {
  Materials materials{x509_of(leaf), StackPtr(sk_X509_new_null()), StorePtr(X509_STORE_new())};
  CHECK(materials.leaf != nullptr && materials.others != nullptr && materials.roots != nullptr);
  for (const Certificate& other : others)
    CHECK(X509_add_cert(materials.others.get(), x509_of(other).get(), X509_ADD_FLAG_UP_REF) == 1);
  for (const Certificate& root : roots)
    CHECK(X509_STORE_add_cert(materials.roots.get(), x509_of(root).get()) == 1);
  return materials;
}

/// `purpose` 0: none. Faults are added; the path is given when there are none.
std::vector<Certificate> verify(const Materials& materials, int purpose, std::vector<ChainFault>& faults) {
  const ContextPtr context(X509_STORE_CTX_new());
  CHECK(context != nullptr && X509_STORE_CTX_init(context.get(), materials.roots.get(), materials.leaf.get(),
                                                  materials.others.get()) == 1);
  std::vector<ChainFault> found;
  X509_STORE_CTX_set_app_data(context.get(), &found);
  X509_STORE_CTX_set_verify_cb(context.get(), note_fault);
  X509_VERIFY_PARAM* rules = X509_STORE_CTX_get0_param(context.get());
  X509_VERIFY_PARAM_set_flags(rules, X509_V_FLAG_X509_STRICT | X509_V_FLAG_NO_CHECK_TIME);
  X509_VERIFY_PARAM_set_auth_level(rules, kSecurityLevel);
  if (purpose != 0) CHECK(X509_VERIFY_PARAM_set_purpose(rules, purpose) == 1);
  const int outcome = X509_verify_cert(context.get());
  if (outcome != 1 && found.empty())
    found.push_back({ChainFault::Kind::kBadChain, "the chain could not be verified"});
  ERR_clear_error();
  for (ChainFault& fault : found)
    if (!std::ranges::contains(faults, fault)) faults.push_back(std::move(fault));
  if (!found.empty()) return {};
  return certificates_in(X509_STORE_CTX_get0_chain(context.get()));
}

}  // namespace

Chain build_chain(const Certificate& leaf, std::span<const Certificate> others,
                  std::span<const Certificate> roots, const ChainWish& wish) {
  const Materials materials = gather(leaf, others, roots);
  Chain chain;
  chain.path = verify(materials, 0, chain.faults);
  if (wish.server) (void)verify(materials, X509_PURPOSE_SSL_SERVER, chain.faults);
  if (wish.client) (void)verify(materials, X509_PURPOSE_SSL_CLIENT, chain.faults);
  if (!chain.faults.empty()) chain.path.clear();
  return chain;
}

}  // namespace privyseal::ca
