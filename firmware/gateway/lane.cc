#include "firmware/gateway/lane.h"

#include <algorithm>

#include "firmware/base/file.h"
#include "firmware/smtp/auth.h"

namespace privyseal::gateway {
namespace {

using tls::Context;
using tls::ContextSettings;
using tls::Side;

Result<SideContexts> make_contexts(const std::shared_ptr<const tls::Library>& library,
                                   const ContextSettings& listening, ContextSettings forwarding,
                                   const std::vector<smtp::HopPlace>& hops) {
  auto listener = Context::make(library, listening);
  if (!listener) return std::unexpected(listener.error());
  SideContexts contexts{.listener = std::move(*listener), .hops = {}};
  for (const smtp::HopPlace& hop : hops) {
    forwarding.peer_names = {hop.name};
    auto context = Context::make(library, forwarding);
    if (!context) return std::unexpected(context.error());
    contexts.hops.push_back(std::move(*context));
  }
  contexts.old_hops.resize(hops.size());
  return contexts;
}

/// The LAN side's exception from TLS 1.3, if there is one.
Result<void> add_old_peers(SideContexts& contexts, const std::shared_ptr<const tls::Library>& library,
                           const SideSettings& side, ContextSettings listening, ContextSettings forwarding) {
  if (!side.tls12_exception) return {};
  listening.purpose = forwarding.purpose = tls::Purpose::kOldPeer;
  if (!side.tls12_exception->clients.empty()) {
    auto listener = Context::make(library, listening);
    if (!listener) return std::unexpected(listener.error());
    contexts.old_listener = std::move(*listener);
  }
  for (std::size_t i = 0; i < side.hops.size(); ++i) {
    if (!std::ranges::contains(side.tls12_exception->servers, side.hops[i].name)) continue;
    forwarding.peer_names = {side.hops[i].name};
    auto context = Context::make(library, forwarding);
    if (!context) return std::unexpected(context.error());
    contexts.old_hops[i] = std::move(*context);
  }
  return {};
}

/// `hop` is what all hops of the lane have in common.
Result<Lane> make_lane(const SideSettings& listening, const SideSettings& forwarding,
                       const SideContexts& listening_as, const SideContexts& contexts, HopSettings hop,
                       Lane lane) {
  auto clients = ClientList::parse(listening.clients);
  if (!clients) return std::unexpected(clients.error());
  auto proxies = ClientList::parse(listening.proxies);
  if (!proxies) return std::unexpected(proxies.error());
  lane.clients = std::move(*clients);
  lane.proxies = std::move(*proxies);
  lane.normalize = listening.normalize;
  lane.listener = listening_as.listener;
  if (listening_as.old_listener) {
    auto hosts = ClientList::parse(listening.tls12_exception->clients);
    if (!hosts) return std::unexpected(hosts.error());
    lane.old_clients = OldClients{.hosts = std::move(*hosts),
                                  .listener = listening_as.old_listener,
                                  .until = listening.tls12_exception->until};
  }
  for (std::size_t i = 0; i < forwarding.hops.size(); ++i) {
    hop.address = forwarding.hops[i].address;
    hop.tls_start = forwarding.hops[i].tls_start;
    hop.context = contexts.hops.at(i);
    hop.old_context = contexts.old_hops.at(i);
    if (forwarding.tls12_exception) hop.old_until = forwarding.tls12_exception->until;
    lane.hops.push_back(hop);
  }
  return lane;
}

}  // namespace

const std::shared_ptr<const Context>& Lane::listener_for(const boost::asio::ip::address& client,
                                                         Day today) const {
  const bool is_old = old_clients && today <= old_clients->until && old_clients->hosts.contains(client);
  return is_old ? old_clients->listener : listener;
}

Result<SideContexts> make_lan_contexts(const Settings& settings, const ActiveIdentity& identity,
                                       std::shared_ptr<const tls::Library> library) {
  // The organisation's mail server is known by its address, and asks us for no certificate.
  const ContextSettings listening{.side = Side::kServer,
                                  .hybrid = settings.lan.hybrid,
                                  .certificate = identity.chain,
                                  .key_uri = identity.key_uri,
                                  .trusted_roots = {},
                                  .peer_names = {}};
  const ContextSettings forwarding{.side = Side::kClient,
                                   .hybrid = settings.lan.hybrid,
                                   .certificate = {},
                                   .key_uri = {},
                                   .trusted_roots = settings.lan.trusted_roots,
                                   .peer_names = {}};
  auto contexts = make_contexts(library, listening, forwarding, settings.lan.hops);
  if (!contexts) return contexts;
  if (auto added = add_old_peers(*contexts, library, settings.lan, listening, forwarding); !added)
    return std::unexpected(added.error());
  return contexts;
}

Result<SideContexts> make_cjsm_contexts(const Settings& settings, const ActiveIdentity& identity,
                                        std::shared_ptr<const tls::Library> library) {
  // Towards CJSM both ends show certificates, whoever calls.
  return make_contexts(library,
                       {.side = Side::kServer,
                        .hybrid = settings.cjsm.hybrid,
                        .certificate = identity.chain,
                        .key_uri = identity.key_uri,
                        .trusted_roots = settings.cjsm.trusted_roots,
                        .peer_names = settings.cjsm.client_names},
                       {.side = Side::kClient,
                        .hybrid = settings.cjsm.hybrid,
                        .certificate = identity.chain,
                        .key_uri = identity.key_uri,
                        .trusted_roots = settings.cjsm.trusted_roots,
                        .peer_names = {}},
                       settings.cjsm.hops);
}

Result<std::shared_ptr<Secret>> read_login(const Settings& settings) {
  if (settings.relay_user.empty()) return nullptr;
  auto password = read_secret_file(settings.relay_password_file);
  if (!password) return fail("relay password", password.error());
  auto line = smtp::auth_plain_line(settings.relay_user, std::move(*password));
  if (!line) return std::unexpected(line.error());
  return std::make_shared<Secret>(std::move(*line));
}

Result<Lane> make_out_lane(const Settings& settings, const SideContexts& lan, const SideContexts& cjsm,
                           std::shared_ptr<Secret> login) {
  return make_lane(settings.lan, settings.cjsm, lan, cjsm,
                   {.address = {},
                    .tls_start = {},
                    .hostname = settings.host,
                    .context = nullptr,
                    .when_unavailable = policy::Refusal::kRelayUnavailable,
                    .when_certificate_refused = policy::Refusal::kRelayCertificateRefused,
                    .login = std::move(login)},
                   {.direction = Direction::kOut,
                    .clients = {},
                    .proxies = {},
                    .normalize = false,
                    .listener = nullptr,
                    .hops = {}});
}

Result<Lane> make_in_lane(const Settings& settings, const SideContexts& lan, const SideContexts& cjsm) {
  return make_lane(settings.cjsm, settings.lan, cjsm, lan,
                   {.address = {},
                    .tls_start = {},
                    .hostname = settings.host,
                    .context = nullptr,
                    .when_unavailable = policy::Refusal::kMailServerUnavailable,
                    .when_certificate_refused = policy::Refusal::kMailServerCertificateRefused},
                   {.direction = Direction::kIn,
                    .clients = {},
                    .proxies = {},
                    .normalize = false,
                    .listener = nullptr,
                    .hops = {}});
}

}  // namespace privyseal::gateway
