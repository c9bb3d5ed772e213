#include "firmware/policy/refusal.h"

#include <array>

#include "firmware/base/check.h"

namespace privyseal::policy {
namespace {

using enum Refusal;
using enum Help;
constexpr std::array kTexts{
    RefusalText{kClientNotListed, "client-not-listed", 554, "5.7.1", "T&C 15", kAdministrator,
                "This host may not use the CJSM gateway. Ask the gateway's administrator to list it."},
    RefusalText{kTooManyConnections, "too-many-connections", 421, "4.7.0", "T&C 25", kAdministrator,
                "Too many connections at once. Try again later."},
    RefusalText{kShuttingDown, "shutting-down", 421, "4.3.2", "RFC 5321 3.8", kAdministrator,
                "The CJSM gateway is restarting. Try again in a few minutes."},
    RefusalText{kTooManyErrors, "too-many-errors", 421, "4.7.0", "RFC 5321 4.3.2", kAdministrator,
                "Too many wrong or useless commands in this session. The connection is closed."},
    RefusalText{kSessionUsedUp, "session-used-up", 421, "4.7.0", "RFC 9422 4.1", kAdministrator,
                "This session has lasted as long, or carried as many mails, as one may. "
                "Connect again and go on."},
    RefusalText{kStartTlsRequired, "starttls-required", 530, "5.7.0", "T&C 17", kAdministrator,
                "Mail is only taken over TLS. Send STARTTLS first."},
    RefusalText{kStartTlsUnavailable, "starttls-unavailable", 454, "4.7.0", "T&C 17", kAdministrator,
                "TLS is not available now, because the keys cannot be reached. Try again later."},
    RefusalText{kClientCertificateRefused, "client-certificate-refused", 554, "5.7.0", "T&C 15",
                kAdministrator,
                "No certificate that this gateway accepts was shown. Ask the gateway's administrator."},
    RefusalText{kSenderNotOurs, "sender-not-ours", 550, "5.7.1", "T&C 15", kAdministrator,
                "Mail to CJSM must come from an address of this organisation. Check the sender address."},
    RefusalText{kRecipientNotCjsm, "recipient-not-cjsm", 550, "5.7.1", "SET guide G12", kAdministrator,
                "This gateway carries mail to addresses that end in .cjsm.net and to no others. "
                "Check the recipient address, or send this mail another way."},
    RefusalText{kRecipientNotOurs, "recipient-not-ours", 550, "5.7.1", "SET guide G12", kHelpdesk,
                "The recipient's domain is not one of this organisation. Check the recipient address."},
    RefusalText{kRecipientRoutesFurther, "recipient-routes-further", 550, "5.7.1", "RFC 5321 3.6",
                kAdministrator,
                "The part of the recipient address before the @ must not hold another route. "
                "Write the plain address without %, ! or a second @."},
    RefusalText{kSenderNotRegistered, "sender-not-registered", 550, "5.7.1", "T&C 3", kRepresentative,
                "There is no current signed commitment of this sender to the CJSM terms. "
                "Sign it with the local user representative, then send the mail again."},
    RefusalText{kRecipientRetired, "recipient-retired", 550, "5.1.1", "FAQ F13", kHelpdesk,
                "The CJSM directory says that this recipient's mailbox is closed. "
                "Look up the person's new address in the directory."},
    RefusalText{kPartnerNotAssured, "partner-not-assured", 550, "5.7.1", "Council K4", kAdministrator,
                "The recipient's domain is not on this organisation's list of assured partners. "
                "Ask for it to be added, or check the recipient address."},
    RefusalText{kTooManyRecipients, "too-many-recipients", 452, "4.5.3", "T&C 8", kAdministrator,
                "Too many recipients in one mail. Send the rest in another one."},
    RefusalText{kSenderRate, "sender-rate", 451, "4.7.1", "T&C 25", kAdministrator,
                "This sender has sent too many mails within one hour. Your mail server keeps the mail and "
                "tries again. The gateway's administrator can release the sender at once."},
    RefusalText{kOrganisationRate, "organisation-rate", 451, "4.7.1", "T&C 25", kAdministrator,
                "This organisation has sent too many mails within one hour. Your mail server keeps the mail "
                "and tries again. The gateway's administrator can release it at once."},
    RefusalText{kMessageTooBig, "message-too-big", 552, "5.3.4", "RFC 1870 6", kAdministrator,
                "The mail is bigger than this gateway may carry. Send less, or in several mails."},
    RefusalText{kSpokeOutOfTurn, "spoke-out-of-turn", 521, "5.5.1", "RFC 2920 3.1", kAdministrator,
                "Bytes were sent before our answer that they had to wait for. The sending program must be "
                "corrected."},
    RefusalText{kBareNewline, "bare-newline", 521, "5.5.2", "RFC 5321 2.3.8", kAdministrator,
                "A line in this session does not end with CRLF. The sending program must be corrected."},
    RefusalText{kLineTooLong, "line-too-long", 554, "5.6.0", "RFC 5321 4.5.3.1", kAdministrator,
                "A line in this session is longer than the mail standard allows. The sending program must be "
                "corrected."},
    RefusalText{kNulByte, "nul-byte", 521, "5.5.2", "RFC 5321 2.4", kAdministrator,
                "A NUL byte was sent. The sending program must be corrected."},
    RefusalText{kMailLoop, "mail-loop", 554, "5.4.6", "RFC 5321 6.3", kAdministrator,
                "This mail has passed too many hosts and is going in circles. Tell your mail administrator."},
    RefusalText{kHopWithoutSmtpUtf8, "hop-without-international-mail", 550, "5.6.7", "RFC 6531 3.7",
                kAdministrator,
                "The next mail server takes no international addresses and headers (SMTPUTF8). "
                "Write plain ones, or send this mail another way."},
    RefusalText{kHopWithout8BitMime, "hop-without-eight-bits", 550, "5.6.3", "RFC 6152 3", kAdministrator,
                "The next mail server takes no 8-bit text (8BITMIME). Send this mail with another encoding."},
    RefusalText{kHopWithoutRequireTls, "hop-without-requiretls", 550, "5.7.30", "RFC 8689 4.2.1",
                kAdministrator,
                "The sender asked for TLS on the whole way, which the next mail server does not promise. "
                "Send the mail without this wish (REQUIRETLS), or another way."},
    RefusalText{kHeaderTooBig, "header-too-big", 552, "5.3.4", "RFC 5321 4.5.3.1", kAdministrator,
                "The header of this mail is too long to be checked. The sending program must be corrected."},
    RefusalText{kDotInHeader, "dot-in-header", 550, "5.6.0", "RFC 5321 4.5.2", kAdministrator,
                "A line in the header of this mail begins with a single dot, which hides it from checks. "
                "The sending program must be corrected."},
    RefusalText{kMarkedTooHigh, "marked-too-high", 550, "5.7.1", "T&C 8", kRepresentative,
                "This mail is marked above OFFICIAL-SENSITIVE, and CJSM may not carry it. "
                "If the marking is wrong, correct it and send the mail again. "
                "If it is right, use a system for that marking."},
    RefusalText{kNotMarked, "not-marked", 550, "5.7.1", "Council K6", kAdministrator,
                "This mail has no protective marking. "
                "Put OFFICIAL or OFFICIAL-SENSITIVE at the beginning of the subject and send it again."},
    RefusalText{kNoHandlingInstruction, "no-handling-instruction", 550, "5.7.1", "T&C 2", kRepresentative,
                "This mail is marked OFFICIAL-SENSITIVE and says nothing on how to handle it. "
                "Add an instruction such as RECIPIENTS ONLY to the subject and send it again."},
    RefusalText{kSecureWithoutRoute, "secure-without-route", 550, "5.7.1", "Council K5", kAdministrator,
                "The subject asks for secure delivery, and a recipient of this mail is not in CJSM. "
                "This gateway has sent the mail to nobody. "
                "Write to each recipient's address that ends in .cjsm.net."},
    RefusalText{
        kFromNotOurs, "from-not-ours", 550, "5.7.1", "Council K1", kAdministrator,
        "The From line of this mail names nobody of this organisation. Send it from your own address."},
    RefusalText{kBlindBlast, "blind-blast", 550, "5.7.1", "T&C 8", kAdministrator,
                "This mail goes to many recipients and names none of them in To or Cc. "
                "Name those who need to know it."},
    RefusalText{kSharedService, "shared-service", 550, "5.7.1", "SET guide G17", kAdministrator,
                "This mail was sent through a mailing service that many customers share. "
                "Send it from the organisation's own mail server."},
    RefusalText{kAutoForwarded, "auto-forwarded", 550, "5.7.1", "SET guide G20", kAdministrator,
                "Mail is not forwarded to CJSM by a rule. Forward it by hand if the recipient needs it."},
    RefusalText{kBulkMail, "bulk-mail", 550, "5.7.1", "T&C 25", kRepresentative,
                "CJSM carries no mailing lists and no advertising. Write to the persons who need the mail."},
    RefusalText{kAutomatedMail, "automated-mail", 550, "5.7.1", "T&C 9", kRepresentative,
                "A program sent this mail, and the Ministry of Justice has not permitted it. "
                "Ask the local user representative for a permission."},
    RefusalText{kPermitUsedUp, "permit-used-up", 451, "4.7.1", "T&C 9", kRepresentative,
                "This sender's permission for automated mail is used up for this hour. "
                "Your mail server keeps the mail and tries again."},
    RefusalText{kMalware, "malware", 550, "5.7.1", "T&C 22", kAdministrator,
                "The malware scanner found something harmful in this mail, and it was not passed on. "
                "Have the computer that it was written on examined."},
    RefusalText{kSuspended, "suspended", 421, "4.3.2", "T&C 5", kRepresentative,
                "This organisation has suspended its connection to CJSM. "
                "The mail waits and is tried again."},
    RefusalText{kTerminatedOut, "terminated-out", 550, "5.7.1", "T&C 27", kRepresentative,
                "This organisation's connection to CJSM has ended. The mail was not sent."},
    RefusalText{kTerminatedIn, "terminated-in", 521, "5.3.2", "T&C 27", kHelpdesk,
                "This organisation's connection to CJSM has ended. It takes no more mail from CJSM."},
    RefusalText{kFirewallDown, "firewall-down", 421, "4.3.2", "T&C 21", kAdministrator,
                "The gateway cannot vouch for its firewall now, and carries no mail until it can. "
                "The mail waits and is tried again."},
    RefusalText{kPlannedMaintenance, "planned-maintenance", 451, "4.3.2", "FAQ F9", kHelpdesk,
                "CJSM is down for planned maintenance. Your mail server keeps the mail and tries again."},
    RefusalText{
        kNextHopsBusy, "next-hops-busy", 451, "4.4.5", "RFC 5321 4.5.4.1", kAdministrator,
        "As many mails as may go on at once are on their way. Your mail server keeps the mail and tries "
        "again."},
    RefusalText{kRelayUnavailable, "relay-unavailable", 451, "4.4.1", "FAQ F10", kHelpdesk,
                "CJSM cannot be reached now. Your mail server keeps the mail and tries again."},
    RefusalText{kRelayCertificateRefused, "relay-certificate-refused", 451, "4.7.5", "SET guide G9",
                kHelpdesk,
                "The CJSM relay did not prove who it is, so nothing was sent. "
                "Your mail server keeps the mail and tries again."},
    RefusalText{kRelayWithoutStartTls, "relay-without-starttls", 451, "4.7.5", "SET guide G2", kHelpdesk,
                "The next mail server offers no TLS, so nothing was sent. "
                "The mail waits and is tried again."},
    RefusalText{
        kRelayLoginRefused, "relay-login-refused", 451, "4.7.0", "SET guide G12", kHelpdesk,
        "CJSM does not take this gateway's log-in, so nothing was sent. Tell the gateway's administrator. "
        "Your mail server keeps the mail and tries again."},
    RefusalText{kRelayMisbehaved, "relay-misbehaved", 451, "4.5.0", "RFC 5321 4.2", kHelpdesk,
                "The next mail server broke off or gave an answer that makes no sense. "
                "The mail waits and is tried again."},
    RefusalText{kMailServerUnavailable, "mail-server-unavailable", 451, "4.4.1", "FAQ F10", kAdministrator,
                "The organisation's mail server cannot be reached now. Try again later."},
    RefusalText{
        kMailServerCertificateRefused, "mail-server-certificate-refused", 451, "4.7.5", "T&C 17",
        kAdministrator,
        "The organisation's mail server did not prove who it is, so nothing was passed on. Try again later."},
    RefusalText{kKeysUnavailable, "keys-unavailable", 451, "4.7.0", "T&C 16", kAdministrator,
                "The gateway cannot reach its keys now. The mail waits and is tried again."},
    RefusalText{kLedgerUnavailable, "ledger-unavailable", 451, "4.3.0", "T&C 4", kAdministrator,
                "The gateway cannot record mail now, and carries none unrecorded. The mail waits and is "
                "tried again."},
    RefusalText{kLedgerFull, "ledger-full", 452, "4.3.1", "T&C 4", kAdministrator,
                "The gateway has no room left to record mail, and carries none unrecorded. The mail waits "
                "and is tried again."},
    RefusalText{kScannerUnavailable, "scanner-unavailable", 451, "4.7.1", "T&C 22", kAdministrator,
                "The malware scanner gave no verdict on this mail, and none passes without one. "
                "The mail waits and is tried again."},
    RefusalText{kInputTooSlow, "input-too-slow", 421, "4.4.2", "RFC 5321 4.5.3.2", kAdministrator,
                "Nothing was heard for too long. The connection is closed."},
};

consteval bool rows_are_in_order() {
  for (std::size_t i = 0; i < kTexts.size(); ++i) {
    if (static_cast<std::size_t>(kTexts[i].refusal) != i) return false;
  }
  return kTexts.size() == kRefusals;
}
static_assert(rows_are_in_order(), "one row for each enumerator, in its order");

const std::string& contact(Help help, const Contacts& contacts) {
  switch (help) {
    case kRepresentative:
      return contacts.representative;
    case kHelpdesk:
      return contacts.helpdesk;
    case kAdministrator:
      break;
  }
  return contacts.administrator;
}

}  // namespace

const RefusalText& text_of(Refusal refusal) {
  const auto index = static_cast<std::size_t>(refusal);
  CHECK(index < kTexts.size());
  return kTexts[index];
}

smtp::Reply reply_of(Refusal refusal, const Contacts& contacts) {
  const RefusalText& row = text_of(refusal);
  smtp::Reply reply = smtp::make_reply(row.code, row.enhanced, row.text);
  // A mail that is only deferred is tried again: nobody has to be asked about it.
  if (reply.is_permanent())
    reply.lines[0] += " Rule: " + std::string(row.rule) + ". Contact: " + contact(row.help, contacts);
  return reply;
}

smtp::ServerSession::Replies session_replies() {
  return {.starttls_required = reply_of(kStartTlsRequired),
          .message_too_big = reply_of(kMessageTooBig),
          .too_many_recipients = reply_of(kTooManyRecipients),
          .too_many_errors = reply_of(kTooManyErrors),
          .session_used_up = reply_of(kSessionUsedUp)};
}

}  // namespace privyseal::policy
