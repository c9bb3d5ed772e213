/// Certificate signing requests (PKCS#10, RFC 2986) for keys that only somebody else can
/// use: first the bytes to be signed, then, with the signature, the request.
///
/// Pure: no key, no socket, no file. Threads: any. All errors are kInvalid.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "firmware/base/bytes.h"
#include "firmware/base/result.h"

namespace privyseal::ca {

struct CsrSubject {
  std::string common_name;             ///< 1 to 64 bytes of UTF-8 (RFC 5280 appendix A.1, ub-common-name)
  std::string organisation;            ///< up to 64 bytes; empty: left out
  std::vector<std::string> dns_names;  ///< 1 to 16; they go into subjectAltName
};

/// A host name as a certificate may carry it: letters, digits, hyphens; no wildcard, no
/// trailing dot (RFC 5280 section 4.2.1.6).
[[nodiscard]] bool is_dns_name(std::string_view name);

/// The DER CertificationRequestInfo: what the key signs. `public_key` is a DER
/// SubjectPublicKeyInfo: P-256, P-384, Ed25519, or RSA of 2048, 3072 or 4096 bits.
[[nodiscard]] Result<Bytes> csr_info(ByteView public_key, const CsrSubject& subject);

/// The request in PEM. `signature` is what keyd gives for `info` (hsm::SignatureAnswer): with SHA-256 (P-256,
/// RSA) or SHA-384 (P-384); it is verified with the public key inside `info`.
[[nodiscard]] Result<std::string> csr_pem(ByteView info, ByteView signature);

}  // namespace privyseal::ca
