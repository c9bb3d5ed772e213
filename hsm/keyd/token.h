/// The one token that keyd serves, logged in once.
///
/// Threads: any, after `open`. Ownership: it must outlive all sessions that it opened.
#pragma once

#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "firmware/base/result.h"
#include "hsm/keyd/pin_refusal.h"
#include "hsm/keyd/settings.h"
#include "hsm/pkcs11/module.h"
#include "hsm/pkcs11/session.h"

namespace privyseal::keyd {

class Token {
 public:
  /// Loads the module, finds the token and logs in.
  /// kDenied: the PIN was refused, now or before. No log-in follows until the PIN file is replaced.
  /// kNotFound, kConflict: no token, or more than one, with the label. kUnavailable: it does not work.
  [[nodiscard]] static Result<std::unique_ptr<Token>> open(const Settings& settings);

  /// A read-write session of a logged-in user. Logs in again when the token has forgotten us.
  [[nodiscard]] Result<pkcs11::Session> open_session();

  /// Its maker and model as it said at the start, printable ASCII: "SoftHSM project, SoftHSM v2".
  [[nodiscard]] const std::string& description() const { return description_; }

  /// What was made on the token survives a power cut when this has succeeded.
  [[nodiscard]] Result<void> make_durable() const;

 private:
  Token(pkcs11::Module module, CK_SLOT_ID slot, const Settings& settings,
        std::optional<std::filesystem::path> files);
  Result<void> log_in(const pkcs11::Session& session);

  pkcs11::Module module_;
  CK_SLOT_ID slot_;
  std::filesystem::path pin_file_;
  PinRefusal pin_refusal_;
  std::optional<std::filesystem::path> files_;
  std::string description_;
  std::mutex login_;  // one log-in at a time: two at once could use up two tries of a wrong PIN
  std::optional<pkcs11::Session> lasting_;  // the log-in ends with the last session, so one is kept
};

/// A worker's own session, replaced when it has broken.
///
/// Threads: its worker's. Ownership: the Token must outlive it.
class WorkSession {
 public:
  explicit WorkSession(Token& token) : token_(token) {}

  /// The session; a new one when there is none. The pointer lives until `discard`.
  [[nodiscard]] Result<const pkcs11::Session*> get();
  /// A broken session may hold a half-done operation; closing is the only reset.
  void discard() { session_.reset(); }

  [[nodiscard]] const Token& token() const { return token_; }

 private:
  Token& token_;
  std::optional<pkcs11::Session> session_;
};

}  // namespace privyseal::keyd
