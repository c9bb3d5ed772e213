/// The client side of one mail transaction with the next hop, without its I/O: what to send
/// next and what a reply means (RFC 5321 section 3.3; TLS: RFC 3207; pipelining: RFC 2920).
///
/// One connection carries one mail, so that every mail has fresh session keys. Nothing about the mail is
/// ever sent outside TLS: a hop that does not offer STARTTLS ends the dialogue. No fallback, no HELO.
///
/// How a driver uses it:
///   read a reply; step = on_reply(reply); write step.send; repeat until kHandshake. Then: if LineReader
///   holds bytes, give up; else shake hands, write secured(), read on until kReady.
///   With TlsStart::kImplicit it begins with the handshake and secured().
///   write mail(...), read its reply; write recipient(...), read; ... With may_pipeline() the driver may
///   write several of these before it reads; replies come in the same order.
///   write start_data(); after kGoAhead write the body, then end_of_data(), then read the verdict.
///   Or, if the hop offers CHUNKING (RFC 3030): for each chunk write chunk(), its bytes, and read the reply:
///   kGoAhead, or after the last one the verdict.
///   To abandon a mail after kGoAhead, close the connection without end_of_data().
///
/// Threads: one session owns it. Broken call order ends the process; broken replies never do.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "firmware/smtp/address.h"
#include "firmware/smtp/command.h"
#include "firmware/smtp/reply.h"
#include "firmware/smtp/tls_start.h"

namespace privyseal::smtp {

/// Why a dialogue ended before the hop judged the mail. All of them: try again later (4xx).
enum class HopFailure {
  kNone,
  kUnwelcome,        ///< the greeting or EHLO was answered with 4xx or 5xx
  kNoStartTls,       ///< STARTTLS is not offered; nothing was sent
  kStartTlsRefused,  ///< offered and then refused
  kLoginRefused,     ///< AUTH was not answered with 235
  kProtocol,         ///< a reply that makes no sense here
  kClosing,          ///< 421: the hop goes away
};

/// For logs: "offers no STARTTLS".
[[nodiscard]] std::string_view to_string(HopFailure failure);

/// What the hop said it can do, from its EHLO reply.
struct Extensions {
  bool starttls = false;
  bool pipelining = false;
  bool eight_bit_mime = false;
  bool size = false;
  std::uint64_t max_size_bytes = 0;  ///< 0: offered without a limit, or not offered
  bool smtputf8 = false;
  bool dsn = false;
  bool require_tls = false;
  bool chunking = false;
  bool auth_plain = false;
  std::uint64_t max_recipients = 0;         ///< LIMITS RCPTMAX (RFC 9422); 0: none given
  std::uint64_t max_recipient_domains = 0;  ///< LIMITS RCPTDOMAINMAX
  bool operator==(const Extensions&) const = default;
};

/// Total: what is not understood is not offered.
[[nodiscard]] Extensions parse_extensions(const Reply& ehlo_reply);

class ClientDialogue {
 public:
  enum class Event {
    kContinue,   ///< write `send`, read the next reply
    kHandshake,  ///< start TLS now, then secured()
    kReady,      ///< inside TLS, greeted: a mail may be opened
    kMailAccepted,
    kMailRefused,  ///< the reply says why; passed_on() for our client. 421 is kFailed instead
    kRecipientAccepted,
    kRecipientRefused,  ///< this one only; others may follow. 421 is kFailed instead
    kGoAhead,           ///< 354: write the body
    kDataRefused,       ///< no 354; the mail is refused with this reply
    kDelivered,         ///< 2xx after the end: the hop has the mail
    kNotDelivered,      ///< the hop refused the mail, after its end or in the middle of the body
    kBye,               ///< QUIT was answered
    kFailed,            ///< failure() says why; close
  };
  struct Step {
    Event event;
    std::string send;
  };

  /// `hostname` is what we call ourselves in EHLO.
  explicit ClientDialogue(std::string hostname, TlsStart tls_start = TlsStart::kStartTls);

  /// One complete reply. Total: any reply in any state gives a Step.
  [[nodiscard]] Step on_reply(const Reply& reply);

  /// After the handshake: the bytes to write; none where the hop has to greet us first.
  [[nodiscard]] std::string secured();

  /// After kReady, if the hop offers it: the driver writes AUTH PLAIN, which is a secret and not for this
  /// class; kReady comes again when it was taken.
  void logging_in();

  /// What the mail needs and the hop does not offer; the mail must be refused (RFC 6531 section 3.1, RFC 8689
  /// section 4.2.1).
  enum class Missing { kNothing, kSmtpUtf8, kRequireTls };
  [[nodiscard]] Missing missing_for(const MailFrom& mail) const;

  /// Only once, after kReady, for a mail that misses nothing. What else the hop does not offer is left out.
  [[nodiscard]] std::string mail(const MailFrom& mail);
  /// False if the hop said that it takes no further recipient, or none of a further domain, in one mail.
  [[nodiscard]] bool may_add(const Address& address) const;
  /// After mail(), if may_add(); before its reply only if may_pipeline().
  [[nodiscard]] std::string recipient(const RcptTo& recipient);
  /// When all replies are read and at least one recipient was accepted.
  [[nodiscard]] std::string start_data();
  /// When the whole body was written and the mail shall exist.
  [[nodiscard]] std::string end_of_data();
  /// When all replies are read and at least one recipient was accepted, and then instead of DATA.
  [[nodiscard]] std::string chunk(std::uint64_t size_bytes, bool is_last);
  /// A polite end, if the hop can hear it now; otherwise empty: just close.
  [[nodiscard]] std::string quit();

  [[nodiscard]] bool may_pipeline() const { return extensions_.pipelining; }
  /// False if the hop said that it takes no mail of this size.
  [[nodiscard]] bool may_take(std::uint64_t size_bytes) const;
  [[nodiscard]] const Extensions& extensions() const { return extensions_; }
  [[nodiscard]] HopFailure failure() const { return failure_; }
  /// No mail can be carried any more: delivered, refused, failed or closing. The driver closes.
  [[nodiscard]] bool is_over() const { return stage_ == Stage::kOver; }
  /// Replies that are due.
  [[nodiscard]] std::size_t due() const { return due_.size(); }

 private:
  enum class Stage { kConnecting, kHandshake, kGreeting, kReady, kEnvelope, kBody, kVerdict, kOver };
  enum class Due {
    kGreeting,
    kClearEhlo,
    kStartTls,
    kLogin,
    kEhlo,
    kMail,
    kRecipient,
    kData,
    kChunk,
    kVerdict,
    kQuit
  };

  [[nodiscard]] Step on_clear_ehlo(const Reply& reply);
  [[nodiscard]] Step on_start_tls(const Reply& reply);
  [[nodiscard]] Step on_login(const Reply& reply);
  [[nodiscard]] Step on_mail(const Reply& reply);
  [[nodiscard]] Step on_recipient(const Reply& reply);
  [[nodiscard]] Step on_data(const Reply& reply);
  [[nodiscard]] Step on_chunk(const Reply& reply);
  [[nodiscard]] Step on_verdict(const Reply& reply);
  [[nodiscard]] Step on_unasked(const Reply& reply);
  [[nodiscard]] Step over(Event event, const Reply& reply);
  [[nodiscard]] Step fail_with(HopFailure why);
  [[nodiscard]] static HopFailure turned_away(const Reply& reply);

  std::string hostname_;
  TlsStart tls_start_;
  Stage stage_;
  HopFailure failure_ = HopFailure::kNone;
  Extensions extensions_;
  std::deque<Due> due_;
  bool mail_accepted_ = false;
  bool is_body_open_ = false;  ///< 354 came, or a chunk was sent, and the end was not
  bool is_chunked_ = false;
  std::size_t recipients_ = 0;
  std::size_t asked_ = 0;          ///< RCPT sent
  std::set<std::string> domains_;  ///< of those
};

}  // namespace privyseal::smtp
