/// One direction of mail: who may bring it, under which identity we listen, and where it goes.
///
/// Made whole and never changed; a new certificate makes new lanes (lanes.h). Threads: any.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "firmware/base/active_identity.h"
#include "firmware/base/day.h"
#include "firmware/base/secret.h"
#include "firmware/gateway/client_list.h"
#include "firmware/gateway/mail_record.h"
#include "firmware/gateway/settings.h"
#include "firmware/policy/refusal.h"
#include "firmware/smtp/tls_start.h"
#include "firmware/tls/context.h"

namespace privyseal::gateway {

/// Where a lane's mail goes, and what the sender is told when it cannot go there.
struct HopSettings {
  HostPort address;
  smtp::TlsStart tls_start;
  std::string hostname;                         ///< what we call ourselves in EHLO
  std::shared_ptr<const tls::Context> context;  ///< client side
  policy::Refusal when_unavailable;
  policy::Refusal when_certificate_refused;
  /// With TLS 1.2, too, while the exception in the settings lasts; null: there is none.
  std::shared_ptr<const tls::Context> old_context{};
  Day old_until{};
  std::shared_ptr<Secret> login{};  ///< the line of smtp/auth.h, only read; null: no log-in
};

/// Clients that may come by TLS 1.2 while the exception in the settings lasts.
struct OldClients {
  ClientList hosts;
  std::shared_ptr<const tls::Context> listener;
  Day until;
};

struct Lane {
  Direction direction;
  ClientList clients;
  ClientList proxies;
  bool normalize;                                ///< of the listener's settings
  std::shared_ptr<const tls::Context> listener;  ///< server side
  std::vector<HopSettings> hops;                 ///< the one that is preferred first; never empty
  std::optional<OldClients> old_clients{};

  /// As which server we shake hands with this client.
  [[nodiscard]] const std::shared_ptr<const tls::Context>& listener_for(
      const boost::asio::ip::address& client, Day today) const;
};

/// What one side's identity is used for.
struct SideContexts {
  std::shared_ptr<const tls::Context> listener;
  std::vector<std::shared_ptr<const tls::Context>> hops;        ///< as the settings list them
  std::shared_ptr<const tls::Context> old_listener{};           ///< null: no client is excepted
  std::vector<std::shared_ptr<const tls::Context>> old_hops{};  ///< as `hops`; null: not excepted
};

/// Errors as Context::make.
[[nodiscard]] Result<SideContexts> make_lan_contexts(const Settings& settings, const ActiveIdentity& identity,
                                                     std::shared_ptr<const tls::Library> library);
[[nodiscard]] Result<SideContexts> make_cjsm_contexts(const Settings& settings,
                                                      const ActiveIdentity& identity,
                                                      std::shared_ptr<const tls::Library> library);

/// What the relay wants to know us by, from its file; null where the settings name none. Errors as
/// read_secret_file and smtp::auth_plain_line.
[[nodiscard]] Result<std::shared_ptr<Secret>> read_login(const Settings& settings);

/// Lanes of the two listeners. Errors as ClientList::parse.
[[nodiscard]] Result<Lane> make_out_lane(const Settings& settings, const SideContexts& lan,
                                         const SideContexts& cjsm, std::shared_ptr<Secret> login);
[[nodiscard]] Result<Lane> make_in_lane(const Settings& settings, const SideContexts& lan,
                                        const SideContexts& cjsm);

}  // namespace privyseal::gateway
