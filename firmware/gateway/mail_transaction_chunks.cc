/// The part of a MailTransaction that reads the mail by BDAT (RFC 3030), and passes it on by BDAT or DATA.
#include <algorithm>

#include "firmware/gateway/mail_transaction.h"

namespace privyseal::gateway {

using smtp::Reply;

net::awaitable<std::optional<MailTransaction::BodyEnd>> MailTransaction::carry_chunk(tls::Stream* client,
                                                                                     smtp::LineReader* early,
                                                                                     smtp::TakeChunk chunk) {
  if (goes_on()) co_await start_chunk(chunk);
  BodyState state = BodyState::kMore;
  std::uint64_t left = chunk.size_bytes;
  do {
    const bool is_early = !early->buffered().empty();
    ByteView part = early->buffered().first(std::min<std::uint64_t>(left, early->buffered().size()));
    if (!is_early && left > 0) {
      const auto got = co_await read_body(client, left);
      if (!got) co_return co_await lose_client(got.error());
      part = *got;
    }
    left -= part.size();
    state = co_await take_part(part, chunk, left);
    if (is_early) early->consume(part.size());
  } while (left > 0 && state == BodyState::kMore);
  BodyEnd end = co_await finish_chunk(chunk);
  end.close = state == BodyState::kTooLate;
  co_return end;
}

/// To the hop. A mail that is scanned goes by DATA: the last byte of the last chunk would make it exist,
/// where a final dot can be withheld. So does one that may get a disclaimer: a chunk's size is told before
/// it.
bool MailTransaction::is_chunked() const { return hop_->offers().chunking && !scan_ && !policy_.may_add(); }

/// Before the first chunk the row is opened. A hop without CHUNKING is told DATA then; one with it hears of a
/// chunk when policy has judged the mail, because only then its size is known.
net::awaitable<void> MailTransaction::start_chunk(smtp::TakeChunk chunk) {
  hop_has_chunk_ = false;
  if (!chunks_) {
    chunks_.emplace();
    if (auto refused = co_await open_row()) {
      fate_ = Refused{std::move(*refused)};
      co_return;
    }
    if (is_chunked()) policy_.take_dots_literally();
    if (!is_chunked()) {
      if (auto ready = co_await hop_->start_data(); !ready) {
        fate_ = Refused{std::move(ready.error())};
        co_await hop_->leave();
        co_return;
      }
      const std::string header = trace_header();
      co_await write_part(bytes_of(header));
    }
  }
  if (is_chunked() && policy_.is_judged()) co_await tell_hop_of_chunk(chunk.size_bytes, chunk.is_last);
}

net::awaitable<void> MailTransaction::tell_hop_of_chunk(std::uint64_t size_bytes, bool is_last) {
  hop_has_chunk_ = true;
  if (auto begun = co_await hop_->start_chunk(size_bytes, is_last); !begun)
    refuse_body(policy::reply_of(lane_->rules.when_unavailable), begun.error().message);
}

/// `left` bytes of the client's chunk follow `part`.
net::awaitable<void> MailTransaction::pass_chunk_on(ByteView part, smtp::TakeChunk chunk,
                                                    std::uint64_t left) {
  const bool was_judged = policy_.is_judged();
  const std::string peer = client_.peer_subject();
  const bool is_end = chunk.is_last && left == 0;
  auto passed = policy_.pass(part, peer);
  if (is_end && !policy_.is_judged()) passed = policy_.pass_end(peer);
  if (passed.refusal) refuse_body(*passed.refusal, "policy");
  if (!goes_on()) co_return;
  if (is_chunked() && !was_judged && policy_.is_judged()) {
    const std::string header = trace_header();
    co_await tell_hop_of_chunk(header.size() + passed.bytes.size() + left, chunk.is_last);
    co_await write_part(bytes_of(header));
  }
  co_await write_part(passed.bytes);
  if (is_end && !is_chunked() && goes_on()) co_await pass_on(policy_.pass_end(peer));
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
    refuse_body(step.why);
    co_return BodyState::kTooLate;
  }
  judge_body(part);
  if (is_end) look_for_repeat();
  if (goes_on()) co_await pass_chunk_on(is_chunked() ? part : ByteView(stuffed), chunk, left);
  co_return is_far_too_big() ? BodyState::kTooLate : BodyState::kMore;
}

net::awaitable<MailTransaction::BodyEnd> MailTransaction::finish_chunk(smtp::TakeChunk chunk) {
  if (goes_on() && !chunk.is_last) {
    if (hop_has_chunk_)
      if (auto taken = co_await hop_->finish_chunk(); !taken) fate_ = Refused{std::move(taken.error())};
    if (goes_on())
      co_return BodyEnd{
          .reply = smtp::make_reply(250, "2.0.0", std::to_string(chunk.size_bytes) + " bytes taken")};
  }
  co_return co_await settle();
}

}  // namespace privyseal::gateway
