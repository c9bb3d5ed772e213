/// What an issuing CA keeps: its root, what it issued, who waits for a yes, its last CRL.
///
/// Threads and ownership: as Authority. Writing calls belong inside a transaction.
/// Errors: the database's.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ca/authority/authority.h"
#include "firmware/base/database.h"

namespace privyseal::authority {

struct StoredRoot {
  Bytes certificate;
  DistinguishedName name;
};

struct StoredRequest {
  enum class State { kWaiting, kIssued, kRefused };
  std::string profile;
  std::string requester;
  Bytes csr;
  State state = State::kWaiting;
  std::string serial;  ///< when issued
  std::string why;     ///< when refused
};

struct StoredCrl {
  std::uint64_t number = 0;
  WallTime this_update{};
  WallTime next_update{};
  std::int64_t revocations = 0;  ///< how many there were when it was made
  std::string pem;
};

class AuthorityStore {
 public:
  /// Makes the tables when they are not there.
  [[nodiscard]] static Result<AuthorityStore> open(Database& database);

  [[nodiscard]] Result<std::optional<StoredRoot>> root();
  [[nodiscard]] Result<void> add_root(const StoredRoot& root);

  [[nodiscard]] Result<void> add_issued(const IssuedRow& row, ByteView certificate);
  [[nodiscard]] Result<std::optional<IssuedRow>> issued(std::string_view serial);
  [[nodiscard]] Result<Bytes> certificate(std::string_view serial);
  [[nodiscard]] Result<std::vector<IssuedRow>> list(std::int64_t after, std::size_t limit);
  [[nodiscard]] Result<void> mark_revoked(std::string_view serial, WallTime at, Revocation reason);

  [[nodiscard]] Result<std::int64_t> count_revoked();
  /// Those that had not expired at `not_expired_at`.
  [[nodiscard]] Result<std::vector<RevokedCertificate>> revoked(WallTime not_expired_at);
  [[nodiscard]] Result<std::optional<StoredCrl>> crl();
  [[nodiscard]] Result<void> replace_crl(const StoredCrl& crl);

  [[nodiscard]] Result<void> add_request(const PendingRequest& request, ByteView csr);
  [[nodiscard]] Result<std::optional<StoredRequest>> request(std::string_view digest);
  [[nodiscard]] Result<std::vector<PendingRequest>> waiting(std::size_t limit);
  /// Exactly one of `serial` and `why` is not empty.
  [[nodiscard]] Result<void> close_request(std::string_view digest, std::string_view serial,
                                           std::string_view why);

 private:
  explicit AuthorityStore(Database& database) : database_(&database) {}

  Database* database_;
};

}  // namespace privyseal::authority
