/// One direction of mail: who may bring it, under which identity we listen, and where it goes.
///
/// Made whole and never changed; a new certificate makes new lanes (lanes.h). Threads: any.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "firmware/base/active_identity.h"
#include "firmware/base/day.h"
#include "firmware/base/secret.h"
#include "firmware/gateway/clear_hosts.h"
#include "firmware/gateway/client_list.h"
#include "firmware/gateway/mail_record.h"
#include "firmware/gateway/settings.h"
#include "firmware/policy/refusal.h"
#include "firmware/smtp/tls_start.h"
#include "firmware/tls/context.h"

namespace privyseal::gateway {

/// As whom we shake hands, and how: by TLS 1.3, or by 1.2, too, with a peer that is excepted until a day.
struct PeerContext {
  std::shared_ptr<const tls::Context> usual;
  std::shared_ptr<const tls::Context> old{};  ///< null: nobody is excepted
  Day old_until{};

  [[nodiscard]] const std::shared_ptr<const tls::Context>& on(Day today) const {
    return old && today <= old_until ? old : usual;
  }
};

/// One of the places where a lane's mail goes.
struct Hop {
  HostPort address;
  smtp::TlsStart tls_start;
  PeerContext context;  ///< client side
};

/// What all hops of a lane have in common, and what the sender is told when its mail cannot go there.
struct HopRules {
  std::string hostname;  ///< what we call ourselves in EHLO
  policy::Refusal when_unavailable;
  policy::Refusal when_certificate_refused;
  std::shared_ptr<Secret> login{};  ///< the line of smtp/auth.h, only read; null: no log-in
};

struct Lane {
  Direction direction;
  HopRules rules;
  ClientList clients{};
  ClientList proxies{};
  ClientList old_clients{};  ///< that the listener's exception is for
  ClearHosts clear_hosts{};  ///< that need no TLS; none where CJSM's mail comes in
  bool normalize = false;    ///< of the listener's settings
  PeerContext listener{};    ///< server side
  std::vector<Hop> hops{};   ///< the one that is preferred first; never empty

  /// As which server we shake hands with this client.
  [[nodiscard]] const std::shared_ptr<const tls::Context>& listener_for(
      const boost::asio::ip::address& client, Day today) const;
};

/// What one side's identity is used for.
struct SideContexts {
  PeerContext listener;
  std::vector<PeerContext> hops{};  ///< as the settings list them
};

/// Errors as Context::make.
[[nodiscard]] Result<SideContexts> make_lan_contexts(const Settings& settings, const ActiveIdentity& identity,
                                                     const std::shared_ptr<const tls::Library>& library);
/// `revoked`: signed by roots of the CJSM side.
[[nodiscard]] Result<SideContexts> make_cjsm_contexts(const Settings& settings,
                                                      const ActiveIdentity& identity,
                                                      const std::vector<tls::RevocationList>& revoked,
                                                      const std::shared_ptr<const tls::Library>& library);

/// What the relay wants to know us by, from its file; null where the settings name none. Errors as
/// read_secret_file and smtp::auth_plain_line.
[[nodiscard]] Result<std::shared_ptr<Secret>> read_login(const Settings& settings);

/// Lanes of the two listeners. Errors as ClientList::parse.
[[nodiscard]] Result<Lane> make_out_lane(const Settings& settings, const SideContexts& lan,
                                         const SideContexts& cjsm, std::shared_ptr<Secret> login);
[[nodiscard]] Result<Lane> make_in_lane(const Settings& settings, const SideContexts& lan,
                                        const SideContexts& cjsm);

}  // namespace privyseal::gateway
