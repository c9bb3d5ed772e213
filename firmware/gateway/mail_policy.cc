#include "firmware/gateway/mail_policy.h"

#include <algorithm>

#include "firmware/smtp/ascii.h"

namespace privyseal::gateway {

using policy::Refusal;
using smtp::Reply;

MailPolicy::MailPolicy(Service& service, Direction direction, std::optional<smtp::Address> sender)
    : service_(service),
      direction_(direction),
      sender_(std::move(sender)),
      rules_(service.book.rules()),
      now_(service.clock.now()) {}

Reply MailPolicy::refused(Refusal refusal) {
  service_.book.count("refused/" + std::string(policy::text_of(refusal).id));
  refusal_ = refusal;
  return policy::reply_of(refusal, rules_->options.contacts);
}

std::optional<Reply> MailPolicy::settled(const policy::Judgement& judgement) {
  if (judgement.refusal) return refused(*judgement.refusal);
  for (const Refusal warning : judgement.warnings)
    if (!std::ranges::contains(warnings_, warning)) warnings_.push_back(warning);
  return std::nullopt;
}

std::optional<Reply> MailPolicy::refuses_mail() {
  const bool is_out = direction_ == Direction::kOut;
  switch (service_.book.line()) {
    case LineState::kActive:
      break;
    case LineState::kSuspended:
      return refused(Refusal::kSuspended);
    case LineState::kTerminated:
      return refused(is_out ? Refusal::kTerminatedOut : Refusal::kTerminatedIn);
  }
  if (!service_.firewall.lets_mail_pass()) return refused(Refusal::kFirewallDown);
  if (!is_out) return std::nullopt;
  if (const auto foreign = service_.route.refuses_sender_out(sender_)) return refused(*foreign);
  if (auto reply = settled(policy::judge_sender(*rules_, sender_, now_))) return reply;
  return refusal_of_cap(service_.book.reached(caps()));
}

std::vector<policy::RateCap> MailPolicy::caps() const {
  return hourly_caps(rules_->options, sender_ ? smtp::to_string(*sender_) : std::string());
}

std::optional<Reply> MailPolicy::refusal_of_cap(int full) {
  if (full < 0) return std::nullopt;
  const std::string key = caps().at(static_cast<std::size_t>(full)).key;
  return refused(key == "organisation" ? Refusal::kOrganisationRate : Refusal::kSenderRate);
}

/// A recipient who is refused does not stop the mail.
std::expected<smtp::Address, Reply> MailPolicy::recipient(const smtp::Address& asked) {
  auto routed = route(asked);
  if (const auto why = std::exchange(refusal_, std::nullopt); why && !std::ranges::contains(left_out_, *why))
    left_out_.push_back(*why);
  return routed;
}

std::expected<smtp::Address, Reply> MailPolicy::route(const smtp::Address& asked) {
  const bool is_out = direction_ == Direction::kOut;
  auto routed = is_out ? service_.route.recipient_out(asked) : service_.route.recipient_in(asked);
  if (!routed) {
    if (routed.error() == Refusal::kRecipientNotCjsm) left_one_out_ = true;
    return std::unexpected(refused(routed.error()));
  }
  if (!is_out) return std::move(*routed);
  const std::uint32_t most = rules_->options.recipients;
  if (most > 0 && accepted_ >= most) return std::unexpected(refused(Refusal::kTooManyRecipients));
  if (auto reply = settled(policy::judge_recipient(*rules_, *routed)))
    return std::unexpected(std::move(*reply));
  ++accepted_;
  return std::move(*routed);
}

std::optional<Reply> MailPolicy::refuses_data(std::size_t accepted_recipients) {
  accepted_ = accepted_recipients;
  if (direction_ == Direction::kIn) return std::nullopt;
  return refusal_of_cap(service_.book.admit(caps()));
}

Reply MailPolicy::of_absent_hop(Reply reply) const {
  const bool is_planned =
      direction_ == Direction::kOut && reply.is_transient() && rules_->maintenance.at(now_);
  if (!is_planned) return reply;
  return policy::reply_of(Refusal::kPlannedMaintenance, rules_->options.contacts);
}

PolicyFacts MailPolicy::facts() const {
  PolicyFacts facts = seen_;
  const auto add = [&](std::string_view what, Refusal rule) {
    facts.verdict +=
        (facts.verdict.empty() ? "" : " ") + std::string(what) + std::string(policy::text_of(rule).id);
  };
  const bool has_nobody = accepted_ == 0 && !left_out_.empty();
  if (refusal_)
    add("refused/", *refusal_);
  else if (is_judged_ && !has_nobody)
    facts.verdict = "passed";
  for (const Refusal rule : left_out_) add(has_nobody ? "refused/" : "left-out/", rule);
  for (const Refusal rule : warnings_) add("warned/", rule);
  if (has_disclaimer()) facts.verdict += " disclaimer";
  for (const policy::RateCap& permit : permits_) facts.verdict += " " + permit.key;
  return facts;
}

const policy::Disclaimer* MailPolicy::disclaimer() const {
  const auto& disclaimer = rules_->options.disclaimer;
  return direction_ == Direction::kOut && disclaimer ? &*disclaimer : nullptr;
}

bool MailPolicy::has_disclaimer() const {
  return stream_ && stream_->outcome() == policy::DisclaimerStream::Outcome::kAdded;
}

std::uint64_t MailPolicy::may_add_within(policy::DisclaimerRoom room) {
  room_ = room;
  const std::uint64_t growth = may_add() ? disclaimer()->growth_bytes() : 0;
  return room_.has(growth) ? growth : 0;
}

MailPolicy::Passed MailPolicy::pass(ByteView bytes, std::string_view peer) {
  if (is_judged_ && stream_) return {.bytes = bytes_of(stream_->feed(text_of(bytes))), .refusal = {}};
  if (is_judged_) return {.bytes = bytes, .refusal = {}};
  held_ += text_of(bytes);
  return judge_held(false, peer);
}

MailPolicy::Passed MailPolicy::pass_end(std::string_view peer) {
  Passed passed;
  const bool was_judged = is_judged_;
  if (!was_judged) passed = judge_held(true, peer);
  if (!stream_ || std::exchange(is_over_, true)) return passed;
  const std::string_view rest = stream_->end();
  service_.book.count("disclaimer/" + std::string(policy::to_string(stream_->outcome())));
  if (was_judged) return {.bytes = bytes_of(rest), .refusal = {}};
  held_ += rest;
  return {.bytes = bytes_of(held_), .refusal = {}};
}

/// When the header has ended, body_ says where. A refusal: it cannot be judged.
std::optional<Refusal> MailPolicy::take_header(bool is_whole) {
  body_ = policy::find_body(held_, searched_);
  searched_ = held_.size();
  if (body_.value_or(held_.size()) > policy::kMaxHeaderBytes) return Refusal::kHeaderTooBig;
  if (!body_ && !is_whole) return std::nullopt;
  if (!body_) body_ = held_.size();
  header_text_ = held_.substr(0, *body_);
  // A field that the next hop has and we have not.
  if (dots_ == policy::Dots::kStuffed && policy::has_hidden_line(header_text_)) return Refusal::kDotInHeader;
  header_ = policy::parse_header(header_text_);
  return std::nullopt;
}

MailPolicy::Passed MailPolicy::judge_held(bool is_whole, std::string_view peer) {
  if (!body_) {
    if (const auto refusal = take_header(is_whole)) {
      is_judged_ = true;
      return {.bytes = {}, .refusal = refused(*refusal)};
    }
    if (!body_) return {};
  }
  // Each look begins anew, so the next one waits until there is twice as much to see.
  const std::size_t body_bytes = held_.size() - *body_;
  if (!is_whole && body_bytes < std::min(looks_next_at_, policy::kMaxOpeningBytes)) return {};
  looks_next_at_ = 2 * body_bytes + 1;
  const std::string_view body = std::string_view(held_).substr(*body_);
  seen_.message_id = policy::message_id_of(header_);
  if (direction_ == Direction::kIn) {
    seen_.marking = policy::marking_of(*rules_, header_);
    return release(policy::origin_fields(service_.settings.host, peer), body);
  }
  const auto first_line = policy::first_line_of(header_, body, is_whole, dots_);
  if (!first_line) return {};
  return judge_out(body, *first_line);
}

MailPolicy::Passed MailPolicy::judge_out(std::string_view body, const std::string& first_line) {
  const policy::Envelope envelope{.sender = sender_,
                                  .own_domains = service_.settings.domains,
                                  .recipients = accepted_,
                                  .left_one_out = left_one_out_,
                                  .now = now_};
  auto judged = policy::judge_header(*rules_, envelope, header_, first_line);
  if (!judged.marking.empty()) service_.book.count("marking/" + judged.marking);
  seen_.marking = judged.marking;
  if (!judged.refusal && !judged.permits.empty()) {
    std::vector<policy::RateCap> permits;
    permits.reserve(judged.permits.size());
    for (const policy::Permit& permit : judged.permits)
      permits.push_back({permit_key(permit.reference), permit.hourly_cap});
    if (service_.book.admit(permits) >= 0)
      judged.refusal = Refusal::kPermitUsedUp;
    else
      permits_ = std::move(permits);
  }
  if (judged.refusal) {
    is_judged_ = true;
    return {.bytes = {}, .refusal = refused(*judged.refusal)};
  }
  for (const Refusal warning : warnings_)
    judged.fields.push_back("X-Privyseal-Warning: " + std::string(policy::text_of(warning).id));
  warnings_.insert(warnings_.end(), judged.warnings.begin(), judged.warnings.end());
  for (const Refusal warning : warnings_)
    service_.book.count("warned/" + std::string(policy::text_of(warning).id));
  return release(judged.fields, body);
}

/// The fields that we add, and the mail without those that only we may add.
MailPolicy::Passed MailPolicy::release(const std::vector<std::string>& fields, std::string_view body) {
  std::string mail;
  mail.reserve(held_.size() + 512);
  for (const std::string& field : fields) mail += field + "\r\n";
  std::size_t header_bytes = 0;
  for (const policy::Field& field : header_.fields) {
    header_bytes += field.raw.size();
    if (!policy::is_ours_alone(field)) mail += field.raw;
  }
  const auto empty_line =
      std::string_view(held_).substr(header_bytes, held_.size() - body.size() - header_bytes);
  mail += empty_line;
  if (may_add() && !empty_line.empty()) {
    stream_.emplace(*disclaimer(), header_, mail.size(), room_);
    body = stream_->feed(body);
  }
  mail += body;
  held_ = std::move(mail);
  header_ = {};
  header_text_ = {};
  is_judged_ = true;
  return {.bytes = bytes_of(held_), .refusal = {}};
}

}  // namespace privyseal::gateway
