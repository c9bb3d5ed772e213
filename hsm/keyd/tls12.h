/// What keyd may sign for a server in TLS 1.2, where its settings have an exception for that
/// (tls12_exception.h): the input of a ServerKeyExchange signature, and nothing else (RFC 8422 section 5.4).
///
/// It is the client's random and the server's (32 bytes each), then ECParameters: named_curve (3), the curve,
/// and the server's ephemeral point with its length. Its beginning is free, so two things more are asked:
/// - the server's random ends as that of a server which speaks TLS 1.3 too (RFC 8446 section 4.1.3): no
/// client
///   that speaks TLS 1.3 can be talked down with what keyd signs;
/// - the whole is no DER SEQUENCE: no certification request or other document can be passed off as it.
/// The other half of TLS 1.2, a client's CertificateVerify, is signed over the handshake itself, which has no
/// form that could be checked: keyd never signs it.
///
/// Pure and total.
#pragma once

#include "firmware/base/bytes.h"

namespace privyseal::keyd {

/// Key agreement by X25519, P-256 or P-384, with a point of exactly that curve's size; uncompressed for the
/// latter two.
[[nodiscard]] bool is_server_key_exchange(ByteView message);

}  // namespace privyseal::keyd
