/// Every reason for which the appliance turns mail away, in one table: the code that the peer
/// gets, and at most three plain sentences that mean the same to a user, in the console and in the manual.
///
/// A 4xx code means that the sender's mail server keeps the mail and tries again; it is the answer
/// to everything that is broken here or at the next hop. 5xx is for what will never be right.
#pragma once

#include <cstddef>
#include <string_view>

#include "firmware/smtp/reply.h"
#include "firmware/smtp/server_session.h"

namespace privyseal::policy {

enum class Refusal {
  // who may talk to us
  kClientNotListed,
  kTooManyConnections,
  kShuttingDown,
  kTooManyErrors,
  kStartTlsRequired,
  kStartTlsUnavailable,
  kClientCertificateRefused,
  // what may pass
  kSenderNotOurs,
  kRecipientNotCjsm,
  kRecipientNotOurs,
  kRecipientRoutesFurther,
  kTooManyRecipients,
  kMessageTooBig,
  kSpokeOutOfTurn,
  kBareNewline,
  kLineTooLong,
  kNulByte,
  kMailLoop,
  kHopWithoutSmtpUtf8,
  kHopWithout8BitMime,
  kHopWithoutRequireTls,
  // what is broken now
  kRelayUnavailable,
  kRelayCertificateRefused,
  kRelayWithoutStartTls,
  kRelayLoginRefused,
  kRelayMisbehaved,
  kMailServerUnavailable,
  kMailServerCertificateRefused,
  kKeysUnavailable,
  kLedgerUnavailable,
  kInputTooSlow,  // the last one: kRefusals counts on it
};
inline constexpr std::size_t kRefusals = static_cast<std::size_t>(Refusal::kInputTooSlow) + 1;

struct RefusalText {
  Refusal refusal;
  std::string_view id;  ///< "recipient-not-cjsm": for logs, the ledger and the manual
  int code;
  std::string_view enhanced;
  std::string_view text;
};

[[nodiscard]] const RefusalText& text_of(Refusal refusal);
[[nodiscard]] smtp::Reply reply_of(Refusal refusal);

/// The replies that a server session gives by itself.
[[nodiscard]] smtp::ServerSession::Replies session_replies();

}  // namespace privyseal::policy
