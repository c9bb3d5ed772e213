/// A second opinion on what keyd may sign, and for whom: written down once more, without a line of keyd's,
/// and with OpenSSL's parsers where keyd has its own. It says no only where it is sure.
///
/// Pure.
#pragma once

#include <sys/types.h>

#include <string>

#include "firmware/base/bytes.h"
#include "hsm/wire.h"

namespace privyseal::test {

enum class Signing : std::uint8_t { kTls13, kCsr, kCertificate, kCrl, kCheckpoint, kOcsp, kTls12 };
inline constexpr int kSignings = 7;

/// Keys that may sign TLS 1.2 as a server: those of this role, by an exception in keyd's settings.
inline constexpr auto kTls12Role = hsm::KeyRole::kLanIdentity;

/// True: nothing speaks against it that user `uid` has `message` signed as that, with this key.
[[nodiscard]] bool may_be_signed(uid_t uid, Signing kind, const hsm::KeyInfo& key, ByteView message);

}  // namespace privyseal::test
