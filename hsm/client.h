/// The door to the keys: what any process of ours may ask keyd for.
///
/// Every call is one request and one answer on keyd's socket, and blocks until the
/// answer or the deadline. Connections are kept open and lent to one caller at a
/// time. keyd may be restarted at any moment: a kept connection that turns out dead
/// is replaced and the request repeated once, so callers notice nothing.
///
/// Threads: every member may be called from any thread. After a fork the child
/// opens connections of its own.
///
/// Errors of all calls: what keyd answered (kDenied, kNotFound, kConflict, ...);
/// kUnavailable: keyd is not there or talks nonsense; kTimeout: the deadline passed;
/// kInvalid: the name is no key name, or the message is too long to be sent.
#pragma once

#include <sys/types.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string_view>
#include <vector>

#include "firmware/base/bytes.h"
#include "firmware/base/guarded.h"
#include "firmware/base/result.h"
#include "firmware/base/unique_fd.h"
#include "hsm/wire.h"

namespace privyseal::hsm {

using AuditCheckpoint = AuditCheckpointAnswer;  ///< of keyd's own log

class Client {
 public:
  static constexpr std::chrono::milliseconds kDeadline{2000};

  /// Touches no socket. `deadline` bounds one call, its repetition included.
  explicit Client(std::filesystem::path socket, std::chrono::milliseconds deadline = kDeadline);

  [[nodiscard]] Result<KeyInfo> find_key(std::string_view name);
  /// `id` is CKA_ID.
  [[nodiscard]] Result<KeyInfo> find_key_by_id(ByteView id);
  [[nodiscard]] Result<std::vector<KeyInfo>> list_keys();
  /// The signature (see SignatureAnswer) of a TLS 1.3 CertificateVerify input (RFC 8446 section 4.4.3).
  [[nodiscard]] Result<Bytes> sign_tls13(std::string_view name, ByteView message, Hash hash = Hash::kOfKey);
  /// The signature of a server in TLS 1.2, over both randoms and its key agreement (RFC 8422 section 5.4).
  [[nodiscard]] Result<Bytes> sign_tls12(std::string_view name, ByteView message, Hash hash = Hash::kOfKey);
  /// The signature of a DER CertificationRequestInfo (RFC 2986 section 4.1).
  [[nodiscard]] Result<Bytes> sign_csr(std::string_view name, ByteView request_info);
  /// Never repeated once it was sent: after kUnavailable or kTimeout, look with find_key. The deadline is at
  /// least kToMakeAKey: a token looks for the primes of a large RSA key for as long as it takes.
  [[nodiscard]] Result<KeyInfo> generate(std::string_view name, KeyRole role, KeyType type);
  [[nodiscard]] Result<std::vector<KeyUses>> uses();
  /// ECDSA-Sig-Value over a checkpoint's text: origin, size and root, each with its line end.
  /// kConflict: the log of this origin was signed before with a larger size, or with another root.
  [[nodiscard]] Result<Bytes> sign_checkpoint(std::string_view name, std::string_view text);
  /// ECDSA-Sig-Value over a DER TBSCertificate (RFC 5280 section 4.1).
  [[nodiscard]] Result<Bytes> sign_certificate(std::string_view name, ByteView tbs_certificate);
  /// ECDSA-Sig-Value over a DER TBSCertList (RFC 5280 section 5.1).
  [[nodiscard]] Result<Bytes> sign_crl(std::string_view name, ByteView tbs_cert_list);
  /// ECDSA-Sig-Value over a DER ResponseData (RFC 6960 section 4.2.1).
  [[nodiscard]] Result<Bytes> sign_ocsp(std::string_view name, ByteView response_data);
  /// The key is never offered or used again, also after a restart. Retiring it twice is no error.
  [[nodiscard]] Result<void> retire(std::string_view name);
  /// Takes a retired key off the token. `text` is one of hsm/destruction.h.
  /// kDenied: it is not approved as it must be; kConflict: those approvals were used before.
  [[nodiscard]] Result<void> destroy(std::string_view name, std::string_view text,
                                     const std::array<Approval, 2>& approvals);
  /// The retired keys that are still on the token: see RetiredKeysAnswer.
  [[nodiscard]] Result<std::vector<RetiredKey>> list_retired_keys();
  /// keyd's own audit log: `limit` entries behind the first `after` ones; fewer only at the log's end.
  [[nodiscard]] Result<std::vector<std::string>> audit_entries(std::uint64_t after, std::size_t limit);
  [[nodiscard]] Result<AuditCheckpoint> audit_checkpoint();
  /// Whether keyd can sign right now; an error when keyd itself cannot be asked.
  [[nodiscard]] Result<bool> health();
  [[nodiscard]] Result<bool> health(std::chrono::milliseconds deadline);
  /// The same, with what the token and the processor are.
  [[nodiscard]] Result<Health> condition();

 private:
  using Time = std::chrono::steady_clock::time_point;
  struct Idle {
    // Connections that a fork copied belong to the parent; and keyd sees a connection's caller as he was when
    // it was made, which a program that has given up root since is no longer.
    pid_t owner = 0;
    uid_t user = 0;
    std::vector<UniqueFd> connections;
  };
  /// How one attempt on one connection ended.
  struct Attempt {
    Result<Answer> answer;  // kClosed: the connection was dead, or died
    bool is_sent = false;
  };

  template <class RequestBody>
  Result<Bytes> ask_signature(RequestBody body);
  template <class AnswerBody, class RequestBody>
  Result<AnswerBody> ask(RequestBody body, std::chrono::milliseconds deadline);
  Result<Answer> exchange(const Request& request, Time until);
  Attempt attempt(int connection, const Request& request, Time until) const;
  UniqueFd take_idle();
  void drop_idle();
  void give_back(UniqueFd connection);

  const std::filesystem::path socket_;
  const std::chrono::milliseconds deadline_;
  std::atomic<std::uint32_t> last_id_ = 0;
  Guarded<Idle> idle_;
};

}  // namespace privyseal::hsm
