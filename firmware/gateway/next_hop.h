/// One mail's connection to the next hop: made for one transaction, used for it, and closed.
///
/// Nothing of a mail is sent before TLS is up and the hop's certificate was accepted.
/// Every step gives the reply that our client must hear when the step fails.
///
/// Threads: the loop of its session. Ownership: rules and hop must outlive it.
#pragma once

#include <chrono>
#include <expected>
#include <optional>
#include <string>
#include <vector>

#include "firmware/base/bytes.h"
#include "firmware/gateway/lane.h"
#include "firmware/smtp/client_dialogue.h"
#include "firmware/smtp/reply.h"
#include "firmware/smtp/reply_reader.h"
#include "firmware/tls/net.h"
#include "firmware/tls/session_facts.h"
#include "firmware/tls/stream.h"

namespace privyseal::gateway {

class NextHop {
 public:
  /// Success, or what the client is to be told instead.
  using Judgement = std::expected<void, smtp::Reply>;

  NextHop(const HopRules& rules, const Hop& hop, Day today);

  /// Connects, shakes hands, greets: ready for a mail. Until the hop has answered MAIL all of it together
  /// takes no longer than this.
  [[nodiscard]] net::awaitable<Judgement> open(tls::Stream::Duration within);

  /// One for each recipient, in their order.
  using Judgements = std::vector<Judgement>;

  /// MAIL and the first RCPTs, all in one write where the hop can pipeline.
  [[nodiscard]] net::awaitable<Judgements> start_mail(smtp::MailFrom mail,
                                                      std::vector<smtp::RcptTo> recipients);
  /// RCPTs, in one write where the hop can pipeline.
  [[nodiscard]] net::awaitable<Judgements> add_recipients(std::vector<smtp::RcptTo> recipients);
  /// From its EHLO inside TLS.
  [[nodiscard]] const smtp::Extensions& offers() const { return dialogue_.extensions(); }
  /// The biggest mail, as it comes to us, that the hop takes; 0: no limit given.
  [[nodiscard]] std::uint64_t max_message_bytes() const;
  /// What every further recipient hears: the hop is gone, or MAIL was refused.
  [[nodiscard]] const std::optional<smtp::Reply>& failure() const { return failure_; }
  /// It cannot be used, by its own fault, and has not answered MAIL: another hop may be asked.
  [[nodiscard]] bool is_no_use() const { return standing_ == Standing::kNoUse; }
  /// Why it was given up, for people; empty: it was not.
  [[nodiscard]] const std::string& why_given_up() const { return why_given_up_; }
  [[nodiscard]] const HostPort& address() const { return hop_.address; }
  [[nodiscard]] net::awaitable<Judgement> start_data();

  /// Instead of start_data(), if offers().chunking: so many bytes of the body follow by write_body().
  [[nodiscard]] net::awaitable<Result<void>> start_chunk(std::uint64_t size_bytes, bool is_last);
  /// The chunk's bytes are written: what the hop says to it. After the last chunk it is finish() instead.
  [[nodiscard]] net::awaitable<Judgement> finish_chunk();

  /// Sends bytes of the body; they may be kept until there are enough for one TLS record.
  [[nodiscard]] net::awaitable<Result<void>> write_body(ByteView bytes);
  /// Sends the end of data, unless the last chunk was that, and waits for the hop's verdict: a 2xx means that
  /// the hop has the mail.
  [[nodiscard]] net::awaitable<smtp::Reply> finish();

  /// True after finish(): the end of data was sent, and then the hop was not heard any more. It may have the
  /// mail.
  [[nodiscard]] bool verdict_lost() const { return verdict_lost_; }

  /// The mail must not exist: the connection ends without the end of data.
  void cut();
  /// QUIT without waiting for its answer; inside a body, cut().
  [[nodiscard]] net::awaitable<void> leave();

  [[nodiscard]] const std::optional<tls::SessionFacts>& facts() const { return facts_; }

 private:
  enum class Standing {
    kNew,       // it has not answered MAIL
    kAnswered,  // it has, whatever became of it since
    kNoUse,     // given up before, by its own fault
    kKeysAway,  // given up before, by ours
  };

  net::awaitable<Result<void>> write(std::string_view text);
  net::awaitable<Result<void>> flush_body();
  net::awaitable<Result<smtp::Reply>> read_reply(tls::Stream::Duration within);
  [[nodiscard]] tls::Stream::Duration at_most(tls::Stream::Duration usual) const;
  net::awaitable<Judgement> greet();
  net::awaitable<Judgement> shake_hands();
  net::awaitable<Judgement> log_in();
  net::awaitable<Judgements> ask_together(std::string commands, std::vector<smtp::RcptTo> recipients);
  net::awaitable<Judgement> ask(std::string command, tls::Stream::Duration within);
  net::awaitable<Judgement> judge_next(tls::Stream::Duration within);
  [[nodiscard]] policy::Refusal refusal_of(smtp::HopFailure failure) const;
  [[nodiscard]] std::optional<policy::Refusal> missing_for(const smtp::MailFrom& mail) const;
  std::unexpected<smtp::Reply> give_up(policy::Refusal refusal, std::string_view why);
  /// It is unavailable.
  std::unexpected<smtp::Reply> give_up(std::string_view why) { return give_up(rules_.when_unavailable, why); }

  const HopRules& rules_;
  const Hop& hop_;
  const std::shared_ptr<const tls::Context> context_;
  smtp::ClientDialogue dialogue_;
  smtp::ReplyReader reader_;
  std::optional<tls::Stream> stream_;
  std::optional<tls::SessionFacts> facts_;
  Bytes body_;  // of the body, not yet written
  std::optional<smtp::Reply> failure_;
  std::chrono::steady_clock::time_point answer_until_;  // its share of the time: to have answered MAIL
  std::string why_given_up_;
  Standing standing_ = Standing::kNew;
  bool is_logged_in_ = false;
  bool verdict_lost_ = false;
  bool in_body_ = false;  // what we send now is mail, not commands
  bool is_chunked_ = false;
  bool is_last_chunk_ = false;
};

}  // namespace privyseal::gateway
