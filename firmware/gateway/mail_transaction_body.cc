/// The part of a MailTransaction that reads the mail, by DATA, and gives the verdict.
#include <algorithm>

#include "firmware/base/log.h"
#include "firmware/gateway/mail_transaction.h"
#include "firmware/smtp/line_repair.h"
#include "firmware/smtp/utf8.h"

namespace privyseal::gateway {

using policy::Refusal;
using smtp::Reply;

namespace {

constexpr std::size_t kBodyBlockBytes = 16384;
constexpr std::uint64_t kMaxDiscardFactor = 2;  // how much of an unwanted body is read before hanging up

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

/// The hop loses its connection before its end of data; the client is heard out, then told.
void MailTransaction::refuse_body(Reply reply, std::string_view why) {
  if (!goes_on()) return;
  log_event(LogLevel::kNotice, "body-refused", {{"row", *row_}, {"code", reply.code}, {"why", why}});
  fate_ = Refused{std::move(reply)};
  hop_->cut();
}

void MailTransaction::refuse_body(smtp::Violation why) {
  refuse_body(policy::reply_of(refusal_of(why)), smtp::to_string(why));
}

std::uint64_t MailTransaction::max_bytes() const {
  const std::uint64_t ours = service_.settings.limits.max_message_bytes;
  const std::uint64_t hops = hop_->max_message_bytes();
  return hops == 0 ? ours : std::min(ours, hops);
}

std::uint64_t MailTransaction::size_bytes() const {
  return chunks_ ? chunks_->size_bytes() : dots_.size_bytes();
}

bool MailTransaction::is_far_too_big() const { return size_bytes() > kMaxDiscardFactor * max_bytes(); }

/// What the bytes of the mail tell about it while they pass.
void MailTransaction::judge_body(ByteView part) {
  fingerprint_.add(part);
  headers_.feed(part);
  if (headers_.is_loop()) refuse_body(policy::reply_of(Refusal::kMailLoop), "too many Received headers");
  if (size_bytes() > max_bytes())
    refuse_body(policy::reply_of(Refusal::kMessageTooBig), "over the announced size");
  if (goes_on() && !hop_->offers().eight_bit_mime && !smtp::is_ascii(text_of(part)))
    refuse_body(policy::reply_of(Refusal::kHopWithout8BitMime), "8-bit bytes, and the hop takes none");
}

MailFacts MailTransaction::facts() const {
  const std::string peer = client_.peer_subject();
  return {.direction = lane_->direction,
          .host = peer.empty() ? client_.host() : peer,
          .sender = mail_.reverse_path ? smtp::to_string(*mail_.reverse_path) : "",
          .recipients = recipients_,
          .framing = chunks_ ? Framing::kChunked : Framing::kDotted};
}

/// All bytes of the mail are here. If its sender did not hear what came of this very mail, it hears it now,
/// and the hop is cut without the end of data.
void MailTransaction::look_for_repeat() {
  if (!goes_on()) return;
  const MailIdentity identity = fingerprint_.finish(facts());
  const auto first = service_.ledger.repeated(identity, service_.clock.now());
  if (!first) {
    fate_ = GoesOn{identity};
    return;
  }
  log_event(LogLevel::kNotice, "mail-repeated", {{"row", *row_}, {"first", *first}});
  fate_ = Repeats{.first = *first, .identity = identity};
  hop_->cut();
}

net::awaitable<void> MailTransaction::write_part(ByteView part) {
  if (!goes_on()) co_return;
  if (auto written = co_await hop_->write_body(part); !written)
    refuse_body(policy::reply_of(lane_->rules.when_unavailable), written.error().message);
  if (!goes_on() || !scan_) co_return;
  if (auto scanned = co_await scan_->write(part); !scanned)
    refuse_by_scanner(Refusal::kScannerUnavailable, scanned.error().message);
}

net::awaitable<void> MailTransaction::pass_on(MailPolicy::Passed passed) {
  if (passed.refusal) refuse_body(*passed.refusal, "policy");
  co_await write_part(passed.bytes);
}

net::awaitable<MailTransaction::BodyState> MailTransaction::take(ByteView input, std::size_t* consumed) {
  const auto step = dots_.feed(input);
  *consumed = step.consumed;
  if (step.state == smtp::DotStream::State::kViolation) {
    refuse_body(step.why);
    co_return BodyState::kTooLate;
  }
  const bool is_end = step.state == smtp::DotStream::State::kEnd;
  for (const ByteView part : {step.held, step.forward}) {
    judge_body(part);
    if (goes_on()) co_await pass_on(policy_.pass(part, client_.peer_subject()));
  }
  if (is_end) look_for_repeat();
  if (is_end && goes_on()) co_await pass_on(policy_.pass_end(client_.peer_subject()));
  if (is_far_too_big()) co_return BodyState::kTooLate;
  co_return is_end ? BodyState::kEnd : BodyState::kMore;
}

/// At most `most` bytes; they live until the next call. kTimeout: the client is too slow, now or on average.
net::awaitable<Result<ByteView>> MailTransaction::read_body(tls::Stream* client, std::uint64_t most) {
  const auto within = body_clock_.may_wait();
  if (within <= within.zero()) co_return fail(ErrorCode::kTimeout, "the body comes too slowly");
  block_.resize(kBodyBlockBytes);
  const auto since = std::chrono::steady_clock::now();
  const auto got = co_await client->read_some(
      std::span(block_).first(std::min<std::uint64_t>(most, block_.size())), within);
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
  BodyEnd end = co_await settle();
  end.close = state == BodyState::kTooLate;
  co_return end;
}

/// Nothing: mail is not scanned here, or the scanner listens.
net::awaitable<std::optional<Reply>> MailTransaction::open_scan() {
  const auto& scanner = service_.settings.scanner;
  if (!scanner) co_return std::nullopt;
  scan_.emplace(*scanner);
  const auto opened = co_await scan_->open();
  if (opened) co_return std::nullopt;
  log_event(LogLevel::kAlert, "scanner-unavailable", {{"why", opened.error().message}});
  co_return policy_.refused(Refusal::kScannerUnavailable);
}

/// The mail was written but for its end, which the hop sees only after a clean verdict.
net::awaitable<void> MailTransaction::hear_scanner() {
  const scan::Verdict verdict = co_await scan_->finish();
  if (verdict.kind == scan::Verdict::Kind::kClean) co_return;
  const bool infected = verdict.kind == scan::Verdict::Kind::kInfected;
  refuse_by_scanner(infected ? Refusal::kMalware : Refusal::kScannerUnavailable, verdict.why);
}

void MailTransaction::refuse_by_scanner(Refusal refusal, const std::string& why) {
  log_event(LogLevel::kAlert, policy::text_of(refusal).id, {{"row", *row_}, {"why", why}});
  refuse_body(policy_.refused(refusal), "scanner: " + why);
}

/// The mail was read to its end: the hop's verdict or ours, recorded.
net::awaitable<MailTransaction::BodyEnd> MailTransaction::settle() {
  if (scan_ && goes_on()) co_await hear_scanner();
  BodyEnd end;
  Outcome outcome = Outcome::kRepeated;
  if (const auto* repeats = std::get_if<Repeats>(&fate_)) {
    end.reply = smtp::make_reply(250, "2.0.0", "Passed on before, as mail " + std::to_string(repeats->first));
    end.unheard = repeats->identity;
  } else if (const auto* refused = std::get_if<Refused>(&fate_)) {
    end.reply = refused->reply;
    // The last bytes of a last chunk may have gone out although their writing failed.
    outcome = hop_->verdict_lost() ? Outcome::kUnknown : outcome_of(end.reply);
  } else {
    stages_.enter(&StageTimes::verdict);
    end.reply = co_await hop_->finish();
    outcome = hop_->verdict_lost() ? Outcome::kUnknown : outcome_of(end.reply);
    if (outcome == Outcome::kDelivered) end.unheard = std::get<GoesOn>(fate_).identity;
  }
  if (row_) {
    // A repeated mail is in the list already, under its first row.
    const auto new_here = outcome == Outcome::kDelivered ? end.unheard : std::nullopt;
    co_await close_row(end.reply, outcome, new_here);
  }
  co_await hop_->leave();
  co_return end;
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

}  // namespace privyseal::gateway
