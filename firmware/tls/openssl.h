/// OpenSSL objects that free themselves, and OpenSSL's error queue as an Error.
///
/// Included by .cc files of tls/ and by those few that speak OpenSSL themselves.
#pragma once

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <memory>
#include <string_view>

#include "firmware/base/free.h"
#include "firmware/base/result.h"

namespace privyseal::tls {

using SslPtr = std::unique_ptr<SSL, Free<SSL_free>>;
using SslCtxPtr = std::unique_ptr<SSL_CTX, Free<SSL_CTX_free>>;
using LibCtxPtr = std::unique_ptr<OSSL_LIB_CTX, Free<OSSL_LIB_CTX_free>>;
using KeyPtr = std::unique_ptr<EVP_PKEY, Free<EVP_PKEY_free>>;
using CertificatePtr = std::unique_ptr<X509, Free<X509_free>>;
using BioPtr = std::unique_ptr<BIO, Free<BIO_free_all>>;

/// The first reason in this thread's OpenSSL error queue, which is emptied.
[[nodiscard]] std::unexpected<Error> fail_openssl(ErrorCode code, std::string_view doing);

}  // namespace privyseal::tls
