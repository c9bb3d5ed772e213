/// Where requests are decided (`admit`) and, apart from that, done (`perform`).
///
/// What lasts longer than a handshake (a CSR, certificate, CRL or checkpoint signed, a key made, retired or
/// destroyed) is in keyd's journal before it is done; if it cannot be written, it is not done.
/// Every refusal is logged, counted for the key that it named, and goes into the audit log.
///
/// Threads: any. Ownership: the arguments must outlive it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "firmware/base/forward_clock.h"
#include "hsm/keyd/approval.h"
#include "hsm/keyd/clerk.h"
#include "hsm/keyd/intent.h"
#include "hsm/keyd/journal.h"
#include "hsm/keyd/key_store.h"
#include "hsm/keyd/permit.h"
#include "hsm/keyd/rate_limit.h"
#include "hsm/keyd/tls12_exception.h"
#include "hsm/wire.h"

namespace privyseal::keyd {

class Desk {
 public:
  struct Rules {
    std::uint32_t signatures_per_second;  ///< of one key, for TLS
    std::optional<Tls12Exception> tls12_exception;
    ApprovalRules approvals;  ///< of the destruction of keys
    std::string host;         ///< in the origin of keyd's log
  };

  /// By `forward_clock` exceptions end.
  Desk(KeyStore& keys, Journal& journal, Clerk& clerk, Token& token, const Clock& clock,
       const ForwardClock& forward_clock, Rules rules)
      : keys_(keys),
        journal_(journal),
        clerk_(clerk),
        token_(token),
        clock_(clock),
        forward_clock_(forward_clock),
        rules_(std::move(rules)) {}

  /// Asks nothing of the token or the disk.
  /// kDenied: the caller may not, what is to be signed is nothing that is signed for TLS, or it is TLS 1.2
  /// and there is no exception.
  /// kNotFound: the caller might, but there is no such key. kUnavailable: this key signs too often just now.
  /// Threads: one at a time.
  [[nodiscard]] Result<Permit> admit(const Peer& peer, const hsm::Request& request);

  /// The answer to an admitted question that needs neither token nor disk. None: it is for `perform`.
  [[nodiscard]] std::optional<hsm::Answer> answer_at_once(const Permit& permit, const hsm::Request& request);

  /// Does what else was admitted, with the worker's session. `request` is the one that `permit` is for.
  [[nodiscard]] hsm::Answer perform(const Permit& permit, const hsm::Request& request, WorkSession& work);

  /// A user who is no caller of keyd's tried to connect.
  void turn_away(uid_t user, pid_t pid);

 private:
  using AnswerBody = decltype(hsm::Answer::body);

  std::unexpected<Error> refuse(const Peer& peer, const hsm::Request& request, const KeyRef& key,
                                std::string_view asked, Error why);
  std::unexpected<Error> refuse_for_now(const Peer& peer, const KeyRef& key, Operation asked);
  /// In TLS 1.2 the key signs as it does in TLS 1.3.
  AnswerBody sign_handshake(const Permit& permit, const hsm::Request& request, hsm::Hash hash,
                            ByteView message, WorkSession& work);
  AnswerBody perform_recorded(const Permit& permit, const hsm::Request& request, WorkSession& work);
  AnswerBody sign_recorded(const Permit& permit, const Intent& intent, WorkSession& work);
  AnswerBody generate(const Intent& intent, const hsm::GenerateRequest& asked, WorkSession& work);
  AnswerBody retire(const Permit& permit, const Intent& intent);
  AnswerBody destroy(const Permit& permit, const hsm::Request& request, const Intent& intent,
                     WorkSession& work);
  AnswerBody audit_entries(const hsm::ReadAuditRequest& asked);
  void note_outcome(const Intent& intent, std::string outcome, std::string why);

  bool is_too_often(const Key& key);
  [[nodiscard]] bool is_excepted(const Key& key) const;
  [[nodiscard]] hsm::Health health(bool is_ready) const;

  KeyStore& keys_;
  Journal& journal_;
  Clerk& clerk_;
  Token& token_;
  const Clock& clock_;
  const ForwardClock& forward_clock_;
  const Rules rules_;
  std::map<std::string, RateLimit, std::less<>> limits_;  // by name; `admit`'s
};

}  // namespace privyseal::keyd
