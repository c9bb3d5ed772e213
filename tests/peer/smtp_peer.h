/// A mail server that does what a test's script tells it: the stand-in for the
/// CJSM relay and for the organisation's mail server.
///
/// Without a script it is a correct server that insists on TLS. The script sees
/// every step with the usual answer and may change it: another reply, extra bytes,
/// a closed, reset or silent connection. The session goes on as the reply's code says.
///
/// Threads: one per connection; the script is called on them, perhaps several at
/// once. All members may be called from any thread.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "firmware/base/guarded.h"
#include "firmware/base/result.h"
#include "tests/peer/connection.h"

namespace privyseal::peer {

enum class Step {
  kGreeting,   ///< the connection is there
  kEhlo,       ///< EHLO, before and after TLS
  kStartTls,   ///< STARTTLS
  kHandshake,  ///< 220 was said, the handshake comes next; only the Then counts
  kMail,
  kRcpt,
  kData,      ///< DATA
  kBody,      ///< the first line of the message is there; only the Then counts
  kChunk,     ///< a chunk by BDAT is there that is not the last one
  kFinalDot,  ///< the end of the message is there, or its last chunk
  kQuit,
  kOther,  ///< any other command
};

struct Event {
  Step step;
  std::string_view line;  ///< the command line; empty where there is none
  bool is_encrypted;
};

struct Answer {
  enum class Then {
    kGoOn,
    kClose,  ///< says the reply and ends the connection
    kReset,  ///< says the reply and ends it with a RST
    kStall,  ///< says the reply and then neither reads nor writes until the other side goes
  };
  std::string reply;  ///< raw bytes with their CRLF; empty: nothing is said
  Then then = Then::kGoOn;
};

using Script = std::function<Answer(const Event& event, Answer usual)>;

// Ready scripts for one step; `part`: only for lines that contain it.
[[nodiscard]] Script replying(Step step, std::string reply, std::string part = "");
[[nodiscard]] Script ending(Step step, Answer::Then then);
[[nodiscard]] Script without_starttls();
/// Inside TLS its EHLO names these extensions and no others.
[[nodiscard]] Script offering(std::vector<std::string> extensions);

/// One MAIL and what followed.
struct Transaction {
  std::string mail;                 ///< the command line
  std::vector<std::string> rcpts;   ///< the command lines, accepted or not
  std::string message;              ///< the lines of the message with CRLF, dots unstuffed
  std::vector<std::string> chunks;  ///< the BDAT lines
  bool has_data = false;            ///< 354 was said, or a chunk came
  bool is_complete = false;         ///< the final dot came; what the server then said is another matter
};

struct Session {
  std::string plain;      ///< every byte received before TLS
  std::string encrypted;  ///< every byte received inside TLS
  std::optional<TlsFacts> tls;
  std::string tls_error;  ///< why the handshake failed
  std::vector<Transaction> transactions;
  bool is_over = false;
};

class SmtpPeer {
 public:
  /// Port 0: a free one.
  [[nodiscard]] static Result<std::unique_ptr<SmtpPeer>> start(TlsOptions tls, std::uint16_t port = 0);
  ~SmtpPeer();
  SmtpPeer(const SmtpPeer&) = delete;  // its threads know its address
  SmtpPeer& operator=(const SmtpPeer&) = delete;

  [[nodiscard]] std::uint16_t port() const { return listener_.port(); }

  /// For the steps and connections that come from now on.
  void play(Script script);
  void use(TlsOptions tls);
  /// The handshake comes before the greeting (RFC 8314); false: by STARTTLS.
  void start_with_tls(bool implicit);

  [[nodiscard]] std::vector<Session> sessions();
  /// The complete transactions of all sessions, in the order of the sessions.
  [[nodiscard]] std::vector<Transaction> mails();
  void forget_sessions();

  /// Ends the listener and all connections; the port is then dead.
  void stop();

 private:
  explicit SmtpPeer(TcpListener listener, TlsOptions tls);
  void accept_all();
  void serve(TcpSocket socket);

  struct Settings {
    TlsOptions tls;
    Script script;
    bool is_tls_first = false;
  };
  class Conversation;

  TcpListener listener_;
  Guarded<Settings> settings_;
  Guarded<std::vector<std::shared_ptr<Guarded<Session>>>> sessions_;
  Guarded<std::vector<std::shared_ptr<TcpSocket>>> live_;
  Guarded<std::vector<std::thread>> conversations_;
  std::thread acceptor_;
};

/// Lets a script wait for its test. Opens for good; nobody waits longer than `most`.
class Gate {
 public:
  void open();
  bool wait(std::chrono::milliseconds most = std::chrono::seconds(60));

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool is_open_ = false;
};

}  // namespace privyseal::peer
