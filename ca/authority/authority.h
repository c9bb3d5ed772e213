/// A small issuing CA: a root, profiles, a list of what it issued, a CRL.
///
/// It issues only what its profiles say; the request gives a key and asks for names, no more. A
/// certificate is on the disk before anybody gets it. The same code is the appliance's own CA for
/// the LAN side (key in the token) and practice mode's stand-in for the Egress/MoJ CA.
///
/// Threads: one at a time, the database's thread. No call may be made inside a transaction of the
/// caller's: each makes its own.
/// Ownership: database, signer and clock must outlive it.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ca/authority/request.h"
#include "ca/authority/signer.h"
#include "ca/authority/tbs.h"
#include "ca/certificate.h"
#include "firmware/base/clock.h"
#include "firmware/base/database.h"

namespace privyseal::authority {

struct AuthoritySettings {
  std::string common_name{};                 ///< of the root; used once, when it is made
  std::string organisation{};                ///< may be empty
  std::vector<std::string> profiles{};       ///< what this CA issues (profile.h)
  std::vector<std::string> domains{};        ///< host names must lie at or below one of these
  std::vector<std::string> with_approval{};  ///< profiles for which somebody must say yes first
  std::chrono::days crl_life{7};
};

/// What happened, for an audit log. Called inside the transaction of the change itself; an error
/// undoes the change.
struct Deed {
  std::string_view action;  ///< "ca-root", "ca-issue", "ca-revoke", "ca-crl", "ca-approve", "ca-refuse"
  std::string_view object;  ///< the serial, or the request's digest
  std::string_view actor;   ///< who asked, as the caller named him
  std::string_view why;     ///< profile and subject, or the reason
};
using Record = std::function<Result<void>(const Deed&)>;

struct IssuedRow {
  std::int64_t id = 0;  ///< counts up; list() pages by it
  std::string serial;   ///< hexadecimal, as ca::Certificate::serial
  std::string profile;
  std::string subject;
  std::string requester;
  WallTime issued_at{};
  WallTime not_after{};
  std::optional<WallTime> revoked_at;
  std::string fingerprint;
  bool operator==(const IssuedRow&) const = default;
};

struct PendingRequest {
  std::string digest;  ///< SHA-256 of the request's DER, hexadecimal
  std::string profile;
  std::string requester;
  std::string names;  ///< what it asks for, for people
  WallTime asked_at{};
};

/// The outcome of asking for a profile that needs approval: the certificate, or not yet.
using Decision = std::optional<ca::Certificate>;

class Authority {
 public:
  static constexpr std::chrono::days kRootLife{3653};

  /// Makes the tables, and the self-signed root if there is none yet. kConflict: the root in the
  /// database is another key's. kInvalid: an unknown profile in the settings.
  [[nodiscard]] static Result<std::unique_ptr<Authority>> open(Database& database, Signer& signer,
                                                               AuthoritySettings settings, const Clock& clock,
                                                               Record record = {});
  ~Authority();

  [[nodiscard]] const ca::Certificate& root() const;
  [[nodiscard]] const AuthoritySettings& settings() const;

  /// Issues at once, approval or not: the caller stands for it. kNotFound: no such profile here.
  /// kDenied: the profile does not allow it. kInvalid: the request is no good (request.h).
  [[nodiscard]] Result<ca::Certificate> issue(std::string_view profile, ByteView csr_der,
                                              std::string_view requester);

  /// As issue, but for a profile with approval the request is kept and nothing is issued until
  /// approve(). Asking again with the same request gives what was decided: the certificate (the
  /// same one each time), nothing yet, or kDenied.
  [[nodiscard]] Result<Decision> request(std::string_view profile, ByteView csr_der,
                                         std::string_view requester);
  [[nodiscard]] Result<std::vector<PendingRequest>> pending();
  /// kNotFound: no such request waits.
  [[nodiscard]] Result<ca::Certificate> approve(std::string_view digest, std::string_view approver);
  [[nodiscard]] Result<void> refuse(std::string_view digest, std::string_view approver, std::string_view why);

  /// kNotFound: never issued here. kConflict: revoked already.
  [[nodiscard]] Result<void> revoke(std::string_view serial, Revocation reason, std::string_view actor);
  /// Whether this very certificate was issued here, is not revoked and not expired.
  [[nodiscard]] Result<bool> is_good(const ca::Certificate& certificate);

  /// The CRL, PEM. A new one is made when something was revoked since the last, and when half of
  /// the last one's life is over: it never lapses because nothing happened.
  [[nodiscard]] Result<std::string> crl();

  /// Rows with an id above `after`, oldest first.
  [[nodiscard]] Result<std::vector<IssuedRow>> list(std::int64_t after, std::size_t limit);

 private:
  struct State;
  explicit Authority(std::unique_ptr<State> state);

  std::unique_ptr<State> state_;
};

}  // namespace privyseal::authority
