/// An exception to 'TLS 1.3 only' on the LAN side, as the settings have it: for which mail servers of the
/// organisation, why, and until when. There is none unless somebody has written it down.
///
///     [lan.tls12_exception]
///     reason = "Exchange on Windows Server 2019, until it is replaced"   # goes into the audit log
///     until = "2027-03-31"                   # the last day, UTC
///     clients = ["192.0.2.7"]                # hosts that may come so; keyd's settings must have it, too
///     servers = ["mail.lawfirm.example"]     # next hops, by the name in their certificate
///
/// Towards CJSM there is none: both sides show certificates there, and keyd signs no client's handshake of
/// TLS 1.2 (hsm/keyd/tls12.h).
///
/// Pure. Threads: any; it never changes.
#pragma once

#include <format>
#include <string>
#include <vector>

#include "firmware/base/day.h"

namespace privyseal::gateway {

struct Tls12Exception {
  std::string reason;  ///< for whom, in a person's words
  Day until;
  std::vector<std::string> clients;
  std::vector<std::string> servers;

  /// "TLS 1.2 is excepted until 2027-03-31 for 192.0.2.7, mail.lawfirm.example: old mail server"
  [[nodiscard]] std::string in_words() const {
    std::string peers;
    for (const auto* list : {&clients, &servers})
      for (const std::string& peer : *list) peers += (peers.empty() ? "" : ", ") + peer;
    return std::format("TLS 1.2 is excepted until {:%F} for {}: {}", until, peers, reason);
  }
};

}  // namespace privyseal::gateway
