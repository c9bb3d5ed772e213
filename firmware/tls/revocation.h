/// Lists of revoked certificates (CRLs, RFC 5280 section 5).
///
/// A list counts if one of the roots that we trust has signed it. It counts for what it says also after its
/// last day: who was revoked stays so, and a list that nobody renewed must not stop all mail.
///
/// Pure but for the roots' file. Threads: any.
#pragma once

#include <openssl/types.h>

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "firmware/base/result.h"

namespace privyseal::tls {

struct RevocationList {
  std::string issuer;       ///< RFC 2253
  std::string this_update;  ///< RFC 3339, UTC
  std::string next_update;  ///< empty: it does not say
  std::size_t revoked = 0;  ///< certificates
  std::string pem;          ///< the list itself
};

/// The lists in a PEM text, in its order; whatever else stands there is skipped. Total.
/// kInvalid: there is none, or one that cannot be read, or that says less or more than whom its issuer
/// revoked (a delta list, a critical extension that is not known).
[[nodiscard]] Result<std::vector<RevocationList>> parse_revocation_lists(std::string_view pem);

/// Those that one of the roots in the PEM file has signed. Errors: the roots cannot be read.
[[nodiscard]] Result<std::vector<RevocationList>> signed_by_roots(std::vector<RevocationList> lists,
                                                                  const std::filesystem::path& roots,
                                                                  OSSL_LIB_CTX* library);

/// From now on peers are asked for by these lists, too. kInvalid: one cannot be read.
[[nodiscard]] Result<void> add_revocation_lists(X509_STORE* store, const std::vector<RevocationList>& lists,
                                                OSSL_LIB_CTX* library);

}  // namespace privyseal::tls
