#include "firmware/gateway/lane.h"

#include "firmware/base/file.h"
#include "firmware/smtp/auth.h"

namespace privyseal::gateway {
namespace {

using tls::Context;
using tls::ContextSettings;
using tls::Side;

Result<SideContexts> make_contexts(const std::shared_ptr<const tls::Library>& library,
                                   const ContextSettings& listening, ContextSettings forwarding,
                                   const std::vector<HopPlace>& hops) {
  auto listener = Context::make(library, listening);
  if (!listener) return std::unexpected(listener.error());
  SideContexts contexts{.listener = std::move(*listener), .hops = {}};
  for (const HopPlace& hop : hops) {
    forwarding.peer_names = {hop.name};
    auto context = Context::make(library, forwarding);
    if (!context) return std::unexpected(context.error());
    contexts.hops.push_back(std::move(*context));
  }
  return contexts;
}

/// `hop` is what all hops of the lane have in common.
Result<Lane> make_lane(const SideSettings& listening, const SideSettings& forwarding,
                       const SideContexts& contexts, HopSettings hop, Lane lane) {
  auto clients = ClientList::parse(listening.clients);
  if (!clients) return std::unexpected(clients.error());
  auto proxies = ClientList::parse(listening.proxies);
  if (!proxies) return std::unexpected(proxies.error());
  lane.clients = std::move(*clients);
  lane.proxies = std::move(*proxies);
  lane.normalize = listening.normalize;
  for (std::size_t i = 0; i < forwarding.hops.size(); ++i) {
    hop.address = forwarding.hops[i].address;
    hop.tls_start = forwarding.hops[i].tls_start;
    hop.context = contexts.hops.at(i);
    lane.hops.push_back(hop);
  }
  return lane;
}

}  // namespace

Result<SideContexts> make_lan_contexts(const Settings& settings, const ActiveIdentity& identity,
                                       std::shared_ptr<const tls::Library> library) {
  // The organisation's mail server is known by its address, and asks us for no certificate.
  return make_contexts(library,
                       {.side = Side::kServer,
                        .certificate = identity.chain,
                        .key_uri = identity.key_uri,
                        .trusted_roots = {},
                        .peer_names = {}},
                       {.side = Side::kClient,
                        .certificate = {},
                        .key_uri = {},
                        .trusted_roots = settings.lan.trusted_roots,
                        .peer_names = {}},
                       settings.lan.hops);
}

Result<SideContexts> make_cjsm_contexts(const Settings& settings, const ActiveIdentity& identity,
                                        std::shared_ptr<const tls::Library> library) {
  // Towards CJSM both ends show certificates, whoever calls.
  return make_contexts(library,
                       {.side = Side::kServer,
                        .certificate = identity.chain,
                        .key_uri = identity.key_uri,
                        .trusted_roots = settings.cjsm.trusted_roots,
                        .peer_names = settings.cjsm.client_names},
                       {.side = Side::kClient,
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
  return make_lane(settings.lan, settings.cjsm, cjsm,
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
                    .listener = lan.listener,
                    .hops = {}});
}

Result<Lane> make_in_lane(const Settings& settings, const SideContexts& lan, const SideContexts& cjsm) {
  return make_lane(settings.cjsm, settings.lan, lan,
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
                    .listener = cjsm.listener,
                    .hops = {}});
}

}  // namespace privyseal::gateway
