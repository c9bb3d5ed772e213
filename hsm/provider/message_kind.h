/// What a message that is to be signed looks like, so that the question fits which keyd is asked about it.
///
/// It grants nothing: keyd checks the whole message.
///
/// Pure and total.
#pragma once

#include <cstdint>
#include <optional>

#include "firmware/base/bytes.h"

namespace privyseal::hsm::provider {

enum class MessageKind : std::uint8_t {
  kTls12,        ///< the input of a ServerKeyExchange (RFC 8422 section 5.4)
  kTls13,        ///< the input of a CertificateVerify (RFC 8446 section 4.4.3)
  kRequest,      ///< CertificationRequestInfo (RFC 2986 section 4.1)
  kCertificate,  ///< TBSCertificate (RFC 5280 section 4.1)
  kCrl,          ///< TBSCertList (RFC 5280 section 5.1)
  kOcsp,         ///< ResponseData (RFC 6960 section 4.2.1), its responder named by key
};

/// None: it begins like none of these.
[[nodiscard]] std::optional<MessageKind> message_kind_of(ByteView message);

}  // namespace privyseal::hsm::provider
