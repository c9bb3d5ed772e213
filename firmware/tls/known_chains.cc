#include "firmware/tls/known_chains.h"

#include <openssl/sha.h>
#include <openssl/x509_vfy.h>

#include <algorithm>
#include <array>

#include "firmware/tls/openssl.h"

namespace privyseal::tls {
namespace {

void free_chain(STACK_OF(X509) * chain) { sk_X509_pop_free(chain, X509_free); }

/// True: the certificate's digest stands behind the others now.
bool add_digest(Bytes& digests, const X509* certificate) {
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
  if (X509_digest(certificate, EVP_sha256(), digest.data(), nullptr) != 1) return false;
  append(digests, std::as_bytes(std::span(digest)));
  return true;
}

/// The digests of all that the peer sent, in its order. Empty: they cannot be told.
Bytes digests_of_shown(X509_STORE_CTX* asked) {
  Bytes digests;
  bool are_all = add_digest(digests, X509_STORE_CTX_get0_cert(asked));
  const STACK_OF(X509)* others = X509_STORE_CTX_get0_untrusted(asked);
  for (int i = 0; i < sk_X509_num(others); ++i)
    are_all = add_digest(digests, sk_X509_value(others, i)) && are_all;
  return are_all ? digests : Bytes();
}

bool holds_now(const STACK_OF(X509) * chain, X509_STORE_CTX* asked) {
  const X509_VERIFY_PARAM* parameters = X509_STORE_CTX_get0_param(asked);
  for (int i = 0; i < sk_X509_num(chain); ++i) {
    const X509* one = sk_X509_value(chain, i);
    if (X509_cmp_timeframe(parameters, X509_get0_notBefore(one), X509_get0_notAfter(one)) != 0) return false;
  }
  return true;
}

}  // namespace

int KnownChains::verify(X509_STORE_CTX* asked, void* known_chains) {
  auto& self = *static_cast<KnownChains*>(known_chains);
  const Bytes shown = digests_of_shown(asked);
  if (const Chain known = self.find(shown); known && holds_now(known.get(), asked)) {
    X509_STORE_CTX_set0_verified_chain(asked, X509_chain_up_ref(known.get()));
    X509_STORE_CTX_set_error(asked, X509_V_OK);
    return 1;
  }
  const int verdict = X509_verify_cert(asked);
  if (verdict == 1 && !shown.empty())
    self.remember(shown, Chain(X509_STORE_CTX_get1_chain(asked), free_chain));
  return verdict;
}

KnownChains::Chain KnownChains::find(const Bytes& shown) {
  return known_.with([&](const std::deque<Known>& known) {
    const auto found = std::ranges::find(known, shown, &Known::shown);
    return found == known.end() ? nullptr : found->chain;
  });
}

void KnownChains::remember(const Bytes& shown, Chain chain) {
  known_.with([&](std::deque<Known>& known) {
    std::erase_if(known, [&](const Known& one) { return one.shown == shown; });
    if (known.size() == kMost) known.pop_front();
    known.push_back({.shown = shown, .chain = std::move(chain)});
  });
}

}  // namespace privyseal::tls
