/// Carries one mail from our client to the next hop, and records it.
///
/// The guarantee: the client hears 2xx after the end of data only when the next hop said 2xx, and a
/// ledger row was on stable storage before the first byte of the mail was passed on. Whatever
/// goes wrong before the hop's verdict cuts its connection without the end of data, so that no
/// half mail can be accepted anywhere.
///
/// Its .cc files: the envelope and the ledger's row; _hops finds the next hop; _body for DATA and the
/// verdict; _chunks for BDAT.
///
/// Threads: the loop of its session. Ownership: the service must outlive it; it keeps its lane.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "firmware/gateway/lane.h"
#include "firmware/gateway/mail_identity.h"
#include "firmware/gateway/mail_policy.h"
#include "firmware/gateway/mail_record.h"
#include "firmware/gateway/next_hop.h"
#include "firmware/gateway/pace.h"
#include "firmware/gateway/scanner.h"
#include "firmware/gateway/service.h"
#include "firmware/gateway/stage_clock.h"
#include "firmware/smtp/chunk_stream.h"
#include "firmware/smtp/dot_stream.h"
#include "firmware/smtp/header_scan.h"
#include "firmware/smtp/line_reader.h"
#include "firmware/smtp/server_session.h"

namespace privyseal::gateway {

/// What is known of the sending mail server.
struct ClientFacts {
  std::string address;  ///< "192.0.2.1:40000"
  std::string name;     ///< from EHLO, its own claim
  bool is_esmtp = true;
  std::optional<tls::SessionFacts> session;  ///< none: the mail comes in clear

  /// As which its certificate names it; empty: it showed none.
  [[nodiscard]] std::string peer_subject() const { return session ? session->peer_subject : ""; }
  /// The address without its port.
  [[nodiscard]] std::string host() const { return address.substr(0, address.rfind(':')); }
};

/// What the sender was told, as the ledger calls it.
[[nodiscard]] Outcome outcome_of(const smtp::Reply& reply);

class MailTransaction {
 public:
  MailTransaction(Service& service, std::shared_ptr<const Lane> lane, const ClientFacts& client,
                  smtp::MailFrom mail);

  /// Nothing: policy lets this sender send now.
  [[nodiscard]] std::optional<smtp::Reply> refuses_mail() { return policy_.refuses_mail(); }

  /// The sender may not send: records it. The transaction is over.
  [[nodiscard]] net::awaitable<void> refuse(smtp::Reply reply);

  /// The replies to a group of RCPTs, in their order. The first one that policy accepts opens the connection
  /// to the next hop.
  [[nodiscard]] net::awaitable<std::vector<smtp::Reply>> add_recipients(std::vector<smtp::RcptTo> recipients);

  /// The reply to DATA: 354, or a refusal, after which the transaction is over.
  [[nodiscard]] net::awaitable<smtp::Reply> start_data();

  struct BodyEnd {
    smtp::Reply reply;
    /// The hop has this mail, and the sender does not know it before it hears the reply.
    std::optional<MailIdentity> unheard{};
    bool close = false;  ///< say the reply and end the session: its bytes cannot be trusted to be in step
  };
  /// Reads the body from `client` until its end and gives the verdict; what the client sent after the end
  /// of data is put into `rest`.
  /// Nothing: the client went away, and nobody is there to hear a reply.
  [[nodiscard]] net::awaitable<std::optional<BodyEnd>> carry_body(tls::Stream* client, Bytes* rest);

  /// The same for BDAT, chunk by chunk: reads one from `early`, where its first bytes may be already, and
  /// then from `client`. Any reply that is not a 2xx, and every one to the last chunk, ends the transaction.
  /// What was refused is read all the same.
  [[nodiscard]] net::awaitable<std::optional<BodyEnd>> carry_chunk(tls::Stream* client,
                                                                   smtp::LineReader* early,
                                                                   smtp::TakeChunk chunk);

  /// The client dropped the mail, or went away, before DATA.
  [[nodiscard]] net::awaitable<void> abandon(std::string_view why);

 private:
  enum class BodyState { kMore, kEnd, kTooLate };

  // What becomes of the body that is being read.
  struct GoesOn {
    std::optional<MailIdentity> identity;  // once all of it is here
  };
  struct Refused {
    smtp::Reply reply;
  };
  struct Repeats {
    RowId first;  // the hop has the mail since this row
    MailIdentity identity;
  };

  net::awaitable<std::vector<smtp::Reply>> offer_to_hop(std::vector<smtp::RcptTo> recipients);
  net::awaitable<NextHop::Judgements> start_at_a_hop(std::vector<smtp::RcptTo> recipients);
  [[nodiscard]] smtp::MailFrom mail_for(const NextHop& hop);
  void note_recipient(std::string address, const smtp::Reply& reply);
  [[nodiscard]] std::uint64_t max_bytes() const;
  [[nodiscard]] std::uint64_t size_bytes() const;
  [[nodiscard]] bool is_far_too_big() const;
  void judge_body(ByteView part);
  [[nodiscard]] bool goes_on() const { return std::holds_alternative<GoesOn>(fate_); }
  net::awaitable<std::optional<smtp::Reply>> open_row();
  net::awaitable<std::optional<smtp::Reply>> open_scan();
  net::awaitable<void> hear_scanner();
  void refuse_by_scanner(policy::Refusal refusal, const std::string& why);
  [[nodiscard]] bool is_chunked() const;
  net::awaitable<Result<ByteView>> read_body(tls::Stream* client, std::uint64_t most);
  net::awaitable<void> start_chunk(smtp::TakeChunk chunk);
  net::awaitable<BodyState> take_part(ByteView part, smtp::TakeChunk chunk, std::uint64_t left);
  net::awaitable<void> tell_hop_of_chunk(std::uint64_t size_bytes, bool is_last);
  net::awaitable<void> pass_chunk_on(ByteView part, smtp::TakeChunk chunk, std::uint64_t left);
  net::awaitable<void> write_part(ByteView part);
  net::awaitable<BodyEnd> finish_chunk(smtp::TakeChunk chunk);
  net::awaitable<std::optional<BodyEnd>> lose_client(Error error);
  net::awaitable<void> pass_on(MailPolicy::Passed passed);
  net::awaitable<BodyState> take(ByteView input, std::size_t* consumed);
  void refuse_body(smtp::Reply reply, std::string_view why);
  void refuse_body(smtp::Violation why);
  net::awaitable<BodyEnd> settle();
  [[nodiscard]] MailFacts facts() const;
  void look_for_repeat();
  net::awaitable<void> close_row(smtp::Reply reply, Outcome outcome,
                                 std::optional<MailIdentity> unheard = std::nullopt);
  net::awaitable<void> record_end(std::string reply, Outcome outcome);
  [[nodiscard]] MailRecord record() const;
  [[nodiscard]] std::string trace_header() const;

  Service& service_;
  const std::shared_ptr<const Lane> lane_;
  const ClientFacts& client_;
  const smtp::MailFrom mail_;
  WallTime opened_at_;
  MailPolicy policy_;
  std::optional<NextHop> hop_;
  std::optional<HopBoard::Place> hop_place_;
  std::optional<smtp::Reply> hop_failure_;  // the hop cannot be used any more; every RCPT hears this
  std::vector<std::string> recipients_;     // as the next hop accepted them
  std::vector<std::string> refused_;        // as the client asked for them
  std::optional<smtp::Reply> last_refusal_;
  std::optional<RowId> row_;
  std::optional<Scan> scan_;  // the mail's way past the malware scanner, if there is one
  BodyClock body_clock_;
  StageClock stages_;
  Bytes block_;                              // of the body, as it was read
  smtp::DotStream dots_;                     // of a mail that comes by DATA
  std::optional<smtp::ChunkStream> chunks_;  // of one that comes by BDAT
  bool hop_has_chunk_ = false;               // the hop was told of the client's present chunk
  smtp::HeaderScan headers_;
  MailFingerprint fingerprint_;
  std::variant<GoesOn, Refused, Repeats> fate_;  // all but the first: read to its end, and goes nowhere
};

}  // namespace privyseal::gateway
