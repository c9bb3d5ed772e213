#include "firmware/gateway/mail_transaction.h"

#include <algorithm>

#include "firmware/base/check.h"
#include "firmware/base/log.h"
#include "firmware/smtp/trace.h"

namespace privyseal::gateway {

using policy::Refusal;
using smtp::Reply;

namespace {

/// As the ledger keeps it: "250 2.0.0 queued as 4XyZ".
std::string line_of(const Reply& reply) {
  return std::to_string(reply.code) + " " + (reply.enhanced.empty() ? "" : reply.enhanced + " ") +
         reply.text();
}

}  // namespace

Outcome outcome_of(const Reply& reply) {
  if (reply.is_positive()) return Outcome::kDelivered;
  return reply.is_permanent() ? Outcome::kRefused : Outcome::kDeferred;
}

MailTransaction::MailTransaction(Service& service, std::shared_ptr<const Lane> lane,
                                 const ClientFacts& client, smtp::MailFrom mail)
    : service_(service),
      lane_(std::move(lane)),
      client_(client),
      mail_(std::move(mail)),
      opened_at_(service.clock.now()),
      policy_(service, lane_->direction, mail_.reverse_path),
      body_clock_(service.pace()),
      fingerprint_(service.ledger.identity_key()) {}

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

MailRecord MailTransaction::record() const {
  MailRecord record{.opened_at = opened_at_,
                    .direction = lane_->direction,
                    .client_address = client_.address,
                    .sender = mail_.reverse_path ? smtp::to_string(*mail_.reverse_path) : "",
                    .recipients = recipients_.empty() ? refused_ : recipients_,
                    .hop = hop_ ? hop_->address().text() : lane_->hops.front().address.text()};
  const bool is_in = lane_->direction == Direction::kIn;
  auto& client_session = is_in ? record.cjsm_session : record.lan_session;
  client_session = client_.session;
  if (!client_session) client_session.emplace().version = kNoTls;
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
  auto refusal = co_await open_scan();
  if (!refusal) refusal = policy_.refuses_data(recipients_.size());
  if (refusal) {
    co_await hop_->leave();
    co_await refuse(*refusal);
    co_return refusal;
  }
  stages_.enter(&StageTimes::record);
  const auto row = co_await service_.ledger.open_row(record());
  stages_.enter(&StageTimes::body);
  if (!row) {
    hop_->cut();
    co_return policy::reply_of(service_.ledger.has_room() ? Refusal::kLedgerUnavailable
                                                          : Refusal::kLedgerFull);
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
  const std::string address = client_.host();
  const std::string date = to_rfc5322(opened_at_);
  const tls::SessionFacts session = client_.session.value_or(tls::SessionFacts{});
  return smtp::received_header({.client_name = client_.name,
                                .client_address = address,
                                .hostname = service_.settings.host,
                                .is_esmtp = client_.is_esmtp,
                                .is_smtputf8 = mail_.smtputf8,
                                .tls_version = session.version,
                                .cipher = session.suite,
                                .id = id,
                                .date = date});
}

/// If the outcome cannot be recorded the row stays open, which the next start turns into "unknown": the
/// hop's verdict stands, and the client must hear it, or it would send the mail a second time.
net::awaitable<void> MailTransaction::close_row(Reply reply, Outcome outcome,
                                                std::optional<MailIdentity> unheard) {
  stages_.leave();
  MailEnd end{.closed_at = service_.clock.now(),
              .outcome = outcome,
              .size_bytes = size_bytes(),
              .reply = line_of(reply),
              .policy = policy_.facts(),
              .took = stages_.times()};
  service_.meter.mail(lane_->direction, end);
  const auto closed =
      co_await service_.ledger.close_row(*std::exchange(row_, std::nullopt), std::move(end), unheard);
  if (!closed) log_event(LogLevel::kAlert, "outcome-not-recorded", {{"why", closed.error().message}});
}

/// A mail that never reached DATA. It went nowhere, so that a ledger that fails here stops nothing.
net::awaitable<void> MailTransaction::record_end(std::string reply, Outcome outcome) {
  MailEnd end{.closed_at = service_.clock.now(),
              .outcome = outcome,
              .size_bytes = 0,
              .reply = std::move(reply),
              .policy = policy_.facts(),
              .took = stages_.times()};
  service_.meter.mail(lane_->direction, end);
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
