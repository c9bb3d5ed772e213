/// Does a certificate lead to a pinned root? OpenSSL's answer, with everything it found wrong.
///
/// The pinned roots are the whole store: no folder, no environment, no web roots. Dates are left
/// to the caller, who knows by how much clocks may differ.
///
/// Pure. Threads: any.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "ca/certificate.h"

namespace privyseal::ca {

struct ChainFault {
  enum class Kind { kNotChained, kBadChain, kWrongPurpose, kWeakKey, kWeakSignature };
  Kind kind;
  std::string sentence;
  bool operator==(const ChainFault&) const = default;
};

struct ChainWish {
  bool server = false;  ///< verify for use as a TLS server
  bool client = false;  ///< and as a TLS client
};

struct Chain {
  std::vector<ChainFault> faults;  ///< empty: it leads to a root, by X509_V_FLAG_X509_STRICT
  std::vector<Certificate> path;   ///< then: leaf first, root last
};

[[nodiscard]] Chain build_chain(const Certificate& leaf, std::span<const Certificate> others,
                                std::span<const Certificate> roots, const ChainWish& wish);

}  // namespace privyseal::ca
