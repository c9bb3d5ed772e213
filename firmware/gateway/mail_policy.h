/// One mail before the policy: asks the rules at MAIL, at each RCPT, at DATA, and of the header while the
/// mail passes by.
///
/// The header and the first line of the text are held until they are judged; nothing of the body goes on
/// before. From then on bytes pass unchanged, but that the organisation's disclaimer may be put below the
/// text of mail out (policy/disclaimer_stream.h). The rules are those of the mail's beginning.
///
/// Threads: the loop of its session. Ownership: the service must outlive it.
#pragma once

#include <expected>
#include <optional>
#include <string>

#include "firmware/base/bytes.h"
#include "firmware/gateway/mail_record.h"
#include "firmware/gateway/service.h"
#include "firmware/policy/disclaimer_stream.h"
#include "firmware/policy/judge.h"
#include "firmware/policy/opening.h"
#include "firmware/smtp/reply.h"

namespace privyseal::gateway {

class MailPolicy {
 public:
  MailPolicy(Service& service, Direction direction, std::optional<smtp::Address> sender);
  MailPolicy(const MailPolicy&) = delete;  // it has views into itself
  MailPolicy& operator=(const MailPolicy&) = delete;

  /// May this sender send now?
  [[nodiscard]] std::optional<smtp::Reply> refuses_mail();

  /// The recipient as the next hop must hear it.
  [[nodiscard]] std::expected<smtp::Address, smtp::Reply> recipient(const smtp::Address& asked);

  /// Before DATA; counts the mail against the hourly caps.
  [[nodiscard]] std::optional<smtp::Reply> refuses_data(std::size_t accepted_recipients);

  /// Whether the body may go on longer than it came.
  [[nodiscard]] bool may_add() const { return disclaimer() != nullptr; }
  /// What the next hop lets us add. How much longer the mail may become.
  [[nodiscard]] std::uint64_t may_add_within(policy::DisclaimerRoom room);

  /// What the sender is told of a next hop that is away: during planned maintenance, that.
  [[nodiscard]] smtp::Reply of_absent_hop(smtp::Reply reply) const;

  /// What was seen and said so far.
  [[nodiscard]] PolicyFacts facts() const;

  /// Counts the refusal; the reply names the organisation's contacts.
  [[nodiscard]] smtp::Reply refused(policy::Refusal refusal);

  /// The header was judged: from here on bytes pass as they come.
  [[nodiscard]] bool is_judged() const { return is_judged_; }

  /// The mail comes and goes on by BDAT, where a dot is text like any other: to be said before pass().
  void take_dots_literally() { dots_ = policy::Dots::kLiteral; }

  /// What may go on; the bytes are valid until the next call.
  struct Passed {
    ByteView bytes;
    std::optional<smtp::Reply> refusal;
  };
  /// The mail's bytes in order, dots stuffed unless it was said that they are not. `peer` is the sending mail
  /// server's name in its certificate.
  [[nodiscard]] Passed pass(ByteView bytes, std::string_view peer);
  /// The mail is whole: what was still held, or is put behind it. Nothing, when it is called again.
  [[nodiscard]] Passed pass_end(std::string_view peer);

 private:
  [[nodiscard]] const policy::Disclaimer* disclaimer() const;
  [[nodiscard]] bool has_disclaimer() const;
  [[nodiscard]] std::expected<smtp::Address, smtp::Reply> route(const smtp::Address& asked);
  [[nodiscard]] std::optional<smtp::Reply> settled(const policy::Judgement& judgement);
  [[nodiscard]] std::vector<policy::RateCap> caps() const;
  [[nodiscard]] std::optional<smtp::Reply> refusal_of_cap(int full);
  [[nodiscard]] std::optional<policy::Refusal> take_header(bool is_whole);
  Passed judge_held(bool is_whole, std::string_view peer);
  Passed judge_out(std::string_view body, const std::string& first_line);
  Passed release(const std::vector<std::string>& fields, std::string_view body);

  Service& service_;
  const Direction direction_;
  const std::optional<smtp::Address> sender_;
  const std::shared_ptr<const policy::Rules> rules_;
  const WallTime now_;
  std::size_t accepted_ = 0;  // recipients; the hop may have refused some of them
  bool left_one_out_ = false;
  std::vector<policy::Refusal> warnings_;
  PolicyFacts seen_;
  std::vector<policy::RateCap> permits_;    // of the permissions that let it pass
  std::optional<policy::Refusal> refusal_;  // of the mail
  std::vector<policy::Refusal> left_out_;   // of recipients
  std::string held_;                        // of the mail, not yet judged
  std::size_t searched_ = 0;                // of it, for the header's end
  std::optional<std::size_t> body_;         // where it begins in held_
  std::string header_text_;                 // of which header_ has views
  policy::Header header_;                   // read once, when it is whole
  std::size_t looks_next_at_ = 0;           // so many bytes held: look for the first line again
  policy::Dots dots_ = policy::Dots::kStuffed;
  bool is_judged_ = false;
  bool is_over_ = false;  // pass_end() was called
  policy::DisclaimerRoom room_;
  std::optional<policy::DisclaimerStream> stream_;  // of the body, where a disclaimer may be put below it
};

}  // namespace privyseal::gateway
