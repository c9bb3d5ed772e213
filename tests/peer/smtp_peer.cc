#include "tests/peer/smtp_peer.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

namespace privyseal::peer {
namespace {

constexpr std::chrono::seconds kWait{60};
constexpr std::chrono::minutes kStall{10};

std::string upper_case(std::string_view text) {
  std::string upper(text);
  std::ranges::transform(upper, upper.begin(),
                         [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return upper;
}

struct Verb {
  std::string_view name;
  Step step;
  std::string_view usual;
};
constexpr std::array kVerbs{
    Verb{"EHLO", Step::kEhlo, ""},  // its reply depends on TLS
    Verb{"STARTTLS", Step::kStartTls, "220 2.0.0 ready\r\n"},
    Verb{"MAIL", Step::kMail, "250 2.1.0 ok\r\n"},
    Verb{"RCPT", Step::kRcpt, "250 2.1.5 ok\r\n"},
    Verb{"DATA", Step::kData, "354 go ahead\r\n"},
    Verb{"BDAT", Step::kChunk, "250 2.0.0 chunk taken\r\n"},
    Verb{"RSET", Step::kOther, "250 2.0.0 ok\r\n"},
    Verb{"NOOP", Step::kOther, "250 2.0.0 ok\r\n"},
    Verb{"QUIT", Step::kQuit, "221 2.0.0 bye\r\n"},
};

Verb verb_of(std::string_view line) {
  const std::string upper = upper_case(line);
  const auto* found =
      std::ranges::find_if(kVerbs, [&](const Verb& verb) { return upper.starts_with(verb.name); });
  return found == kVerbs.end() ? Verb{"", Step::kOther, "500 5.5.1 unknown command\r\n"} : *found;
}

constexpr std::string_view kEhloPlain =
    "250-peer.example\r\n250-PIPELINING\r\n250-SIZE 52428800\r\n250-8BITMIME\r\n250 STARTTLS\r\n";
constexpr std::string_view kEhloEncrypted =
    "250-peer.example\r\n250-PIPELINING\r\n250-SIZE 52428800\r\n250 8BITMIME\r\n";

}  // namespace

/// One connection from greeting to end, on its own thread.
class SmtpPeer::Conversation {
 public:
  Conversation(Connection* connection, Guarded<Settings>* settings, Guarded<Session>* record)
      : connection_(connection), settings_(settings), record_(record) {}

  /// True: the connection is to end with a RST.
  bool run() {
    const bool is_tls_first = settings_->with([](const Settings& settings) { return settings.is_tls_first; });
    if (is_tls_first && !handshake()) return must_reset_;
    if (!say(Step::kGreeting, "", "220 peer.example ESMTP\r\n")) return must_reset_;
    for (;;) {
      const auto line = connection_->read_line(kWait);
      note_bytes();
      if (!line || !command(*line)) return must_reset_;
    }
  }

 private:
  bool command(const std::string& line) {
    const Verb verb = verb_of(line);
    if (verb.step == Step::kChunk) return chunk(line);
    std::string usual(verb.usual);
    if (verb.step == Step::kEhlo) usual = connection_->tls() ? kEhloEncrypted : kEhloPlain;
    if (verb.step == Step::kMail && !connection_->tls()) usual = "530 5.7.0 STARTTLS first\r\n";
    note_envelope(verb.step, line);
    if (!say(verb.step, line, std::move(usual))) return false;
    if (verb.step == Step::kQuit) return false;
    if (verb.step == Step::kStartTls && reply_.starts_with("220")) return handshake();
    if (verb.step == Step::kData && reply_.starts_with("354")) return message();
    return true;
  }

  void note_envelope(Step step, const std::string& line) {
    record_->with([&](Session& session) {
      if (step == Step::kMail)
        session.transactions.push_back({.mail = line, .rcpts = {}, .message = {}, .chunks = {}});
      if (step == Step::kRcpt && !session.transactions.empty())
        session.transactions.back().rcpts.push_back(line);
    });
  }

  bool handshake() {
    if (!say(Step::kHandshake, "", "")) return false;
    const TlsOptions options = settings_->with([](const Settings& settings) { return settings.tls; });
    const auto done = connection_->start_tls(TlsRole::kServer, options, kWait);
    note_bytes();
    record_->with([&](Session& session) {
      if (done)
        session.tls = connection_->tls()->facts();
      else
        session.tls_error = done.error().message;
    });
    return done.has_value();
  }

  bool message() {
    with_transaction([](Transaction& transaction) { transaction.has_data = true; });
    for (bool is_first = true;; is_first = false) {
      auto line = connection_->read_line(kWait);
      note_bytes();
      if (!line) return false;
      if (*line == ".") break;
      if (line->starts_with('.')) line->erase(0, 1);
      with_transaction([&](Transaction& transaction) { transaction.message += *line + "\r\n"; });
      if (is_first && !say(Step::kBody, "", "")) return false;
    }
    with_transaction([](Transaction& transaction) { transaction.is_complete = true; });
    return say(Step::kFinalDot, "", "250 2.0.0 queued as 4TESTxPEER\r\n");
  }

  bool chunk(const std::string& line) {
    const bool is_last = upper_case(line).ends_with(" LAST");
    const auto size = static_cast<std::size_t>(std::stoull(line.substr(line.find(' '))));
    with_transaction([&](Transaction& transaction) {
      transaction.has_data = true;
      transaction.chunks.push_back(line);
    });
    const auto bytes = connection_->read_bytes(size, kWait);
    note_bytes();
    if (!bytes) return false;
    with_transaction([&](Transaction& transaction) {
      transaction.message += *bytes;
      transaction.is_complete = is_last;
    });
    if (is_last) return say(Step::kFinalDot, line, "250 2.0.0 queued as 4TESTxPEER\r\n");
    return say(Step::kChunk, line, "250 2.0.0 chunk taken\r\n");
  }

  /// False: the conversation is over.
  bool say(Step step, std::string_view line, std::string usual) {
    const Script script = settings_->with([](const Settings& settings) { return settings.script; });
    Answer answer{.reply = std::move(usual)};
    if (script) answer = script({step, line, connection_->tls() != nullptr}, std::move(answer));
    reply_ = answer.reply;
    if (!reply_.empty() && !connection_->write(reply_, kWait)) return false;
    must_reset_ = answer.then == Answer::Then::kReset;
    if (answer.then == Answer::Then::kStall)
      static_cast<void>(connection_->socket()->is_hung_up(kStall));  // the session ends in any case
    return answer.then == Answer::Then::kGoOn;
  }

  void note_bytes() {
    auto received = connection_->take_received();
    if (received.plain.empty() && received.encrypted.empty()) return;
    record_->with([&](Session& session) {
      session.plain += received.plain;
      session.encrypted += received.encrypted;
    });
  }

  template <class Change>
  void with_transaction(Change change) {
    record_->with([&](Session& session) {
      if (session.transactions.empty()) session.transactions.emplace_back();
      change(session.transactions.back());
    });
  }

  Connection* connection_;
  Guarded<Settings>* settings_;
  Guarded<Session>* record_;
  std::string reply_;  // the last that was said
  bool must_reset_ = false;
};

SmtpPeer::SmtpPeer(TcpListener listener, TlsOptions tls)
    : listener_(std::move(listener)), settings_(Settings{std::move(tls), nullptr}) {}

Result<std::unique_ptr<SmtpPeer>> SmtpPeer::start(TlsOptions tls, std::uint16_t port) {
  auto listener = TcpListener::open(port);
  if (!listener) return std::unexpected(listener.error());
  std::unique_ptr<SmtpPeer> peer(new SmtpPeer(std::move(*listener), std::move(tls)));
  peer->acceptor_ = std::thread([self = peer.get()] { self->accept_all(); });
  return peer;
}

SmtpPeer::~SmtpPeer() { stop(); }

void SmtpPeer::stop() {
  listener_.shut_down();
  if (acceptor_.joinable()) acceptor_.join();
  live_.with([](const auto& sockets) {
    for (const auto& socket : sockets) socket->shut_down();
  });
  auto threads = conversations_.with([](auto& all) { return std::exchange(all, {}); });
  for (std::thread& thread : threads) thread.join();
  listener_.close();
}

void SmtpPeer::accept_all() {
  for (;;) {
    auto socket = listener_.accept();
    if (!socket) return;
    std::thread thread([this, accepted = std::move(*socket)]() mutable { serve(std::move(accepted)); });
    conversations_.with([&](auto& all) { all.push_back(std::move(thread)); });
  }
}

void SmtpPeer::serve(TcpSocket socket) {
  Connection connection(std::move(socket));
  const auto record = std::make_shared<Guarded<Session>>();
  sessions_.with([&](auto& all) { all.push_back(record); });
  live_.with([&](auto& all) { all.push_back(connection.socket()); });
  const bool must_reset = Conversation(&connection, &settings_, record.get()).run();
  // Nobody else may touch the socket from here on.
  live_.with([&](auto& all) { std::erase(all, connection.socket()); });
  if (must_reset)
    connection.socket()->reset();
  else
    connection.close();
  record->with([](Session& session) { session.is_over = true; });
}

void SmtpPeer::play(Script script) {
  settings_.with([&](Settings& settings) { settings.script = std::move(script); });
}

void SmtpPeer::start_with_tls(bool implicit) {
  settings_.with([&](Settings& settings) { settings.is_tls_first = implicit; });
}

void SmtpPeer::use(TlsOptions tls) {
  settings_.with([&](Settings& settings) { settings.tls = std::move(tls); });
}

std::vector<Session> SmtpPeer::sessions() {
  const auto records = sessions_.with([](const auto& all) { return all; });
  std::vector<Session> copies;
  for (const auto& record : records)
    copies.push_back(record->with([](const Session& session) { return session; }));
  return copies;
}

std::vector<Transaction> SmtpPeer::mails() {
  std::vector<Transaction> complete;
  for (Session& session : sessions())
    for (Transaction& transaction : session.transactions)
      if (transaction.is_complete) complete.push_back(std::move(transaction));
  return complete;
}

void SmtpPeer::forget_sessions() {
  sessions_.with([](auto& all) { all.clear(); });
}

Script replying(Step step, std::string reply, std::string part) {
  return [step, reply = std::move(reply), part = std::move(part)](const Event& event, Answer usual) {
    if (event.step == step && event.line.contains(part)) usual.reply = reply;
    return usual;
  };
}

Script ending(Step step, Answer::Then then) {
  return [step, then](const Event& event, Answer usual) {
    if (event.step != step) return usual;
    return Answer{.reply = "", .then = then};
  };
}

Script without_starttls() { return replying(Step::kEhlo, "250-peer.example\r\n250 8BITMIME\r\n"); }

Script offering(std::vector<std::string> extensions) {
  return [extensions = std::move(extensions)](const Event& event, Answer usual) {
    if (event.step != Step::kEhlo || !event.is_encrypted) return usual;
    usual.reply.clear();
    for (const std::string& extension : extensions) usual.reply += "250-" + extension + "\r\n";
    usual.reply = "250-peer.example\r\n" + usual.reply + "250 HELP\r\n";
    return usual;
  };
}

void Gate::open() {
  {
    const std::lock_guard lock(mutex_);
    is_open_ = true;
  }
  changed_.notify_all();
}

bool Gate::wait(std::chrono::milliseconds most) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, most, [this] { return is_open_; });
}

}  // namespace privyseal::peer
