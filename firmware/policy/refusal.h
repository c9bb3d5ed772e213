/// Every reason for which the appliance turns mail away, in one table: the code that the peer gets, at most
/// three plain sentences, the rule behind it, and who can help. The same words stand in the SMTP reply, in
/// the ledger and in README.md of this folder.
///
/// A 4xx code means that the sender's mail server keeps the mail and tries again; it is the answer
/// to everything that is broken here or at the next hop. 5xx is for what will never be right.
#pragma once

#include <cstddef>
#include <string>
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
  kSessionUsedUp,
  kStartTlsRequired,
  kStartTlsUnavailable,
  kClientCertificateRefused,
  // what may pass
  kSenderNotOurs,
  kRecipientNotCjsm,
  kRecipientNotOurs,
  kRecipientRoutesFurther,
  kSenderNotRegistered,
  kRecipientRetired,
  kPartnerNotAssured,
  kTooManyRecipients,
  kSenderRate,
  kOrganisationRate,
  kMessageTooBig,
  kSpokeOutOfTurn,
  kBareNewline,
  kLineTooLong,
  kNulByte,
  kMailLoop,
  kHopWithoutSmtpUtf8,
  kHopWithout8BitMime,
  kHopWithoutRequireTls,
  // what a mail may be, by its header and its first line
  kHeaderTooBig,
  kDotInHeader,
  kMarkedTooHigh,
  kNotMarked,
  kNoHandlingInstruction,
  kSecureWithoutRoute,
  kFromNotOurs,
  kBlindBlast,
  kSharedService,
  kAutoForwarded,
  kBulkMail,
  kAutomatedMail,
  kPermitUsedUp,
  kMalware,
  // what the organisation has switched off
  kSuspended,
  kTerminatedOut,
  kTerminatedIn,
  // what is broken now
  kFirewallDown,
  kPlannedMaintenance,
  kNextHopsBusy,
  kRelayUnavailable,
  kRelayCertificateRefused,
  kRelayWithoutStartTls,
  kRelayLoginRefused,
  kRelayMisbehaved,
  kMailServerUnavailable,
  kMailServerCertificateRefused,
  kKeysUnavailable,
  kLedgerUnavailable,
  kLedgerFull,
  kScannerUnavailable,
  kInputTooSlow,  // the last one: kRefusals counts on it
};
inline constexpr std::size_t kRefusals = static_cast<std::size_t>(Refusal::kInputTooSlow) + 1;

/// Who can mend it.
enum class Help {
  kAdministrator,   ///< of the organisation's mail, or of this gateway
  kRepresentative,  ///< the local user representative, who signed the terms
  kHelpdesk,        ///< of CJSM
};

struct RefusalText {
  Refusal refusal;
  std::string_view id;  ///< "recipient-not-cjsm": for logs, the ledger and the manual
  int code;
  std::string_view enhanced;
  std::string_view rule;  ///< "T&C 1", a clause of the terms; or a section of a standard
  Help help;
  std::string_view text;
};

/// The contact record: data of the organisation; what it leaves out are these general words.
struct Contacts {
  std::string administrator = "your mail administrator";
  std::string representative = "your local user representative for CJSM";
  std::string helpdesk = "CJSM helpdesk, cjsm.helpdesk@egress.com";
};

[[nodiscard]] const RefusalText& text_of(Refusal refusal);
/// The text; for what is refused for good, the rule and the contact behind it.
[[nodiscard]] smtp::Reply reply_of(Refusal refusal, const Contacts& contacts = {});

/// The replies that a server session gives by itself.
[[nodiscard]] smtp::ServerSession::Replies session_replies();

}  // namespace privyseal::policy
