/// The two lanes as they are now: the snapshot that new sessions and new mails take.
///
/// A new certificate on disk makes new lanes, which are published in one step; sessions that are open keep
/// theirs. A certificate that does not load changes nothing but what identities() says.
///
/// Threads: any. Ownership: the settings must outlive it.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "firmware/base/guarded.h"
#include "firmware/gateway/lane.h"

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
  /// An error: it does not load, and the old one stays. Call from one thread.
  [[nodiscard]] Result<bool> reload(SideName side);

  [[nodiscard]] std::vector<IdentityStatus> identities();

 private:
  struct Snapshot {
    std::shared_ptr<const Lane> out;
    std::shared_ptr<const Lane> in;
    std::array<IdentityStatus, 2> identities;
  };
  struct Loaded {
    ActiveIdentity identity;
    SideContexts contexts;
  };

  Lanes(const Settings& settings, std::shared_ptr<const tls::Library> library)
      : settings_(settings), library_(std::move(library)) {}
  [[nodiscard]] Result<Loaded> load(SideName side, ActiveIdentity identity) const;
  [[nodiscard]] Result<void> publish(std::array<Loaded, 2> loaded);
  [[nodiscard]] const SideSettings& settings_of(SideName side) const;
  void note_refusal(SideName side, std::string why);

  const Settings& settings_;
  const std::shared_ptr<const tls::Library> library_;
  std::shared_ptr<Secret> login_;
  std::array<Loaded, 2> loaded_;  // reload()'s alone
  Guarded<Snapshot> snapshot_;
};

}  // namespace privyseal::gateway
