#include "ca/renewd/probe.h"

#include "firmware/smtp/client_dialogue.h"
#include "firmware/smtp/reply_reader.h"
#include "firmware/tls/stream.h"

namespace privyseal::renewd {
namespace {

using Event = smtp::ClientDialogue::Event;
using SteadyTime = std::chrono::steady_clock::time_point;

constexpr std::chrono::seconds kWithin{60};  // all of it

/// One SMTP connection as far as a mail could begin.
class Dialogue {
 public:
  Dialogue(tls::Stream stream, smtp::TlsStart tls_start, std::string hostname, SteadyTime until)
      : stream_(std::move(stream)),
        tls_start_(tls_start),
        dialogue_(std::move(hostname), tls_start),
        until_(until) {}

  /// To the moment before the handshake: the greeting, EHLO, STARTTLS, or nothing.
  net::awaitable<Result<void>> open() {
    if (tls_start_ == smtp::TlsStart::kImplicit) co_return Result<void>();
    co_return co_await until_event(Event::kHandshake);
  }

  net::awaitable<Result<void>> shake_hands(std::shared_ptr<const tls::Context> context) {
    if (!reader_.is_empty())
      co_return fail(ErrorCode::kInvalid, "it sent more in clear after its answer to STARTTLS");
    const auto facts = co_await stream_.handshake(std::move(context), left());
    if (!facts) co_return fail("tls", facts.error());
    co_return Result<void>();
  }

  /// EHLO inside TLS: only its answer shows that the server took our certificate (in TLS 1.3 a refusal
  /// comes after the handshake is done for us). kDenied: it did not.
  net::awaitable<Result<void>> greet_inside() {
    const std::string greeting = dialogue_.secured();
    Result<void> ready;
    if (!greeting.empty()) ready = co_await stream_.write(bytes_of(greeting), left());
    if (ready) ready = co_await until_event(Event::kReady);
    if (!ready)
      co_return fail(ready.error().code == ErrorCode::kClosed ? ErrorCode::kDenied : ready.error().code,
                     "after the handshake: " + ready.error().message);
    static_cast<void>(co_await stream_.write(bytes_of(dialogue_.quit()), left()));
    stream_.close();
    co_return Result<void>();
  }

  [[nodiscard]] std::string peer_fingerprint() const { return stream_.peer_fingerprint(); }
  void cut() { stream_.cut(); }

 private:
  [[nodiscard]] SteadyTime::duration left() const { return until_ - std::chrono::steady_clock::now(); }

  net::awaitable<Result<void>> until_event(Event wanted) {
    for (;;) {
      const auto reply = co_await read_reply();
      if (!reply) co_return std::unexpected(reply.error());
      const auto step = dialogue_.on_reply(*reply);
      if (step.event == Event::kFailed)
        co_return fail(reply->is_permanent() ? ErrorCode::kDenied : ErrorCode::kUnavailable,
                       "it " + std::string(smtp::to_string(dialogue_.failure())) + ": " + reply->text());
      if (!step.send.empty())
        if (auto sent = co_await stream_.write(bytes_of(step.send), left()); !sent) co_return sent;
      if (step.event == wanted) co_return Result<void>();
    }
  }

  net::awaitable<Result<smtp::Reply>> read_reply() {
    for (;;) {
      auto reply = reader_.next();
      if (!reply) co_return std::unexpected(reply.error());
      if (*reply) co_return std::move(**reply);
      const auto got = co_await stream_.read_some(reader_.prepare(), left());
      if (!got) co_return std::unexpected(got.error());
      reader_.commit(*got);
    }
  }

  tls::Stream stream_;
  const smtp::TlsStart tls_start_;
  smtp::ClientDialogue dialogue_;
  smtp::ReplyReader reader_;
  const SteadyTime until_;
};

net::awaitable<Result<std::string>> fingerprint_over_tls(tls::Stream stream,
                                                         std::shared_ptr<const tls::Context> context,
                                                         SteadyTime until) {
  const auto facts = co_await stream.handshake(std::move(context), until - std::chrono::steady_clock::now());
  if (!facts) co_return fail("tls", facts.error());
  std::string fingerprint = stream.peer_fingerprint();
  stream.close();
  co_return fingerprint;
}

net::awaitable<Result<std::string>> fingerprint_over_smtp(tls::Stream stream,
                                                          std::shared_ptr<const tls::Context> context,
                                                          std::string hostname, SteadyTime until) {
  Dialogue dialogue(std::move(stream), smtp::TlsStart::kStartTls, std::move(hostname), until);
  auto done = co_await dialogue.open();
  if (done) done = co_await dialogue.shake_hands(std::move(context));
  if (!done) co_return std::unexpected(done.error());
  std::string fingerprint = dialogue.peer_fingerprint();
  dialogue.cut();  // it may want a certificate of the relay's, and we have none: we have seen enough
  co_return fingerprint;
}

}  // namespace

net::awaitable<Result<void>> try_smtp(HostPort server, smtp::TlsStart tls_start,
                                      std::shared_ptr<const tls::Context> context, std::string hostname) {
  const auto until = std::chrono::steady_clock::now() + kWithin;
  const std::string where = "the trial handshake with " + server.text();
  auto stream = co_await tls::Stream::connect(server.host, server.port, kWithin);
  if (!stream) co_return fail(where, stream.error());
  Dialogue dialogue(std::move(*stream), tls_start, std::move(hostname), until);
  auto shown = co_await dialogue.open();
  if (shown) shown = co_await dialogue.shake_hands(std::move(context));
  if (!shown) co_return fail(ErrorCode::kUnavailable, where + ": " + shown.error().message);
  const auto taken = co_await dialogue.greet_inside();
  if (!taken) co_return fail(where, taken.error());
  co_return Result<void>();
}

net::awaitable<Result<std::string>> served_fingerprint(HostPort server,
                                                       std::shared_ptr<const tls::Context> context,
                                                       std::string hostname, bool over_smtp) {
  const auto until = std::chrono::steady_clock::now() + kWithin;
  const std::string where = "the look at our own port " + server.text();
  auto stream = co_await tls::Stream::connect(server.host, server.port, kWithin);
  if (!stream) co_return fail(where, stream.error());
  Result<std::string> seen;
  if (over_smtp)
    seen = co_await fingerprint_over_smtp(std::move(*stream), std::move(context), std::move(hostname), until);
  else
    seen = co_await fingerprint_over_tls(std::move(*stream), std::move(context), until);
  if (!seen) co_return fail(where, seen.error());
  co_return seen;
}

}  // namespace privyseal::renewd
