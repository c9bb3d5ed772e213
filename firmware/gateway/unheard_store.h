/// What `Unheard` knows, in the ledger's database, so that it outlives the process; and the random key of the
/// identities in it.
///
/// Threads: one. Ownership: the database must outlive it.
#pragma once

#include <vector>

#include "firmware/base/clock.h"
#include "firmware/base/database.h"
#include "firmware/base/result.h"
#include "firmware/gateway/mail_identity.h"
#include "firmware/gateway/unheard.h"

namespace privyseal::gateway {

class UnheardStore {
 public:
  /// Makes the tables and the key where they are missing.
  [[nodiscard]] static Result<UnheardStore> open(Database& database);

  [[nodiscard]] const Bytes& key() const { return key_; }

  struct Mail {
    MailIdentity identity;
    RowId row;
    WallTime at;
  };
  /// Oldest first.
  [[nodiscard]] static Result<std::vector<Mail>> read(Database& database);

  // Inside a transaction.
  [[nodiscard]] Result<void> add(const Mail& mail);
  [[nodiscard]] Result<void> remove(const MailIdentity& mail);

 private:
  UnheardStore(Bytes key, Statement add, Statement remove)
      : key_(std::move(key)), add_(std::move(add)), remove_(std::move(remove)) {}

  Bytes key_;
  Statement add_;
  Statement remove_;
};

}  // namespace privyseal::gateway
