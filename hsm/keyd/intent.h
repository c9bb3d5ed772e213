/// What an admitted request is about to do, checked, and put into words for the audit log before it is done.
///
/// Here the check functions meet the requests: csr.h, certificate.h, crl.h, ocsp.h, checkpoint.h.
///
/// Pure and total.
#pragma once

#include <optional>

#include "firmware/base/audit/checkpoint.h"
#include "firmware/base/audit/entry.h"
#include "hsm/keyd/permit.h"

namespace privyseal::keyd {

struct Intent {
  ByteView to_sign{};    ///< lives as long as the request; empty: the act is no signature
  audit::Entry entry{};  ///< without an action: the act is not for the audit log
  std::optional<audit::Checkpoint> checkpoint{};  ///< to be remembered before it is signed
};

/// For the operations that keyd does only after it has written them down (is_recorded).
/// An error is a refusal, in words: kInvalid, kDenied.
[[nodiscard]] Result<Intent> intent_of(const Permit& permit, const hsm::Request& request);

/// What must be on the disk before it happens, or needs the disk to be answered. Handshakes do not.
[[nodiscard]] constexpr bool is_recorded(Operation operation) {
  switch (operation) {
    case Operation::kSignCsr:
    case Operation::kGenerate:
    case Operation::kSignCheckpoint:
    case Operation::kSignCertificate:
    case Operation::kSignCrl:
    case Operation::kSignOcsp:
    case Operation::kRetire:
    case Operation::kDestroy:
    case Operation::kReadAudit:
      return true;
    case Operation::kHealth:
    case Operation::kListKeys:
    case Operation::kCountUses:
    case Operation::kFindKey:
    case Operation::kSignTls13Client:
    case Operation::kSignTls13Server:
    case Operation::kSignTls12Server:
      return false;
  }
  return true;
}

/// How a peer stands in the audit log.
[[nodiscard]] std::string role_of(Caller caller);
[[nodiscard]] std::string source_of(const Peer& peer);

}  // namespace privyseal::keyd
