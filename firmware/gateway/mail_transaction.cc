#include "firmware/gateway/mail_transaction.h"

#include <algorithm>

#include "firmware/base/check.h"
#include "firmware/base/log.h"
#include "firmware/smtp/line_repair.h"
#include "firmware/smtp/trace.h"
#include "firmware/smtp/utf8.h"

namespace privyseal::gateway {

using policy::Refusal;
using smtp::Reply;

namespace {

constexpr std::size_t kBodyBlockBytes = 16384;
constexpr std::uint64_t kMaxDiscardFactor = 2;  // how much of an unwanted body is read before hanging up

Outcome outcome_of(const Reply& reply) {
  if (reply.is_positive()) return Outcome::kDelivered;
  return reply.is_permanent() ? Outcome::kRefused : Outcome::kDeferred;
}

/// As the ledger keeps it: "250 2.0.0 queued as 4XyZ".
std::string line_of(const Reply& reply) {
  return std::to_string(reply.code) + " " + (reply.enhanced.empty() ? "" : reply.enhanced + " ") +
         reply.text();
}

std::string host_of(const std::string& address_and_port) {
  return address_and_port.substr(0, address_and_port.rfind(':'));
}

Refusal refusal_of(smtp::Violation violation) {
  switch (violation) {
    case smtp::Violation::kNul:
      return Refusal::kNulByte;
    case smtp::Violation::kLineTooLong:
      return Refusal::kLineTooLong;
    default:
      return Refusal::kBareNewline;
  }
}

}  // namespace

MailTransaction::MailTransaction(Service& service, std::shared_ptr<const Lane> lane,
                                 const ClientFacts& client, smtp::MailFrom mail)
    : service_(service),
      lane_(std::move(lane)),
      client_(client),
      mail_(std::move(mail)),
      opened_at_(service.clock.now()),
      policy_(service, lane_->direction, mail_.reverse_path),
      body_clock_(service.pace()) {}

net::awaitable<std::vector<Reply>> MailTransaction::add_recipients(std::vector<smtp::RcptTo> recipients) {
  std::vector<Reply> replies(recipients.size());
  std::vector<smtp::RcptTo> routed;
  std::vector<std::size_t> places;  // of the routed ones among all
  for (std::size_t i = 0; i < recipients.size(); ++i) {
    auto address = policy_.recipient(recipients[i].address);
    if (!address) {
      replies[i] = std::move(address.error());
      continue;
    }
    routed.push_back(recipients[i]);
    routed.back().address = std::move(*address);
    places.push_back(i);
  }
  if (!routed.empty()) {
    const auto judged = co_await offer_to_hop(routed);
    for (std::size_t i = 0; i < places.size(); ++i) {
      replies[places[i]] = judged[i];
      if (judged[i].is_positive()) recipients[places[i]].address = routed[i].address;
    }
  }
  for (std::size_t i = 0; i < replies.size(); ++i)
    note_recipient(smtp::to_string(recipients[i].address), replies[i]);
  co_return replies;
}

/// The ledger tells the address as the hop took it, or as the client asked for it.
void MailTransaction::note_recipient(std::string address, const Reply& reply) {
  if (reply.is_positive()) {
    recipients_.push_back(std::move(address));
    return;
  }
  refused_.push_back(std::move(address));
  last_refusal_ = reply;
}

net::awaitable<std::vector<Reply>> MailTransaction::offer_to_hop(std::vector<smtp::RcptTo> recipients) {
  const std::size_t count = recipients.size();
  if (hop_failure_) co_return std::vector(count, *hop_failure_);
  const bool first = !hop_;
  if (first) {
    hop_.emplace(lane_->hop);
    if (auto opened = co_await hop_->open(); !opened) {
      hop_failure_ = policy_.of_absent_hop(opened.error());
      co_return std::vector(count, *hop_failure_);
    }
    service_.hop_of(lane_->direction).note(hop_->offers(), hop_->max_message_bytes());
  }
  NextHop::Judgements judged;
  if (first)
    judged = co_await hop_->start_mail(mail_, std::move(recipients));
  else
    judged = co_await hop_->add_recipients(std::move(recipients));
  hop_failure_ = hop_->failure();
  std::vector<Reply> replies;
  replies.reserve(count);
  for (const auto& one : judged) replies.push_back(one ? smtp::recipient_accepted() : one.error());
  co_return replies;
}

MailRecord MailTransaction::record() const {
  MailRecord record{.opened_at = opened_at_,
                    .direction = lane_->direction,
                    .client_address = client_.address,
                    .sender = mail_.reverse_path ? smtp::to_string(*mail_.reverse_path) : "",
                    .recipients = recipients_.empty() ? refused_ : recipients_,
                    .hop = lane_->hop.address.text()};
  const bool is_in = lane_->direction == Direction::kIn;
  (is_in ? record.cjsm_session : record.lan_session) = client_.session;
  if (hop_) (is_in ? record.lan_session : record.cjsm_session) = hop_->facts();
  return record;
}

/// Nothing, or what the client hears instead: then the transaction is over.
net::awaitable<std::optional<Reply>> MailTransaction::open_row() {
  CHECK(hop_);
  if (hop_failure_) {
    co_await refuse(*hop_failure_);
    co_return hop_failure_;
  }
  if (const auto refusal = policy_.refuses_data(recipients_.size())) {
    co_await hop_->leave();
    co_await refuse(*refusal);
    co_return *refusal;
  }
  const auto row = co_await service_.ledger.open_row(record());
  if (!row) {
    hop_->cut();
    co_return policy::reply_of(Refusal::kLedgerUnavailable);
  }
  row_ = *row;
  co_return std::nullopt;
}

net::awaitable<Reply> MailTransaction::start_data() {
  if (auto refused = co_await open_row()) co_return std::move(*refused);
  if (auto ready = co_await hop_->start_data(); !ready) {
    co_await close_row(ready.error(), outcome_of(ready.error()));
    co_await hop_->leave();
    co_return ready.error();
  }
  const std::string header = trace_header();
  co_await write_part(bytes_of(header));
  co_return smtp::go_ahead();
}

std::string MailTransaction::trace_header() const {
  const std::string id = std::to_string(*row_);
  const std::string address = host_of(client_.address);
  const std::string date = to_rfc5322(opened_at_);
  return smtp::received_header({.client_name = client_.name,
                                .client_address = address,
                                .hostname = service_.settings.host,
                                .is_esmtp = client_.is_esmtp,
                                .is_smtputf8 = mail_.smtputf8,
                                .tls_version = client_.session->version,
                                .cipher = client_.session->suite,
                                .id = id,
                                .date = date});
}

/// The hop loses its connection before its end of data; the client is heard out, then told.
void MailTransaction::refuse_body(Reply reply, std::string_view why) {
  if (body_refusal_) return;
  log_event(LogLevel::kNotice, "body-refused", {{"row", *row_}, {"code", reply.code}, {"why", why}});
  body_refusal_ = std::move(reply);
  hop_->cut();
}

std::uint64_t MailTransaction::max_bytes() const {
  const std::uint64_t ours = service_.settings.limits.max_message_bytes;
  const std::uint64_t hops = hop_->max_message_bytes();
  return hops == 0 ? ours : std::min(ours, hops);
}

std::uint64_t MailTransaction::size_bytes() const {
  return chunks_ ? chunks_->size_bytes() : dots_.size_bytes();
}

/// What the bytes of the mail tell about it while they pass.
void MailTransaction::judge_body(ByteView part) {
  headers_.feed(part);
  if (headers_.is_loop()) refuse_body(policy::reply_of(Refusal::kMailLoop), "too many Received headers");
  if (size_bytes() > max_bytes())
    refuse_body(policy::reply_of(Refusal::kMessageTooBig), "over the announced size");
  if (!body_refusal_ && !hop_->offers().eight_bit_mime && !smtp::is_ascii(text_of(part)))
    refuse_body(policy::reply_of(Refusal::kHopWithout8BitMime), "8-bit bytes, and the hop takes none");
}

net::awaitable<void> MailTransaction::write_part(ByteView part) {
  if (body_refusal_) co_return;
  if (auto written = co_await hop_->write_body(part); !written)
    refuse_body(policy::reply_of(lane_->hop.when_unavailable), written.error().message);
}

net::awaitable<void> MailTransaction::pass_on(MailPolicy::Passed passed) {
  if (passed.refusal) refuse_body(*passed.refusal, "policy");
  co_await write_part(passed.bytes);
}

net::awaitable<MailTransaction::BodyState> MailTransaction::take(ByteView input, std::size_t* consumed) {
  const auto step = dots_.feed(input);
  *consumed = step.consumed;
  if (step.state == smtp::DotStream::State::kViolation) {
    refuse_body(policy::reply_of(refusal_of(step.why)), smtp::to_string(step.why));
    co_return BodyState::kTooLate;
  }
  const bool is_end = step.state == smtp::DotStream::State::kEnd;
  for (const ByteView part : {step.held, step.forward}) {
    judge_body(part);
    if (!body_refusal_) co_await pass_on(policy_.pass(part, client_.session->peer_subject));
  }
  if (is_end && !body_refusal_) co_await pass_on(policy_.pass_end(client_.session->peer_subject));
  if (size_bytes() > kMaxDiscardFactor * max_bytes()) co_return BodyState::kTooLate;
  co_return is_end ? BodyState::kEnd : BodyState::kMore;
}

/// At most `most` bytes; they live until the next call. kTimeout: the client is too slow, now or on average.
net::awaitable<Result<ByteView>> MailTransaction::read_body(tls::Stream* client, std::size_t most) {
  const auto within = body_clock_.may_wait();
  if (within <= within.zero()) co_return fail(ErrorCode::kTimeout, "the body comes too slowly");
  block_.resize(kBodyBlockBytes);
  const auto since = std::chrono::steady_clock::now();
  const auto got = co_await client->read_some(std::span(block_).first(most), within);
  if (!got) co_return std::unexpected(got.error());
  body_clock_.waited(std::chrono::steady_clock::now() - since, *got);
  co_return ByteView(block_).first(*got);
}

net::awaitable<std::optional<MailTransaction::BodyEnd>> MailTransaction::carry_body(tls::Stream* client,
                                                                                    Bytes* rest) {
  smtp::LineRepair repair(smtp::LineRepair::Where::kBody);
  std::size_t consumed = 0;
  ByteView input;
  BodyState state = BodyState::kMore;
  while (state == BodyState::kMore) {
    const auto got = co_await read_body(client, kBodyBlockBytes);
    if (!got) co_return co_await lose_client(got.error());
    input = lane_->normalize ? repair.feed(*got) : *got;
    state = co_await take(input, &consumed);
  }
  const ByteView left = input.subspan(consumed);
  rest->assign(left.begin(), left.end());
  const ByteView waiting = bytes_of(repair.waiting());
  rest->insert(rest->end(), waiting.begin(), waiting.end());
  Reply reply;
  if (body_refusal_)
    reply = *body_refusal_;
  else
    reply = co_await hop_->finish();
  co_await close_row(reply, hop_->verdict_lost() ? Outcome::kUnknown : outcome_of(reply));
  co_await hop_->leave();
  co_return BodyEnd{.reply = std::move(reply), .close = state == BodyState::kTooLate};
}

net::awaitable<std::optional<MailTransaction::BodyEnd>> MailTransaction::lose_client(Error error) {
  hop_->cut();
  const bool slow = error.code == ErrorCode::kTimeout;
  const Reply reply = policy::reply_of(Refusal::kInputTooSlow);
  if (row_)
    co_await close_row(slow ? reply : smtp::make_reply(reply.code, reply.enhanced, "the sender went away"),
                       Outcome::kAborted);
  if (slow) co_return BodyEnd{.reply = reply, .close = true};
  co_return std::nullopt;
}

net::awaitable<std::optional<MailTransaction::BodyEnd>> MailTransaction::carry_chunk(tls::Stream* client,
                                                                                     smtp::LineReader* early,
                                                                                     smtp::TakeChunk chunk) {
  if (!body_refusal_) co_await start_chunk(chunk);
  BodyState state = BodyState::kMore;
  std::uint64_t left = chunk.size_bytes;
  do {
    const std::size_t most = std::min<std::uint64_t>(left, kBodyBlockBytes);
    const bool is_early = !early->buffered().empty();
    ByteView part = early->buffered().first(std::min(most, early->buffered().size()));
    if (!is_early && most > 0) {
      const auto got = co_await read_body(client, most);
      if (!got) co_return co_await lose_client(got.error());
      part = *got;
    }
    left -= part.size();
    state = co_await take_part(part, chunk, left);
    if (is_early) early->consume(part.size());
  } while (left > 0 && state == BodyState::kMore);
  Reply reply = co_await finish_chunk(chunk);
  co_return BodyEnd{.reply = std::move(reply), .close = state == BodyState::kTooLate};
}

/// Before the first chunk the row is opened. A hop without CHUNKING is told DATA then; one with it hears of a
/// chunk when policy has judged the mail, because only then its size is known.
net::awaitable<void> MailTransaction::start_chunk(smtp::TakeChunk chunk) {
  hop_has_chunk_ = false;
  if (!chunks_) {
    chunks_.emplace();
    body_refusal_ = co_await open_row();
    if (body_refusal_) co_return;
    if (!hop_->offers().chunking) {
      if (auto ready = co_await hop_->start_data(); !ready) {
        body_refusal_ = ready.error();
        co_await hop_->leave();
        co_return;
      }
      const std::string header = trace_header();
      co_await write_part(bytes_of(header));
    }
  }
  if (hop_->offers().chunking && policy_.is_judged())
    co_await tell_hop_of_chunk(chunk.size_bytes, chunk.is_last);
}

net::awaitable<void> MailTransaction::tell_hop_of_chunk(std::uint64_t size_bytes, bool is_last) {
  hop_has_chunk_ = true;
  if (auto begun = co_await hop_->start_chunk(size_bytes, is_last); !begun)
    refuse_body(policy::reply_of(lane_->hop.when_unavailable), begun.error().message);
}

/// `left` bytes of the client's chunk follow `part`.
net::awaitable<void> MailTransaction::pass_chunk_on(ByteView part, smtp::TakeChunk chunk,
                                                    std::uint64_t left) {
  const bool was_judged = policy_.is_judged();
  const std::string& peer = client_.session->peer_subject;
  auto passed = policy_.pass(part, peer);
  if (chunk.is_last && left == 0 && !policy_.is_judged()) passed = policy_.pass_end(peer);
  if (passed.refusal) refuse_body(*passed.refusal, "policy");
  if (body_refusal_) co_return;
  if (hop_->offers().chunking && !was_judged && policy_.is_judged()) {
    const std::string header = trace_header();
    co_await tell_hop_of_chunk(header.size() + passed.bytes.size() + left, chunk.is_last);
    co_await write_part(bytes_of(header));
  }
  co_await write_part(passed.bytes);
}

/// All of the mail up to here is judged before any of `part` is passed on: the last byte of the last chunk
/// makes the mail exist.
net::awaitable<MailTransaction::BodyState> MailTransaction::take_part(ByteView part, smtp::TakeChunk chunk,
                                                                      std::uint64_t left) {
  const bool is_end = chunk.is_last && left == 0;
  auto step = chunks_->feed(part);
  Bytes stuffed(step.stuffed.begin(), step.stuffed.end());
  if (is_end && step.why == smtp::Violation::kNone) {
    step = chunks_->end();
    stuffed.insert(stuffed.end(), step.stuffed.begin(), step.stuffed.end());
  }
  if (step.why != smtp::Violation::kNone) {
    refuse_body(policy::reply_of(refusal_of(step.why)), smtp::to_string(step.why));
    co_return BodyState::kTooLate;
  }
  judge_body(part);
  if (!body_refusal_) co_await pass_chunk_on(hop_->offers().chunking ? part : ByteView(stuffed), chunk, left);
  co_return size_bytes() > kMaxDiscardFactor* max_bytes() ? BodyState::kTooLate : BodyState::kMore;
}

net::awaitable<Reply> MailTransaction::finish_chunk(smtp::TakeChunk chunk) {
  if (!body_refusal_ && !chunk.is_last) {
    if (hop_has_chunk_)
      if (auto taken = co_await hop_->finish_chunk(); !taken) body_refusal_ = taken.error();
    if (!body_refusal_)
      co_return smtp::make_reply(250, "2.0.0", std::to_string(chunk.size_bytes) + " bytes taken");
  }
  Reply reply;
  if (body_refusal_)
    reply = *body_refusal_;
  else
    reply = co_await hop_->finish();
  if (row_) co_await close_row(reply, hop_->verdict_lost() ? Outcome::kUnknown : outcome_of(reply));
  co_await hop_->leave();
  co_return reply;
}

/// If the outcome cannot be recorded the row stays open, which the next start turns into "unknown": the
/// hop's verdict stands, and the client must hear it, or it would send the mail a second time.
net::awaitable<void> MailTransaction::close_row(Reply reply, Outcome outcome) {
  MailEnd end{.closed_at = service_.clock.now(),
              .outcome = outcome,
              .size_bytes = size_bytes(),
              .reply = line_of(reply)};
  const auto closed = co_await service_.ledger.close_row(*std::exchange(row_, std::nullopt), std::move(end));
  if (!closed) log_event(LogLevel::kAlert, "outcome-not-recorded", {{"why", closed.error().message}});
}

/// A mail that never reached DATA. It went nowhere, so that a ledger that fails here stops nothing.
net::awaitable<void> MailTransaction::record_end(std::string reply, Outcome outcome) {
  MailEnd end{
      .closed_at = service_.clock.now(), .outcome = outcome, .size_bytes = 0, .reply = std::move(reply)};
  if (auto written = co_await service_.ledger.record(record(), std::move(end)); !written)
    log_event(LogLevel::kAlert, "refusal-not-recorded", {{"why", written.error().message}});
}

net::awaitable<void> MailTransaction::refuse(Reply reply) {
  const Outcome outcome = outcome_of(reply);
  co_await record_end(line_of(reply), outcome);
}

net::awaitable<void> MailTransaction::abandon(std::string_view why) {
  if (hop_) co_await hop_->leave();
  if (row_) {
    co_await close_row(smtp::make_reply(451, "4.4.2", why), Outcome::kAborted);
    co_return;
  }
  if (recipients_.empty() && refused_.empty()) co_return;
  if (recipients_.empty() && last_refusal_)
    co_await record_end(line_of(*last_refusal_), outcome_of(*last_refusal_));
  else
    co_await record_end(std::string(why), Outcome::kAborted);
}

}  // namespace privyseal::gateway
