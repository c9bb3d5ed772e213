/// The part of a MailTransaction that finds a next hop for the mail.
#include "firmware/gateway/mail_transaction.h"

namespace privyseal::gateway {

using policy::Refusal;
using smtp::Reply;

net::awaitable<std::vector<Reply>> MailTransaction::offer_to_hop(std::vector<smtp::RcptTo> recipients) {
  const std::size_t count = recipients.size();
  if (hop_failure_) co_return std::vector(count, *hop_failure_);
  NextHop::Judgements judged;
  if (!hop_)
    judged = co_await start_at_a_hop(std::move(recipients));
  else
    judged = co_await hop_->add_recipients(std::move(recipients));
  if (!hop_failure_) hop_failure_ = hop_->failure();
  std::vector<Reply> replies;
  replies.reserve(count);
  for (const auto& one : judged) replies.push_back(one ? smtp::recipient_accepted() : one.error());
  co_return replies;
}

/// MAIL as the hop must hear it: it counts what policy may put into the body, too.
smtp::MailFrom MailTransaction::mail_for(const NextHop& hop) {
  smtp::MailFrom mail = mail_;
  const bool is_8bit = mail.body == smtp::BodyType::k8BitMime && hop.offers().eight_bit_mime;
  const auto growth = policy_.may_add_within(
      {.eight_bit = is_8bit, .most_bytes = hop.max_message_bytes(), .told_bytes = mail.size_bytes});
  if (mail.size_bytes) *mail.size_bytes += growth;
  return mail;
}

/// MAIL and the first recipients, at the first of the hops that is ready for a mail. Another one is asked
/// only while none has answered MAIL, and for as long as a sender can be expected to wait.
net::awaitable<NextHop::Judgements> MailTransaction::start_at_a_hop(std::vector<smtp::RcptTo> recipients) {
  using Steady = std::chrono::steady_clock;
  HopBoard& board = service_.board_of(lane_->direction);
  const auto until = Steady::now() + service_.settings.limits.find_hop;
  std::optional<Reply> failure;  // of the most preferred one
  bool is_any_free = false;
  for (std::size_t i = 0; i < lane_->hops.size(); ++i) {
    const auto now = Steady::now();
    if (i > 0 && now >= until) break;  // it would be blamed for the time that others took
    auto place = board.take(i, now);
    if (!place) continue;
    is_any_free = true;
    hop_.emplace(lane_->rules, lane_->hops[i], day_of(service_.forward_clock.now()));
    hop_place_.reset();
    hop_place_.emplace(std::move(*place));
    NextHop::Judgements judged;
    stages_.enter(&StageTimes::connect);
    const auto opened = co_await hop_->open((until - now) / static_cast<int>(lane_->hops.size() - i));
    stages_.leave();
    if (const auto& facts = hop_->facts())
      service_.meter.handshake(Meter::Role::kClient, *facts);
    else
      service_.meter.failed_handshake(Meter::Role::kClient);
    if (opened) judged = co_await hop_->start_mail(mail_for(*hop_), recipients);
    if (!hop_->why_given_up().empty() && !failure) failure = hop_->failure();
    if (!hop_->is_no_use()) {
      if (judged.empty()) break;  // our own keys are away: another hop needs them too
      hop_place_->succeeded();
      service_.hop_of(lane_->direction).note(hop_->offers(), hop_->max_message_bytes(), i == 0);
      co_return judged;
    }
    hop_place_->failed(Steady::now(), hop_->why_given_up(), *hop_->failure());
  }
  if (!failure) failure = board.last_failure();
  if (!failure)
    failure = policy::reply_of(is_any_free ? lane_->rules.when_unavailable : Refusal::kNextHopsBusy);
  hop_failure_ = policy_.of_absent_hop(*failure);
  co_return NextHop::Judgements(recipients.size(), std::unexpected(*hop_failure_));
}

}  // namespace privyseal::gateway
