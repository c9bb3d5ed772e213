/// Certificates from a PEM file.
///
/// Included by .cc files of tls/ alone. Threads: any.
#pragma once

#include <filesystem>
#include <vector>

#include "firmware/base/result.h"
#include "firmware/tls/openssl.h"

namespace privyseal::tls {

/// At least one, in the file's order; their signatures are checked with `library`'s providers. kInvalid: it
/// holds none, or one that cannot be read. Otherwise errors as read_file.
[[nodiscard]] Result<std::vector<CertificatePtr>> certificates_in(const std::filesystem::path& file,
                                                                  OSSL_LIB_CTX* library);

}  // namespace privyseal::tls
