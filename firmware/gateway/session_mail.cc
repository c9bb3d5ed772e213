/// The part of a Session that carries mail: what its commands from MAIL to the end of data do.
#include "firmware/base/log.h"
#include "firmware/gateway/session.h"
#include "firmware/policy/refusal.h"

namespace privyseal::gateway {

using policy::Refusal;
using smtp::Reply;

net::awaitable<Session::Next> Session::on(smtp::OpenMail action) {
  if (service_.draining) co_return co_await refuse_and_close(Refusal::kShuttingDown);
  client_.name = protocol_.client_name();
  client_.is_esmtp = protocol_.is_esmtp();
  // The next hop is a new session: it takes the lane as it is now.
  mail_.emplace(service_, service_.lanes.current(lane_->direction), client_, std::move(action.mail));
  auto refused = mail_->refuses_mail();
  if (!refused) {
    if (!protocol_.is_secured()) note_clear();
    protocol_.answered(smtp::mail_accepted());
    co_return send_later(smtp::mail_accepted());
  }
  co_await mail_->refuse(*refused);
  mail_.reset();
  // These two speak of the whole session (RFC 5321 section 3.8, RFC 7504).
  const bool closes = refused->code == 421 || refused->code == 521;
  const Next next = co_await answer(std::move(*refused));
  if (closes && next == Next::kContinue) co_await stream_.close_after_reading(kHearOutWithin);
  co_return closes ? Next::kClose : next;
}

/// A mail began in clear, as an exception allows.
void Session::note_clear() {
  service_.meter.took_clear();
  if (service_.clear_uses.is_news(client_.host(), std::chrono::steady_clock::now()))
    log_event(LogLevel::kWarning, "mail-in-clear", {{"client", client_.host()}});
}

net::awaitable<Session::Next> Session::on(smtp::AddRecipient action) {
  std::vector<smtp::RcptTo> group{std::move(action.recipient)};
  std::vector<std::optional<Reply>> replies(1);  // of the whole group; nothing where the hop is asked
  while (protocol_.may_add_at_once() && !ahead_) {
    ahead_ = buffered_command();
    if (!ahead_ || !std::holds_alternative<smtp::RcptTo>(*ahead_)) break;
    smtp::Action more = protocol_.on(*std::exchange(ahead_, std::nullopt));
    if (auto* add = std::get_if<smtp::AddRecipient>(&more)) {
      group.push_back(std::move(add->recipient));
      replies.emplace_back();
    } else {
      replies.emplace_back(std::get<smtp::SendReply>(more).reply);
    }
  }
  const auto judged = co_await mail_->add_recipients(std::move(group));
  auto next_judged = judged.begin();
  for (const auto& ours : replies) {
    if (!ours) protocol_.answered(*next_judged);
    send_later(ours ? *ours : *next_judged++);
  }
  co_return Next::kContinue;
}

net::awaitable<Session::Next> Session::on(smtp::StartData) {
  // DATA ends a group of commands (RFC 2920 section 3.1): bytes behind it were sent without waiting for our
  // 354.
  if (!reader_.buffered().empty()) {
    log_event(LogLevel::kWarning, "client-refused",
              {{"client", client_.address}, {"why", "sent mail before 354"}});
    co_return co_await refuse_and_close(Refusal::kSpokeOutOfTurn);
  }
  Reply reply = co_await mail_->start_data();
  const bool go_ahead = reply.is_intermediate();
  if (!go_ahead) mail_.reset();
  if (co_await answer(std::move(reply)) == Next::kClose) co_return Next::kClose;
  if (!go_ahead) co_return Next::kContinue;
  co_return co_await body();
}

net::awaitable<Session::Next> Session::body() {
  Bytes rest;
  auto end = co_await mail_->carry_body(&stream_, &rest);
  mail_.reset();
  if (!end) co_return Next::kClose;
  reader_.append(repair_ ? repair_->feed(rest) : ByteView(rest));
  await_hearing(end->unheard);
  const Next next = co_await answer(std::move(end->reply));
  if (end->close && next == Next::kContinue) co_await stream_.close_after_reading(kHearOutWithin);
  co_return end->close ? Next::kClose : next;
}

/// A 250 that only we know of: it is about to be said. A sender that went on to a further mail is there to
/// hear the one before.
void Session::await_hearing(const std::optional<MailIdentity>& mail) {
  if (!mail) return;
  if (unheard_ && unheard_ != mail) service_.ledger.heard(*unheard_);
  unheard_ = mail;
  spoke_ahead_ = !reader_.buffered().empty() || stream_.has_unread();
}

/// The sender said something: it has heard the last 250, unless it had said this before.
void Session::note_heard() {
  if (unheard_ && !spoke_ahead_) service_.ledger.heard(*std::exchange(unheard_, std::nullopt));
  spoke_ahead_ = false;
}

void Session::note_lost() {
  if (unheard_) service_.ledger.lost(*std::exchange(unheard_, std::nullopt));
}

net::awaitable<Session::Next> Session::on(smtp::TakeChunk action) {
  if (co_await flush() == Next::kClose) co_return Next::kClose;
  auto end = co_await mail_->carry_chunk(&stream_, &reader_, action);
  if (!end) {
    mail_.reset();
    co_return Next::kClose;
  }
  if (action.is_last || !end->reply.is_positive()) mail_.reset();
  await_hearing(end->unheard);
  const Next next = co_await answer(std::move(end->reply));
  if (end->close && next == Next::kContinue) co_await stream_.close_after_reading(kHearOutWithin);
  co_return end->close ? Next::kClose : next;
}

/// Reads so many bytes that are part of no mail, at the pace of a body. They keep no session alive: no
/// recipient was accepted. kTimeout: too slow, or the session is over its time.
net::awaitable<Result<void>> Session::skip(std::uint64_t size_bytes) {
  using Steady = std::chrono::steady_clock;
  Bytes block(kCommandChunkBytes);
  BodyClock clock(service_.pace());
  for (std::uint64_t left = size_bytes; left > 0;) {
    const std::size_t most = std::min<std::uint64_t>(left, block.size());
    const std::size_t early = std::min(most, reader_.buffered().size());
    reader_.consume(early);
    left -= early;
    if (early > 0) continue;
    const auto since = Steady::now();
    const auto within = std::min<Steady::duration>(clock.may_wait(), until_ - since);
    if (within <= within.zero() || is_over_time()) co_return fail(ErrorCode::kTimeout, "an unwanted chunk");
    const auto got = co_await stream_.read_some_interruptible(std::span(block).first(most), within);
    if (!got) co_return std::unexpected(got.error());
    clock.waited(Steady::now() - since, *got);
    left -= *got;
  }
  co_return Result<void>();
}

net::awaitable<Session::Next> Session::on(smtp::SkipChunk action) {
  if (co_await flush() == Next::kClose) co_return Next::kClose;
  const auto skipped = co_await skip(action.size_bytes);
  if (skipped) co_return co_await send(std::move(action.reply));
  if (skipped.error().code != ErrorCode::kTimeout) co_return Next::kClose;
  co_return co_await refuse_and_close(is_over_time().value_or(Refusal::kInputTooSlow));
}

net::awaitable<Session::Next> Session::on(smtp::DropMail action) {
  co_await drop_mail("the sender dropped the mail");
  co_return co_await send(std::move(action.reply));
}

net::awaitable<void> Session::drop_mail(std::string_view why) {
  if (mail_) co_await mail_->abandon(why);
  mail_.reset();
}

}  // namespace privyseal::gateway
