#include "firmware/policy/refusal.h"

#include <array>

#include "firmware/base/check.h"

namespace privyseal::policy {
namespace {

using enum Refusal;
constexpr std::array kTexts{
    RefusalText{kClientNotListed, "client-not-listed", 554, "5.7.1",
                "This host may not use the CJSM gateway. Ask the gateway's administrator to list it."},
    RefusalText{kTooManyConnections, "too-many-connections", 421, "4.7.0",
                "Too many connections at once. Try again later."},
    RefusalText{kShuttingDown, "shutting-down", 421, "4.3.2",
                "The CJSM gateway is restarting. Try again in a few minutes."},
    RefusalText{kTooManyErrors, "too-many-errors", 421, "4.7.0",
                "Too many wrong or useless commands in this session. The connection is closed."},
    RefusalText{kStartTlsRequired, "starttls-required", 530, "5.7.0",
                "Mail is only taken over TLS. Send STARTTLS first."},
    RefusalText{kStartTlsUnavailable, "starttls-unavailable", 454, "4.7.0",
                "TLS is not available now, because the keys cannot be reached. Try again later."},
    RefusalText{kClientCertificateRefused, "client-certificate-refused", 554, "5.7.0",
                "No certificate that this gateway accepts was shown. Ask the gateway's administrator."},
    RefusalText{kSenderNotOurs, "sender-not-ours", 550, "5.7.1",
                "Mail to CJSM must come from an address of this organisation. Check the sender address."},
    RefusalText{kRecipientNotCjsm, "recipient-not-cjsm", 550, "5.7.1",
                "This gateway carries mail to addresses that end in .cjsm.net and to no others. "
                "Check the recipient address, or send this mail another way."},
    RefusalText{kRecipientNotOurs, "recipient-not-ours", 550, "5.7.1",
                "The recipient's domain is not one of this organisation. Check the recipient address."},
    RefusalText{kRecipientRoutesFurther, "recipient-routes-further", 550, "5.7.1",
                "The part of the recipient address before the @ must not hold another route. "
                "Write the plain address without %, ! or a second @."},
    RefusalText{kTooManyRecipients, "too-many-recipients", 452, "4.5.3",
                "Too many recipients in one mail. Send the rest in another one."},
    RefusalText{kMessageTooBig, "message-too-big", 552, "5.3.4",
                "The mail is bigger than this gateway may carry. Send less, or in several mails."},
    RefusalText{kSpokeOutOfTurn, "spoke-out-of-turn", 521, "5.5.1",
                "Bytes were sent before our answer that they had to wait for. The sending program must be "
                "corrected."},
    RefusalText{kBareNewline, "bare-newline", 521, "5.5.2",
                "A line in this session does not end with CRLF. The sending program must be corrected."},
    RefusalText{kLineTooLong, "line-too-long", 554, "5.6.0",
                "A line in this session is longer than the mail standard allows. The sending program must be "
                "corrected."},
    RefusalText{kNulByte, "nul-byte", 521, "5.5.2",
                "A NUL byte was sent. The sending program must be corrected."},
    RefusalText{kMailLoop, "mail-loop", 554, "5.4.6",
                "This mail has passed too many hosts and is going in circles. Tell your mail administrator."},
    RefusalText{kHopWithoutSmtpUtf8, "hop-without-international-mail", 550, "5.6.7",
                "The next mail server takes no international addresses and headers (SMTPUTF8). "
                "Write plain ones, or send this mail another way."},
    RefusalText{kHopWithout8BitMime, "hop-without-eight-bits", 550, "5.6.3",
                "The next mail server takes no 8-bit text (8BITMIME). Send this mail with another encoding."},
    RefusalText{kHopWithoutRequireTls, "hop-without-requiretls", 550, "5.7.30",
                "The sender asked for TLS on the whole way, which the next mail server does not promise. "
                "Send the mail without this wish (REQUIRETLS), or another way."},
    RefusalText{kRelayUnavailable, "relay-unavailable", 451, "4.4.1",
                "CJSM cannot be reached now. Your mail server keeps the mail and tries again."},
    RefusalText{kRelayCertificateRefused, "relay-certificate-refused", 451, "4.7.5",
                "The CJSM relay did not prove who it is, so nothing was sent. "
                "Your mail server keeps the mail and tries again."},
    RefusalText{kRelayWithoutStartTls, "relay-without-starttls", 451, "4.7.5",
                "The next mail server offers no TLS, so nothing was sent. "
                "The mail waits and is tried again."},
    RefusalText{
        kRelayLoginRefused, "relay-login-refused", 451, "4.7.0",
        "CJSM does not take this gateway's log-in, so nothing was sent. Tell the gateway's administrator. "
        "Your mail server keeps the mail and tries again."},
    RefusalText{kRelayMisbehaved, "relay-misbehaved", 451, "4.5.0",
                "The next mail server broke off or gave an answer that makes no sense. "
                "The mail waits and is tried again."},
    RefusalText{kMailServerUnavailable, "mail-server-unavailable", 451, "4.4.1",
                "The organisation's mail server cannot be reached now. Try again later."},
    RefusalText{
        kMailServerCertificateRefused, "mail-server-certificate-refused", 451, "4.7.5",
        "The organisation's mail server did not prove who it is, so nothing was passed on. Try again later."},
    RefusalText{kKeysUnavailable, "keys-unavailable", 451, "4.7.0",
                "The gateway cannot reach its keys now. The mail waits and is tried again."},
    RefusalText{kLedgerUnavailable, "ledger-unavailable", 451, "4.3.0",
                "The gateway cannot record mail now, and carries none unrecorded. The mail waits and is "
                "tried again."},
    RefusalText{kInputTooSlow, "input-too-slow", 421, "4.4.2",
                "Nothing was heard for too long. The connection is closed."},
};

consteval bool rows_are_in_order() {
  for (std::size_t i = 0; i < kTexts.size(); ++i) {
    if (static_cast<std::size_t>(kTexts[i].refusal) != i) return false;
  }
  return kTexts.size() == kRefusals;
}
static_assert(rows_are_in_order(), "one row for each enumerator, in its order");

}  // namespace

const RefusalText& text_of(Refusal refusal) {
  const auto index = static_cast<std::size_t>(refusal);
  CHECK(index < kTexts.size());
  return kTexts[index];
}

smtp::Reply reply_of(Refusal refusal) {
  const RefusalText& row = text_of(refusal);
  return smtp::make_reply(row.code, row.enhanced, row.text);
}

smtp::ServerSession::Replies session_replies() {
  return {.starttls_required = reply_of(kStartTlsRequired),
          .message_too_big = reply_of(kMessageTooBig),
          .too_many_recipients = reply_of(kTooManyRecipients),
          .too_many_errors = reply_of(kTooManyErrors)};
}

}  // namespace privyseal::policy
