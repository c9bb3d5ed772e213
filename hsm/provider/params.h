/// The names that a program needs to use the provider; nothing here needs linking.
#pragma once

namespace privyseal::hsm::provider {

/// As OSSL_PROVIDER_load and `provider=...` in property queries know it.
inline constexpr char kProviderName[] = "privyseal";

/// Setting of the provider (its section in openssl.cnf, or OSSL_PROVIDER_load_ex): the path
/// of keyd's socket. Required.
inline constexpr char kSocketParam[] = "socket";

/// Readable integer parameter (OSSL_PROVIDER_get_params): 1 when keyd says that it can sign
/// right now, otherwise 0. Asks keyd each time, for at most 250 ms; inside an ASYNC job it pauses the job.
inline constexpr char kReadyParam[] = "keyd-ready";

/// Readable integer parameter: questions of ASYNC jobs that keyd has not answered yet.
inline constexpr char kOpenQuestionsParam[] = "keyd-open-questions";

/// Key URIs are "keyd://NAME" or "keyd:NAME" (OSSL_STORE_open). OpenSSL takes the second
/// form for a file first, if there is one of that name in the current folder.
inline constexpr char kStoreScheme[] = "keyd";

/// So are PKCS #11 URIs with `object=NAME`, `object=privyseal:ROLE:NAME` or `id=CKA_ID`, and without a PIN.
inline constexpr char kPkcs11Scheme[] = "pkcs11";

}  // namespace privyseal::hsm::provider
