/// Trials of a certificate on the network: before it goes live, and a look at our own port after.
///
/// Threads: one loop.
#pragma once

#include <memory>
#include <string>

#include "ca/renewd/settings.h"
#include "firmware/tls/context.h"
#include "firmware/tls/net.h"

namespace privyseal::renewd {

/// Connects to an SMTP server, starts TLS in its way, shakes hands as `context` says, is greeted inside TLS,
/// and leaves: what each mail does, without a mail. `hostname` is what we call ourselves.
/// Errors say at which step, and name the server. kDenied: it saw our certificate, and then hung up or said a
/// lasting no. Every other code: it never came so far, which says nothing of our certificate.
[[nodiscard]] net::awaitable<Result<void>> try_smtp(HostPort server, smtp::TlsStart tls_start,
                                                    std::shared_ptr<const tls::Context> context,
                                                    std::string hostname);

/// The fingerprint (SHA-256, hexadecimal) of the certificate that a server of ours shows. `over_smtp`: by
/// STARTTLS; else TLS from the first byte.
[[nodiscard]] net::awaitable<Result<std::string>> served_fingerprint(
    HostPort server, std::shared_ptr<const tls::Context> context, std::string hostname, bool over_smtp);

}  // namespace privyseal::renewd
