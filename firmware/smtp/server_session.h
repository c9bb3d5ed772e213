/// The server side of an SMTP session without its I/O: which command is legal now, and what
/// the driver must do about it (RFC 5321 section 4.1.4; TLS: RFC 3207).
///
/// The legal orders are a table in server_session.cc: state x command. No mail is taken before TLS, unless
/// the driver says of each that it may be (Options::may_be_clear).
///
/// How a driver uses it:
///   send greeting(); then for each line: action = on(parse_command(line)); do what the action says.
///   OpenMail, AddRecipient, StartData: do it, send a reply of your own choice and tell the session
///   the same reply with answered(). After 354 has been answered, read the body with DotStream, send the
///   verdict and tell it with answered() too.
///   Of AddRecipient several may wait for their replies, so that they can go to the next hop as a group
///   (RFC 2920): while may_add_at_once(), another RcptTo may be given to on(); answered() then tells the
///   replies in their order.
///   StartData: DATA ends a pipelined group (RFC 2920); if LineReader holds bytes behind it, the client is
///   broken or smuggling: close.
///   ShakeHands: if LineReader still holds bytes, close; else send the reply, shake hands, call secured().
///   Instead of its reply the driver may send a 4xx (keys unavailable) and tell it with answered().
///
/// Threads: one session owns it. Broken call order (on() while an answer is due) ends the process.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <variant>

#include "firmware/smtp/command.h"
#include "firmware/smtp/reply.h"

namespace privyseal::smtp {

/// Send the reply and read the next command.
struct SendReply {
  Reply reply;
};
/// Check that nothing is buffered, send the reply, shake hands, call secured().
struct ShakeHands {
  Reply reply;
};
/// A new mail. answered() with 2xx opens it.
struct OpenMail {
  MailFrom mail;
};
/// One more recipient. answered() with 2xx counts it.
struct AddRecipient {
  RcptTo recipient;
};
/// At least one recipient was accepted. answered() with 354: the body follows; otherwise the mail is gone.
struct StartData {};
/// The next bytes are part of the mail; read them all, then answered(): 2xx keeps the mail open for the next
/// chunk; anything else, and every reply to the last chunk, ends it.
struct TakeChunk {
  std::uint64_t size_bytes;
  bool is_last;
};
/// The next bytes are part of no mail: read them all, then send the reply.
struct SkipChunk {
  std::uint64_t size_bytes;
  Reply reply;
};
/// Forget the open mail (tell the next hop), then send the reply.
struct DropMail {
  Reply reply;
};
/// Send the reply and close; an open mail is gone.
struct CloseSession {
  Reply reply;
};

using Action = std::variant<SendReply, ShakeHands, OpenMail, AddRecipient, StartData, TakeChunk, SkipChunk,
                            DropMail, CloseSession>;

class ServerSession {
 public:
  /// Replies whose wording belongs to the table of refusals (policy::session_replies() fills it).
  struct Replies {
    Reply starttls_required;
    Reply message_too_big;
    Reply too_many_recipients;
    Reply too_many_errors;
    Reply session_used_up;
  };
  struct Options {
    std::string hostname;  ///< ours, in the greeting and the EHLO reply
    bool chunking = true;  ///< without it BDAT ends the session
    std::uint64_t max_size_bytes = 25ULL << 20;
    std::size_t max_recipients = 100;     ///< accepted ones in a mail; as many again may be refused
    std::size_t max_mails = 1000;         ///< MAILs in a session; the next one closes it
    std::size_t max_bad_commands = 10;    ///< the last of them closes the session
    std::size_t max_idle_commands = 100;  ///< EHLO, NOOP, RSET, VRFY, MAIL since the last verdict
    Replies replies;
    /// Whether this client may begin a mail in clear now. Asked at every command that it gives in clear while
    /// no mail is open, so that an exception ends at its second; without it nobody may.
    std::function<bool()> may_be_clear{};
  };

  /// What our EHLO says besides, because the next hop said it last time. We carry mail through and keep none:
  /// what it does not offer we cannot promise. No mail is refused by it: the hop may say something else by
  /// then.
  struct NextHopOffer {
    std::uint64_t max_size_bytes = 0;  ///< 0: no limit, or none known
    bool dsn = false;
  };

  explicit ServerSession(Options options);

  /// Holds for the commands that follow.
  void next_hop_offers(NextHopOffer offer) { hop_ = offer; }

  [[nodiscard]] Reply greeting() const;
  [[nodiscard]] Action on(const Command& command);
  /// An AddRecipient waits for its reply, and one more recipient could be taken whatever that will be.
  [[nodiscard]] bool may_add_at_once() const;
  /// The reply that the driver sent to OpenMail, AddRecipient, StartData, or after the body.
  void answered(const Reply& reply);
  /// TLS is up. Everything said before is forgotten (RFC 3207 section 4.2).
  void secured();

  [[nodiscard]] bool is_secured() const;
  [[nodiscard]] bool is_esmtp() const { return is_esmtp_; }
  /// What the client calls itself; empty before EHLO or HELO.
  [[nodiscard]] const std::string& client_name() const { return client_name_; }
  /// Recipients accepted in the open mail.
  [[nodiscard]] std::size_t recipients() const { return recipients_; }
  /// MAIL was accepted and its verdict is not out yet.
  [[nodiscard]] bool has_open_mail() const;

  /// Columns of the table.
  enum class State {
    kClear,      ///< connected, nothing said
    kClearHelo,  ///< HELO in clear: nothing can come of it but a mail that may be clear
    kClearEhlo,  ///< EHLO in clear: STARTTLS may follow, or a mail that may be clear
    kSecured,    ///< TLS is up, EHLO must come again
    kReady,      ///< greeted inside TLS
    kMail,       ///< MAIL accepted; this and the following inside TLS, or in clear
    kRecipient,  ///< at least one RCPT accepted
    kChunks,     ///< a chunk was taken, the last one was not
    kBody,       ///< 354 sent: no commands, bytes
    kClosed,
  };
  [[nodiscard]] State state() const { return state_; }

 private:
  enum class Due { kNothing, kHandshake, kMail, kRecipient, kData, kChunk, kLastChunk, kVerdict };

  [[nodiscard]] Action perform(const Ehlo& command);
  [[nodiscard]] Action perform(const Helo& command);
  [[nodiscard]] Action perform(const StartTls& command);
  [[nodiscard]] Action perform(const MailFrom& command);
  [[nodiscard]] Action perform(const RcptTo& command);
  [[nodiscard]] Action perform(const Data& command);
  [[nodiscard]] Action perform(const Bdat& command);
  [[nodiscard]] Action perform(const Rset& command);
  [[nodiscard]] Action perform(const Noop& command);
  [[nodiscard]] Action perform(const Vrfy& command);
  [[nodiscard]] Action perform(const Quit& command);
  [[nodiscard]] Action perform(const BadCommand& command);

  [[nodiscard]] State column() const;
  [[nodiscard]] Action tls_first(const Command& command);
  [[nodiscard]] Action out_of_order(const Command& command, Reply reply);
  [[nodiscard]] Action skip(const Bdat& command, Reply reply);
  [[nodiscard]] Action bad(Reply reply);
  [[nodiscard]] Action idle(Reply reply);
  [[nodiscard]] Action close(Reply reply);
  [[nodiscard]] Action greeted(std::string domain, bool is_esmtp, Reply reply);
  void forget_mail();
  [[nodiscard]] std::uint64_t max_size_bytes() const;

  Options options_;
  NextHopOffer hop_;
  State state_ = State::kClear;
  Due due_ = Due::kNothing;
  bool is_inside_tls_ = false;
  bool is_esmtp_ = false;
  std::string client_name_;
  bool is_smtputf8_ = false;  ///< the open mail, or the one that MAIL asks for
  std::size_t recipients_ = 0;
  std::size_t refused_recipients_ = 0;
  std::size_t due_recipients_ = 0;  ///< AddRecipient given out and not answered
  std::size_t mails_ = 0;
  std::size_t bad_commands_ = 0;
  std::size_t idle_commands_ = 0;
};

/// The usual good replies, so that every driver says the same.
[[nodiscard]] Reply mail_accepted();
[[nodiscard]] Reply recipient_accepted();
[[nodiscard]] Reply go_ahead();

}  // namespace privyseal::smtp
