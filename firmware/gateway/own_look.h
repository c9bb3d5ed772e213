/// renewd's looks at the certificate that we really serve (ca/renewd/probe.h), told from peers that should
/// not be there.
///
/// Threads: any.
#pragma once

#include <boost/asio/ip/address.hpp>
#include <string_view>

#include "firmware/base/host_port.h"

namespace privyseal::gateway {

/// Whether a handshake that failed for `why` (tls::handshake_failure) was such a look. renewd has no
/// certificate of the relay's to show, and comes from the box itself: from a loopback address, or by the
/// network stack's choice from the one that it connects to. Nobody can come from there from outside.
[[nodiscard]] bool is_own_look(const boost::asio::ip::address& peer, const HostPort& listen,
                               std::string_view why);

}  // namespace privyseal::gateway
