/// The two lanes as they are now: the snapshot that new sessions and new mails take.
///
/// A new certificate on disk makes new lanes, which are published in one step; sessions that are open keep
/// theirs. A certificate that does not load changes nothing but what identities() says.
///
/// The same with the lists of whom the CJSM side's roots have revoked: they are kept in revoked.pem beside
/// the ledger, and ask who speaks for CJSM from the next handshake on. (The LAN side's certificates are the
/// organisation's own matter.)
///
/// Threads: any. Ownership: the settings must outlive it.
#pragma once

#include <array>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "firmware/base/guarded.h"
#include "firmware/gateway/lane.h"
#include "firmware/tls/revocation.h"

namespace privyseal::gateway {

enum class SideName { kLan, kCjsm };
[[nodiscard]] std::string_view to_string(SideName side);

/// What one side shows, for people.
struct IdentityStatus {
  SideName side = SideName::kLan;
  tls::CertificateFacts certificate{};
  std::string key{};      ///< its URI
  std::string refused{};  ///< why a newer one on disk is not in use; empty: there is none
};

class Lanes {
 public:
  /// Loads both identities. Errors as read_active_identity, Context::make and ClientList::parse.
  [[nodiscard]] static Result<std::unique_ptr<Lanes>> open(const Settings& settings,
                                                           std::shared_ptr<const tls::Library> library);

  [[nodiscard]] std::shared_ptr<const Lane> current(Direction direction);

  /// Loads one side's identity anew. True: another one is in use from now on. False: it is the same one.
  /// An error: it does not load, and the old one stays. May take its time.
  [[nodiscard]] Result<bool> reload(SideName side);

  /// Whether take_revocations() would: kInvalid as tls::parse_revocation_lists. kDenied: a list of nobody
  /// who is trusted. kConflict: a newer one of the same issuer is in use.
  [[nodiscard]] Result<void> may_take_revocations(std::string_view pem);
  /// Lists that replace those of the same issuers; on the disk and in use when it returns. Errors as
  /// may_take_revocations; Context::make: nothing has changed. May take its time.
  [[nodiscard]] Result<void> take_revocations(std::string_view pem);

  [[nodiscard]] std::vector<IdentityStatus> identities();
  [[nodiscard]] std::vector<tls::RevocationList> revocations();

 private:
  using Revocations = std::vector<tls::RevocationList>;
  struct Snapshot {
    std::shared_ptr<const Lane> out;
    std::shared_ptr<const Lane> in;
    std::array<IdentityStatus, 2> identities;
    Revocations revocations;
  };
  struct Loaded {
    ActiveIdentity identity;
    SideContexts contexts;
  };

  /// What snapshots are made of; held while they are made.
  struct Held {
    std::array<Loaded, 2> loaded;
    Revocations revocations;
  };

  Lanes(const Settings& settings, std::shared_ptr<const tls::Library> library)
      : settings_(settings), library_(std::move(library)) {}
  [[nodiscard]] std::filesystem::path revoked_file() const;
  [[nodiscard]] Result<Revocations> trusted(std::string_view pem) const;
  [[nodiscard]] Result<Revocations> with_newer(std::string_view pem, const Revocations& in_use) const;
  [[nodiscard]] Result<Revocations> read_revocations() const;
  [[nodiscard]] Result<Loaded> load(SideName side, ActiveIdentity identity, const Revocations& revoked) const;
  [[nodiscard]] Result<void> publish(Held& held, Held next);
  [[nodiscard]] const SideSettings& settings_of(SideName side) const;
  void note_refusal(SideName side, std::string why);

  const Settings& settings_;
  const std::shared_ptr<const tls::Library> library_;
  std::shared_ptr<Secret> login_;
  Guarded<Held> held_;
  Guarded<Snapshot> snapshot_;
};

}  // namespace privyseal::gateway
