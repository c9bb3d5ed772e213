/// One SMTP connection from a mail server to us, from its first byte to its last.
///
/// Its .cc files: the connection, its lines and TLS; _mail for the commands that carry mail.
///
/// Threads: one loop. Ownership: service and waiting must outlive it; it keeps its lane.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "firmware/gateway/lane.h"
#include "firmware/gateway/mail_transaction.h"
#include "firmware/gateway/service.h"
#include "firmware/smtp/line_reader.h"
#include "firmware/smtp/line_repair.h"
#include "firmware/smtp/server_session.h"
#include "firmware/tls/net.h"
#include "firmware/tls/stream.h"

namespace privyseal::gateway {

/// Where a connection came in.
struct Entrance {
  Direction direction;
  bool tls_first = false;  ///< the handshake comes before our greeting
};

class Session {
 public:
  Session(Service& service, Entrance entrance, Waiting& waiting, net::tcp::socket socket);

  /// Runs to the end of the connection.
  [[nodiscard]] net::awaitable<void> run();

 private:
  enum class Next { kContinue, kClose };

  static constexpr std::chrono::seconds kHearOutWithin{2};
  static constexpr std::size_t kCommandChunkBytes = 4096;

  net::awaitable<void> converse();
  net::awaitable<Result<void>> hear_proxy();
  net::awaitable<std::optional<smtp::Command>> next_command();
  net::awaitable<std::optional<std::string>> next_line();
  [[nodiscard]] std::optional<smtp::Command> buffered_command();
  [[nodiscard]] std::optional<policy::Refusal> must_end() const;
  [[nodiscard]] std::optional<policy::Refusal> is_over_time() const;
  net::awaitable<Next> perform(smtp::Action action);
  net::awaitable<Next> on(smtp::SendReply action);
  net::awaitable<Next> on(smtp::ShakeHands action);
  net::awaitable<Next> on(smtp::OpenMail action);
  net::awaitable<Next> on(smtp::AddRecipient action);
  net::awaitable<Next> on(smtp::StartData action);
  net::awaitable<Next> on(smtp::TakeChunk action);
  net::awaitable<Next> on(smtp::SkipChunk action);
  net::awaitable<Next> on(smtp::DropMail action);
  net::awaitable<Next> on(smtp::CloseSession action);

  net::awaitable<Next> answer(smtp::Reply reply);
  net::awaitable<Next> send(smtp::Reply reply);
  Next send_later(const smtp::Reply& reply);
  net::awaitable<Next> flush();
  net::awaitable<Next> refuse_and_close(policy::Refusal refusal);
  net::awaitable<Next> shake_hands_first();
  net::awaitable<Next> shake_hands(std::shared_ptr<const tls::Context> context);
  [[nodiscard]] std::shared_ptr<const tls::Context> listener() const;
  [[nodiscard]] const smtp::ClearException* clear_exception() const;
  void note_clear();
  net::awaitable<Next> body();
  net::awaitable<Result<void>> skip(std::uint64_t size_bytes);
  net::awaitable<void> drop_mail(std::string_view why);
  void log_failed_handshake(std::string_view why) const;
  void await_hearing(const std::optional<MailIdentity>& mail);
  void note_heard();
  void note_lost();

  Service& service_;
  const Entrance entrance_;
  const std::shared_ptr<const Lane> lane_;  // as it was when the session began
  Waiting& waiting_;
  const std::chrono::steady_clock::time_point until_;  // then it ends, unless a mail is open
  tls::Stream stream_;
  boost::asio::ip::address client_ip_;  // of the stream, or what a proxy of ours told
  smtp::LineReader reader_;
  std::optional<smtp::LineRepair> repair_;  // on the way into reader_
  std::optional<smtp::Command> ahead_;      // read behind a group of recipients, and not yet performed
  std::string replies_;                     // to commands of a group, not yet sent
  smtp::ServerSession protocol_;
  ClientFacts client_;
  std::optional<MailTransaction> mail_;
  std::optional<MailIdentity> unheard_;  // the sender was told 250, and said nothing since
  bool spoke_ahead_ = false;             // it had said more before it could hear that
};

}  // namespace privyseal::gateway
