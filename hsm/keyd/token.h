/// The one token that keyd serves, logged in once, and brought back when it was lost.
///
/// A thread of its own does all log-ins and initialisations after the first, so that there is one at a time
/// and nobody who has a deadline hangs in one. The cures are those of hsm/pkcs11/error.h.
///
/// Threads: any, after `open`. Ownership: it must outlive all sessions that it opened.
#pragma once

#include <atomic>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "firmware/base/result.h"
#include "hsm/keyd/pin_refusal.h"
#include "hsm/keyd/settings.h"
#include "hsm/keyd/token_gate.h"
#include "hsm/pkcs11/module.h"
#include "hsm/pkcs11/session.h"

namespace privyseal::keyd {

class Token {
 public:
  using Time = TokenGate::Time;

  /// Loads the module, finds the token and logs in.
  /// kDenied: the PIN was refused, now or before. No log-in follows until the PIN file is replaced.
  /// kNotFound, kConflict: no token, or more than one, of the name. kInvalid: SoftHSM without softhsm_conf.
  /// kUnavailable, kClosed: it does not work.
  [[nodiscard]] static Result<std::unique_ptr<Token>> open(const Settings& settings);
  ~Token();
  Token(const Token&) = delete;
  Token& operator=(const Token&) = delete;

  [[nodiscard]] TokenGate& gate() { return gate_; }
  /// A read-write session. False in it: the token has forgotten us, and the session is of no use.
  struct Opened {
    pkcs11::Session session;
    bool is_logged_in;
  };
  [[nodiscard]] pkcs11::Outcome<Opened> open_session();

  /// Its maker and model as it said at the start, printable ASCII: "SoftHSM project, SoftHSM v2".
  [[nodiscard]] const std::string& description() const { return description_; }

  /// What was made on the token survives a power cut when this has succeeded.
  [[nodiscard]] Result<void> make_durable() const;

  /// Ends keyd, so that it is started anew with a fresh module, when more than `most` calls hang or the token
  /// cannot be brought back because of one that does.
  void end_if_hopeless(std::size_t most);

  /// Its thread is bringing it back, and may hang in that.
  [[nodiscard]] bool is_lost() const { return lost_since_ != 0; }

  void log_call_counts() const;

 private:
  Token(pkcs11::Module module, const Settings& settings, std::optional<std::filesystem::path> files);
  void tend();
  [[nodiscard]] Result<void> bring_back(pkcs11::Cure cure);
  [[nodiscard]] Result<void> try_to_bring_back(pkcs11::Cure cure);
  /// What to do next when that has failed.
  [[nodiscard]] pkcs11::Cure after(const Error& failed);
  Result<void> log_in(const pkcs11::Session& session);

  const pkcs11::Module module_;
  const pkcs11::TokenName name_;
  const std::filesystem::path pin_file_;
  PinRefusal pin_refusal_;
  const std::optional<std::filesystem::path> files_;
  std::string description_;  // never changes after `open`
  std::atomic<CK_SLOT_ID> slot_{0};
  std::optional<pkcs11::Session> lasting_;  // the log-in ends with the last session, so one is kept
  TokenGate gate_;
  std::atomic<Time::rep> lost_since_{0};      // 0: it is there
  std::atomic<Time::rep> bringing_since_{0};  // in calls that bring it back, but for the log-in
  std::thread tender_;                        // last: it uses all of the above
};

}  // namespace privyseal::keyd
