#include "firmware/smtp/server_session.h"

#include <algorithm>
#include <array>
#include <utility>

#include "firmware/base/check.h"

namespace privyseal::smtp {
namespace {

/// What the table says about a command in a state.
enum class Rule {
  kDo,
  kHello,  ///< 503: EHLO first
  kTls,    ///< 530: STARTTLS first
  kMail,   ///< 503: MAIL first
  kTwice,  ///< 503: once is enough
  kChunk,  ///< 503: the mail has begun with BDAT
};

struct Row {
  std::size_t command;  ///< index in the Command variant
  std::array<Rule, 8> rules;
};

template <class T, std::size_t I = 0>
constexpr std::size_t index_of() {
  if constexpr (std::is_same_v<std::variant_alternative_t<I, Command>, T>) {
    return I;
  } else {
    return index_of<T, I + 1>();
  }
}

using enum Rule;
/// In clear, only what RFC 3207 section 4 allows is done, and RSET, which does nothing. Who may send in clear
/// is looked up in the columns of TLS: column().
constexpr std::array kTable{
    //                         kClear  kClearHelo kClearEhlo kSecured kReady   kMail    kRecipient kChunks
    Row{index_of<Ehlo>(), {kDo, kDo, kDo, kDo, kDo, kDo, kDo, kDo}},
    Row{index_of<Helo>(), {kDo, kDo, kDo, kDo, kDo, kDo, kDo, kDo}},
    Row{index_of<StartTls>(), {kHello, kHello, kDo, kTwice, kTwice, kTwice, kTwice, kTwice}},
    Row{index_of<MailFrom>(), {kTls, kTls, kTls, kHello, kDo, kTwice, kTwice, kTwice}},
    Row{index_of<RcptTo>(), {kTls, kTls, kTls, kHello, kMail, kDo, kDo, kChunk}},
    Row{index_of<Data>(), {kTls, kTls, kTls, kHello, kMail, kDo, kDo, kChunk}},
    Row{index_of<Bdat>(), {kTls, kTls, kTls, kHello, kMail, kDo, kDo, kDo}},
    Row{index_of<Rset>(), {kDo, kDo, kDo, kDo, kDo, kDo, kDo, kDo}},
    Row{index_of<Noop>(), {kDo, kDo, kDo, kDo, kDo, kDo, kDo, kDo}},
    Row{index_of<Vrfy>(), {kTls, kTls, kTls, kDo, kDo, kDo, kDo, kDo}},
    Row{index_of<Quit>(), {kDo, kDo, kDo, kDo, kDo, kDo, kDo, kDo}},
    Row{index_of<BadCommand>(), {kDo, kDo, kDo, kDo, kDo, kDo, kDo, kDo}},
};

consteval bool has_one_row_for_each_command() {
  for (std::size_t i = 0; i < kTable.size(); ++i) {
    if (kTable[i].command != i) return false;
  }
  return kTable.size() == std::variant_size_v<Command>;
}
static_assert(has_one_row_for_each_command());

constexpr std::uint64_t kMaxSkipFactor = 2;  // how much of an unwanted mail is read before hanging up

Reply ok() { return make_reply(250, "2.0.0", "OK"); }

}  // namespace

ServerSession::ServerSession(Options options) : options_(std::move(options)) {
  for (const Reply* reply : {&options_.replies.starttls_required, &options_.replies.message_too_big,
                             &options_.replies.too_many_recipients, &options_.replies.too_many_errors,
                             &options_.replies.session_used_up}) {
    CHECK(reply->is_transient() || reply->is_permanent());
  }
}

Reply ServerSession::greeting() const { return make_reply(220, "", options_.hostname + " ESMTP"); }

Action ServerSession::on(const Command& command) {
  const bool is_in_group = may_add_at_once() && std::holds_alternative<RcptTo>(command);
  CHECK((due_ == Due::kNothing || is_in_group) && state_ != State::kBody && state_ != State::kClosed);
  if (std::holds_alternative<Bdat>(command) && !options_.chunking)
    return close(make_reply(502, "5.5.1", "Command not implemented"));
  const State state = std::holds_alternative<StartTls>(command) ? state_ : column();
  switch (kTable[command.index()].rules[static_cast<std::size_t>(state)]) {
    case kDo:
      return std::visit([this](const auto& known) { return perform(known); }, command);
    case kHello:
      return out_of_order(command, make_reply(503, "5.5.1", "Send EHLO first"));
    case kTls:
      return tls_first(command);
    case kMail:
      return out_of_order(command, make_reply(503, "5.5.1", "Send MAIL first"));
    case kTwice:
      if (std::holds_alternative<StartTls>(command) && !is_inside_tls_)
        return bad(make_reply(503, "5.5.1", "A mail is open: send RSET first"));
      return out_of_order(command, make_reply(503, "5.5.1", "This command was given already"));
    case kChunk:
      return out_of_order(command, make_reply(503, "5.5.1", "Send the rest of the mail with BDAT"));
  }
  CHECK(false);
  std::unreachable();
}

/// Of the table: a client that may send in clear now has come as far as others have inside TLS.
ServerSession::State ServerSession::column() const {
  const bool is_clear = state_ == State::kClear || state_ == State::kClearHelo || state_ == State::kClearEhlo;
  if (!is_clear || !options_.may_be_clear || !options_.may_be_clear()) return state_;
  return state_ == State::kClear ? State::kSecured : State::kReady;
}

/// A chunk behind its command is not read in clear: the session ends.
Action ServerSession::tls_first(const Command& command) {
  if (std::holds_alternative<Bdat>(command)) return close(options_.replies.starttls_required);
  return bad(options_.replies.starttls_required);
}

/// A chunk stands behind its command whether or not we want it.
Action ServerSession::out_of_order(const Command& command, Reply reply) {
  if (const auto* chunk = std::get_if<Bdat>(&command)) return skip(*chunk, std::move(reply));
  return bad(std::move(reply));
}

Action ServerSession::perform(const Ehlo& command) {
  Reply reply{250, "", {options_.hostname}};
  if (!is_secured()) reply.lines.emplace_back("STARTTLS");
  reply.lines.push_back("SIZE " + std::to_string(max_size_bytes()));
  for (const char* extension : {"8BITMIME", "SMTPUTF8", "PIPELINING", "ENHANCEDSTATUSCODES"})
    reply.lines.emplace_back(extension);
  if (options_.chunking) reply.lines.emplace_back("CHUNKING");
  if (hop_.dsn) reply.lines.emplace_back("DSN");
  if (is_secured()) reply.lines.emplace_back("REQUIRETLS");  // RFC 8689 section 2: only inside TLS
  reply.lines.push_back("LIMITS MAILMAX=" + std::to_string(options_.max_mails) +
                        " RCPTMAX=" + std::to_string(options_.max_recipients));
  return greeted(command.domain, true, std::move(reply));
}

Action ServerSession::perform(const Helo& command) {
  return greeted(command.domain, false, make_reply(250, "", options_.hostname));
}

Action ServerSession::perform(const StartTls&) {
  due_ = Due::kHandshake;
  return ShakeHands{make_reply(220, "2.0.0", "Ready to start TLS")};
}

/// Never 0, which would mean no limit (RFC 1870 section 4).
std::uint64_t ServerSession::max_size_bytes() const {
  if (hop_.max_size_bytes == 0) return options_.max_size_bytes;
  return std::min(options_.max_size_bytes, hop_.max_size_bytes);
}

Action ServerSession::perform(const MailFrom& command) {
  // REQUIRETLS holds for the way to us as well (RFC 8689 section 2), and is not offered in clear.
  if (command.require_tls && !is_inside_tls_) return bad(options_.replies.starttls_required);
  // By our own limit only: which hop the mail goes to, and what that one takes now, is not known yet.
  if (command.size_bytes.value_or(0) > options_.max_size_bytes)
    return SendReply{options_.replies.message_too_big};
  if (++mails_ > options_.max_mails) return close(options_.replies.session_used_up);
  // Mails that never come to an end count as idle, or MAIL and RSET in turn would go on for ever.
  if (++idle_commands_ > options_.max_idle_commands) return close(options_.replies.too_many_errors);
  due_ = Due::kMail;
  is_smtputf8_ = command.smtputf8;
  return OpenMail{command};
}

Action ServerSession::perform(const RcptTo& command) {
  // Refused ones are bounded too: asking for names is not a free service.
  if (recipients_ >= options_.max_recipients || refused_recipients_ >= options_.max_recipients) {
    return SendReply{options_.replies.too_many_recipients};
  }
  if (needs_smtputf8(command.address) && !is_smtputf8_)
    return SendReply{make_reply(553, "5.6.7", "This address needs SMTPUTF8")};
  due_ = Due::kRecipient;
  ++due_recipients_;
  return AddRecipient{command};
}

Action ServerSession::perform(const Data&) {
  if (state_ == State::kRecipient) {
    due_ = Due::kData;
    return StartData{};
  }
  // With PIPELINING a client sends DATA before it knows that all recipients were refused; no error of its
  // own.
  if (refused_recipients_ > 0) return SendReply{make_reply(554, "5.5.1", "No valid recipients")};
  return bad(make_reply(503, "5.5.1", "Send RCPT first"));
}

Action ServerSession::perform(const Bdat& command) {
  if (recipients_ == 0) {
    return skip(command, refused_recipients_ > 0 ? make_reply(554, "5.5.1", "No valid recipients")
                                                 : make_reply(503, "5.5.1", "Send RCPT first"));
  }
  if (command.size_bytes / kMaxSkipFactor > options_.max_size_bytes)
    return close(options_.replies.message_too_big);
  // Chunks without a byte never come to an end either.
  if (!command.is_last && command.size_bytes == 0 && ++idle_commands_ > options_.max_idle_commands)
    return close(options_.replies.too_many_errors);
  due_ = command.is_last ? Due::kLastChunk : Due::kChunk;
  return TakeChunk{.size_bytes = command.size_bytes, .is_last = command.is_last};
}

/// A client that pipelines sends the other chunks of a refused mail too, so these are no errors of its own.
Action ServerSession::skip(const Bdat& command, Reply reply) {
  if (command.size_bytes / kMaxSkipFactor > options_.max_size_bytes)
    return close(options_.replies.message_too_big);
  if (++idle_commands_ > options_.max_idle_commands) return close(options_.replies.too_many_errors);
  return SkipChunk{.size_bytes = command.size_bytes, .reply = std::move(reply)};
}

Action ServerSession::perform(const Rset&) {
  if (!has_open_mail()) return idle(ok());
  forget_mail();
  return DropMail{ok()};
}

Action ServerSession::perform(const Noop&) { return idle(ok()); }

Action ServerSession::perform(const Vrfy&) {
  return idle(make_reply(252, "2.5.0", "Not verified; send mail and see"));
}

Action ServerSession::perform(const Quit&) { return close(make_reply(221, "2.0.0", "Bye")); }

Action ServerSession::perform(const BadCommand& command) {
  Reply reply = make_reply(command.code, command.enhanced, command.text);
  if (command.code == 521) return close(std::move(reply));
  return bad(std::move(reply));
}

Action ServerSession::bad(Reply reply) {
  if (++bad_commands_ >= options_.max_bad_commands) return close(options_.replies.too_many_errors);
  return SendReply{std::move(reply)};
}

Action ServerSession::idle(Reply reply) {
  if (++idle_commands_ > options_.max_idle_commands) return close(options_.replies.too_many_errors);
  return SendReply{std::move(reply)};
}

Action ServerSession::close(Reply reply) {
  state_ = State::kClosed;
  return CloseSession{std::move(reply)};
}

Action ServerSession::greeted(std::string domain, bool is_esmtp, Reply reply) {
  client_name_ = std::move(domain);
  is_esmtp_ = is_esmtp;
  // EHLO within a mail means RSET as well (RFC 5321 section 4.1.4).
  if (has_open_mail()) {
    forget_mail();
    return DropMail{std::move(reply)};
  }
  forget_mail();
  return idle(std::move(reply));
}

/// Greeted, and no mail is open.
void ServerSession::forget_mail() {
  if (is_inside_tls_) {
    state_ = State::kReady;
  } else {
    state_ = is_esmtp_ ? State::kClearEhlo : State::kClearHelo;
  }
  is_smtputf8_ = false;
  recipients_ = 0;
  refused_recipients_ = 0;
}

bool ServerSession::may_add_at_once() const {
  if (due_ != Due::kRecipient) return false;
  return std::max(recipients_, refused_recipients_) + due_recipients_ < options_.max_recipients;
}

void ServerSession::answered(const Reply& reply) {
  const Due due = due_;
  if (due != Due::kRecipient || --due_recipients_ == 0) due_ = Due::kNothing;
  switch (due) {
    case Due::kHandshake:
      CHECK(!reply.is_positive());  // after 220 it is secured() or the end
      return;
    case Due::kMail:
      if (reply.is_positive()) state_ = State::kMail;
      return;
    case Due::kRecipient:
      if (!reply.is_positive()) {
        ++refused_recipients_;
        return;
      }
      ++recipients_;
      state_ = State::kRecipient;
      return;
    case Due::kData:
      if (!reply.is_intermediate()) return forget_mail();
      state_ = State::kBody;
      due_ = Due::kVerdict;
      return;
    case Due::kChunk:
      if (!reply.is_positive()) return forget_mail();
      state_ = State::kChunks;
      return;
    case Due::kLastChunk:
    case Due::kVerdict:
      idle_commands_ = 0;
      return forget_mail();
    case Due::kNothing:
      CHECK(false);
  }
}

void ServerSession::secured() {
  CHECK(due_ == Due::kHandshake || (due_ == Due::kNothing && state_ == State::kClear));
  due_ = Due::kNothing;
  is_inside_tls_ = true;
  state_ = State::kSecured;
  client_name_.clear();
  is_esmtp_ = false;
}

bool ServerSession::is_secured() const { return is_inside_tls_ && state_ != State::kClosed; }

bool ServerSession::has_open_mail() const {
  return state_ == State::kMail || state_ == State::kRecipient || state_ == State::kChunks ||
         state_ == State::kBody;
}

Reply mail_accepted() { return make_reply(250, "2.1.0", "Sender OK"); }
Reply recipient_accepted() { return make_reply(250, "2.1.5", "Recipient OK"); }
Reply go_ahead() { return make_reply(354, "", "Send the mail, end with a dot on a line of its own"); }

}  // namespace privyseal::smtp
