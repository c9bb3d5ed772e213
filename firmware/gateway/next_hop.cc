#include "firmware/gateway/next_hop.h"

#include <algorithm>

#include "firmware/base/log.h"
#include "firmware/smtp/trace.h"
#include "firmware/tls/keys.h"

namespace privyseal::gateway {

using namespace std::chrono_literals;
using policy::Refusal;
using smtp::ClientDialogue;
using smtp::Reply;
using Event = ClientDialogue::Event;

namespace {

// Inside the sender's own timers (RFC 5321 section 4.5.3.2), so that it hears our answer and not its own
// clock.
constexpr auto kConnectWithin = 10s;
constexpr auto kHandshakeWithin = 20s;
constexpr auto kGreetingWithin = 60s;
constexpr auto kEnvelopeWithin = 120s;
constexpr auto kDataWithin = 60s;
constexpr auto kBlockWithin = 120s;
constexpr auto kVerdictWithin = 600s;

constexpr std::size_t kTlsRecordBytes = 16384;

}  // namespace

NextHop::NextHop(const HopRules& rules, const Hop& hop, Day today)
    : rules_(rules), hop_(hop), context_(hop.context.on(today)), dialogue_(rules.hostname, hop.tls_start) {}

std::unexpected<Reply> NextHop::give_up(Refusal refusal, std::string_view why) {
  log_event(LogLevel::kWarning, "next-hop-failed",
            {{"hop", hop_.address.text()}, {"answer", policy::text_of(refusal).id}, {"why", why}});
  cut();
  why_given_up_ = why;
  if (standing_ != Standing::kAnswered)
    standing_ = refusal == Refusal::kKeysUnavailable ? Standing::kKeysAway : Standing::kNoUse;
  const Reply reply = policy::reply_of(refusal);
  if (!failure_) failure_ = reply;  // the first reason is the one that the client must hear
  return std::unexpected(reply);
}

net::awaitable<Result<void>> NextHop::write(std::string_view text) {
  return stream_->write(bytes_of(text), at_most(kBlockWithin));
}

/// `within` is for the whole reply, or one byte now and then would do.
net::awaitable<Result<Reply>> NextHop::read_reply(tls::Stream::Duration within) {
  const auto until = std::chrono::steady_clock::now() + within;
  for (;;) {
    auto reply = reader_.next();
    if (!reply) co_return std::unexpected(reply.error());
    if (*reply) co_return std::move(**reply);
    const auto left = until - std::chrono::steady_clock::now();
    const auto got = co_await stream_->read_some(reader_.prepare(), std::max(left, left.zero()));
    if (!got) co_return std::unexpected(got.error());
    reader_.commit(*got);
  }
}

tls::Stream::Duration NextHop::at_most(tls::Stream::Duration usual) const {
  if (standing_ == Standing::kAnswered) return usual;
  const auto left = answer_until_ - std::chrono::steady_clock::now();
  return std::clamp(left, left.zero(), usual);
}

net::awaitable<NextHop::Judgement> NextHop::open(tls::Stream::Duration within) {
  answer_until_ = std::chrono::steady_clock::now() + within;
  auto stream = co_await tls::Stream::connect(hop_.address.host, hop_.address.port, at_most(kConnectWithin));
  if (!stream) co_return give_up(stream.error().message);
  stream_.emplace(std::move(*stream));
  if (hop_.tls_start == smtp::TlsStart::kImplicit)
    if (auto secured = co_await shake_hands(); !secured) co_return secured;
  co_return co_await greet();
}

/// From the hop's first greeting to its word inside TLS that it is ready for a mail.
net::awaitable<NextHop::Judgement> NextHop::greet() {
  for (;;) {
    const auto reply = co_await read_reply(at_most(kGreetingWithin));
    if (!reply) co_return give_up(reply.error().message);
    const auto step = dialogue_.on_reply(*reply);
    if (!step.send.empty())
      if (auto sent = co_await write(step.send); !sent) co_return give_up(sent.error().message);
    if (step.event == Event::kContinue) continue;
    if (step.event == Event::kReady) {
      if (!rules_.login || is_logged_in_) co_return Judgement();
      if (auto asked = co_await log_in(); !asked) co_return asked;
      continue;
    }
    if (step.event == Event::kHandshake) {
      if (auto secured = co_await shake_hands(); !secured) co_return secured;
      continue;
    }
    co_return give_up(refusal_of(dialogue_.failure()), smtp::to_string(dialogue_.failure()));
  }
}

Refusal NextHop::refusal_of(smtp::HopFailure failure) const {
  if (failure == smtp::HopFailure::kNoStartTls) return Refusal::kRelayWithoutStartTls;
  if (failure == smtp::HopFailure::kLoginRefused) return Refusal::kRelayLoginRefused;
  return rules_.when_unavailable;
}

/// Inside TLS, with a hop whose certificate was accepted: nobody else is told the password.
net::awaitable<NextHop::Judgement> NextHop::log_in() {
  if (!dialogue_.extensions().auth_plain)
    co_return give_up(Refusal::kRelayLoginRefused, "offers no AUTH PLAIN");
  dialogue_.logging_in();
  is_logged_in_ = true;
  if (auto sent = co_await write(text_of(rules_.login->reveal())); !sent)
    co_return give_up(sent.error().message);
  co_return Judgement();
}

net::awaitable<NextHop::Judgement> NextHop::shake_hands() {
  if (!reader_.is_empty())
    co_return give_up(Refusal::kRelayMisbehaved, "sent more in clear after its answer to STARTTLS");
  auto facts = co_await stream_->handshake(context_, at_most(kHandshakeWithin));
  if (!facts) {
    const Error& error = facts.error();
    if (error.code == ErrorCode::kDenied) co_return give_up(rules_.when_certificate_refused, error.message);
    bool keys_away = error.code == ErrorCode::kUnavailable;  // too many wait for them
    if (error.code == ErrorCode::kInvalid) keys_away = co_await tls::ask_keys(context_) != tls::Keys::kReady;
    co_return give_up(keys_away ? Refusal::kKeysUnavailable : rules_.when_unavailable,
                      "tls: " + error.message);
  }
  facts_ = std::move(*facts);
  const std::string greeting = dialogue_.secured();
  if (greeting.empty()) co_return Judgement();
  if (auto sent = co_await write(greeting); !sent) co_return give_up(sent.error().message);
  co_return Judgement();
}

/// Reads the reply to one command of the envelope, or to DATA.
net::awaitable<NextHop::Judgement> NextHop::judge_next(tls::Stream::Duration within) {
  const auto reply = co_await read_reply(within);
  if (!reply) co_return give_up(reply.error().message);
  switch (dialogue_.on_reply(*reply).event) {
    case Event::kMailAccepted:
      standing_ = Standing::kAnswered;
      co_return Judgement();
    case Event::kRecipientAccepted:
    case Event::kGoAhead:
      co_return Judgement();
    case Event::kMailRefused:
      standing_ = Standing::kAnswered;
      failure_ = smtp::passed_on(*reply);
      co_return std::unexpected(*failure_);
    case Event::kRecipientRefused:
    case Event::kDataRefused:
    case Event::kNotDelivered:  // a chunk was refused
      co_return std::unexpected(smtp::passed_on(*reply));
    default:
      co_return give_up(smtp::to_string(dialogue_.failure()));
  }
}

std::uint64_t NextHop::max_message_bytes() const {
  const std::uint64_t limit = dialogue_.extensions().max_size_bytes;
  if (limit == 0) return 0;
  return limit > smtp::kMaxTraceHeader ? limit - smtp::kMaxTraceHeader : 1;
}

/// What the hop cannot do for this mail, so that it need not be asked.
std::optional<Refusal> NextHop::missing_for(const smtp::MailFrom& mail) const {
  using enum ClientDialogue::Missing;
  if (mail.size_bytes && !dialogue_.may_take(*mail.size_bytes)) return Refusal::kMessageTooBig;
  switch (dialogue_.missing_for(mail)) {
    case kSmtpUtf8:
      return Refusal::kHopWithoutSmtpUtf8;
    case kRequireTls:
      return Refusal::kHopWithoutRequireTls;
    case kNothing:
      break;
  }
  return std::nullopt;
}

net::awaitable<NextHop::Judgement> NextHop::ask(std::string command, tls::Stream::Duration within) {
  if (auto sent = co_await write(command); !sent) co_return give_up(sent.error().message);
  co_return co_await judge_next(within);
}

net::awaitable<NextHop::Judgements> NextHop::start_mail(smtp::MailFrom mail,
                                                        std::vector<smtp::RcptTo> recipients) {
  if (mail.size_bytes) *mail.size_bytes += smtp::kMaxTraceHeader;  // the hop counts our header too
  if (const auto missing = missing_for(mail)) {
    failure_ = policy::reply_of(*missing);
    co_return Judgements(recipients.size(), std::unexpected(*failure_));
  }
  std::string command = dialogue_.mail(mail);
  if (dialogue_.may_pipeline()) co_return co_await ask_together(std::move(command), std::move(recipients));
  const auto opened = co_await ask(std::move(command), at_most(kEnvelopeWithin));
  if (!opened) co_return Judgements(recipients.size(), opened);
  co_return co_await add_recipients(std::move(recipients));
}

net::awaitable<NextHop::Judgements> NextHop::add_recipients(std::vector<smtp::RcptTo> recipients) {
  if (dialogue_.may_pipeline()) co_return co_await ask_together("", std::move(recipients));
  Judgements judged;
  for (const smtp::RcptTo& recipient : recipients) {
    if (failure_)
      judged.push_back(std::unexpected(*failure_));
    else if (!dialogue_.may_add(recipient.address))
      judged.push_back(std::unexpected(policy::reply_of(Refusal::kTooManyRecipients)));
    else
      judged.push_back(co_await ask(dialogue_.recipient(recipient), kEnvelopeWithin));
  }
  co_return judged;
}

/// `commands` is MAIL, or nothing. Everything is written, then the replies are read in their order.
net::awaitable<NextHop::Judgements> NextHop::ask_together(std::string commands,
                                                          std::vector<smtp::RcptTo> recipients) {
  const bool with_mail = !commands.empty();
  Judgements judged;
  for (const smtp::RcptTo& recipient : recipients) {
    if (!dialogue_.may_add(recipient.address)) {
      judged.push_back(std::unexpected(policy::reply_of(Refusal::kTooManyRecipients)));
      continue;
    }
    judged.emplace_back();
    commands += dialogue_.recipient(recipient);
  }
  if (auto sent = co_await write(commands); !sent) static_cast<void>(give_up(sent.error().message));
  if (with_mail && stream_) static_cast<void>(co_await judge_next(at_most(kEnvelopeWithin)));
  for (Judgement& one : judged) {
    if (!one) continue;
    // After a refused MAIL the replies are still read: they are due, and mean nothing of their own.
    if (stream_) one = co_await judge_next(kEnvelopeWithin);
    if (failure_) one = std::unexpected(*failure_);
  }
  co_return judged;
}

net::awaitable<NextHop::Judgement> NextHop::start_data() {
  if (!reader_.is_empty()) co_return give_up(Refusal::kRelayMisbehaved, "it answered what was not asked");
  const auto ready = co_await ask(dialogue_.start_data(), kDataWithin);
  in_body_ = ready.has_value();
  co_return ready;
}

net::awaitable<Result<void>> NextHop::write_body(ByteView bytes) {
  body_.insert(body_.end(), bytes.begin(), bytes.end());
  if (body_.size() < kTlsRecordBytes) co_return Result<void>();
  co_return co_await flush_body();
}

net::awaitable<Result<void>> NextHop::flush_body() {
  auto written = co_await stream_->write(body_, kBlockWithin);
  if (!written && is_last_chunk_) verdict_lost_ = true;  // what failed may have gone out all the same
  body_.clear();
  co_return written;
}

net::awaitable<Result<void>> NextHop::start_chunk(std::uint64_t size_bytes, bool is_last) {
  if (!reader_.is_empty()) co_return fail(ErrorCode::kInvalid, "it answered what was not asked");
  in_body_ = is_chunked_ = true;
  is_last_chunk_ = is_last;
  const std::string command = dialogue_.chunk(size_bytes, is_last);
  co_return co_await write_body(bytes_of(command));
}

net::awaitable<NextHop::Judgement> NextHop::finish_chunk() {
  if (auto sent = co_await flush_body(); !sent) co_return give_up(sent.error().message);
  co_return co_await judge_next(kVerdictWithin);
}

net::awaitable<Reply> NextHop::finish() {
  // What the hop said already cannot be its verdict on a mail that it has not seen the end of.
  if (!reader_.is_empty())
    co_return give_up(Refusal::kRelayMisbehaved, "it spoke before the end of the mail").error();
  if (!is_chunked_) {
    const std::string end = dialogue_.end_of_data();
    body_.insert(body_.end(), bytes_of(end).begin(), bytes_of(end).end());
  }
  verdict_lost_ = true;  // until it is heard: even a write that failed may have gone out
  if (auto sent = co_await flush_body(); !sent) co_return give_up(sent.error().message).error();
  in_body_ = false;
  const auto reply = co_await read_reply(kVerdictWithin);
  if (!reply) co_return give_up(reply.error().message).error();
  const auto event = dialogue_.on_reply(*reply).event;
  if (event == Event::kDelivered || event == Event::kNotDelivered) {
    verdict_lost_ = false;
    co_return smtp::passed_on(*reply);
  }
  co_return give_up(smtp::to_string(dialogue_.failure())).error();
}

void NextHop::cut() {
  if (stream_) stream_->cut();
  stream_.reset();
}

net::awaitable<void> NextHop::leave() {
  if (in_body_) cut();
  if (!stream_) co_return;
  if (dialogue_.due() == 0) static_cast<void>(co_await write(dialogue_.quit()));
  stream_->close();
  stream_.reset();
}

}  // namespace privyseal::gateway
