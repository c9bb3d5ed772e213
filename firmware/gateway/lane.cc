#include "firmware/gateway/lane.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "firmware/base/file.h"
#include "firmware/smtp/auth.h"

namespace privyseal::gateway {
namespace {

using tls::Context;
using tls::ContextSettings;
using tls::Side;

/// `old_until`: for a peer that is excepted from TLS 1.3 for so long.
Result<PeerContext> make_context(const std::shared_ptr<const tls::Library>& library, ContextSettings settings,
                                 std::optional<Day> old_until) {
  auto usual = Context::make(library, settings);
  if (!usual) return std::unexpected(usual.error());
  PeerContext context{.usual = std::move(*usual)};
  if (!old_until) return context;
  settings.purpose = tls::Purpose::kOldPeer;
  auto old = Context::make(library, settings);
  if (!old) return std::unexpected(old.error());
  context.old = std::move(*old);
  context.old_until = *old_until;
  return context;
}

Result<SideContexts> make_contexts(const std::shared_ptr<const tls::Library>& library,
                                   const SideSettings& side, const ContextSettings& listening,
                                   ContextSettings forwarding) {
  const auto& exception = side.tls12_exception;
  const auto until = [&](bool is_excepted) {
    return is_excepted ? std::optional(exception->until) : std::nullopt;
  };
  auto listener = make_context(library, listening, until(exception && !exception->clients.empty()));
  if (!listener) return std::unexpected(listener.error());
  SideContexts contexts{.listener = std::move(*listener)};
  for (const smtp::HopPlace& hop : side.hops) {
    forwarding.peer_names = {hop.name};
    auto context = make_context(library, forwarding,
                                until(exception && std::ranges::contains(exception->servers, hop.name)));
    if (!context) return std::unexpected(context.error());
    contexts.hops.push_back(std::move(*context));
  }
  return contexts;
}

Result<Lane> make_lane(const SideSettings& listening, const SideSettings& forwarding,
                       const SideContexts& listening_as, const SideContexts& contexts, Lane lane) {
  const std::vector<std::string> none;
  const auto& exception = listening.tls12_exception;
  for (const auto& [list, hosts] : {std::pair{&lane.clients, &listening.clients},
                                    {&lane.proxies, &listening.proxies},
                                    {&lane.old_clients, exception ? &exception->clients : &none}}) {
    auto parsed = ClientList::parse(*hosts);
    if (!parsed) return std::unexpected(parsed.error());
    *list = std::move(*parsed);
  }
  lane.normalize = listening.normalize;
  lane.listener = listening_as.listener;
  for (std::size_t i = 0; i < forwarding.hops.size(); ++i)
    lane.hops.push_back({.address = forwarding.hops[i].address,
                         .tls_start = forwarding.hops[i].tls_start,
                         .context = contexts.hops.at(i)});
  return lane;
}

}  // namespace

const std::shared_ptr<const Context>& Lane::listener_for(const boost::asio::ip::address& client,
                                                         Day today) const {
  return old_clients.contains(client) ? listener.on(today) : listener.usual;
}

Result<SideContexts> make_lan_contexts(const Settings& settings, const ActiveIdentity& identity,
                                       const std::shared_ptr<const tls::Library>& library) {
  // The organisation's mail server is known by its address, and asks us for no certificate.
  return make_contexts(library, settings.lan,
                       {.side = Side::kServer,
                        .hybrid = settings.lan.hybrid,
                        .certificate = identity.chain,
                        .key_uri = identity.key_uri,
                        .trusted_roots = {},
                        .peer_names = {}},
                       {.side = Side::kClient,
                        .hybrid = settings.lan.hybrid,
                        .certificate = {},
                        .key_uri = {},
                        .trusted_roots = settings.lan.trusted_roots,
                        .peer_names = {}});
}

Result<SideContexts> make_cjsm_contexts(const Settings& settings, const ActiveIdentity& identity,
                                        const std::vector<tls::RevocationList>& revoked,
                                        const std::shared_ptr<const tls::Library>& library) {
  // Towards CJSM both ends show certificates, whoever calls.
  return make_contexts(library, settings.cjsm,
                       {.side = Side::kServer,
                        .hybrid = settings.cjsm.hybrid,
                        .certificate = identity.chain,
                        .key_uri = identity.key_uri,
                        .trusted_roots = settings.cjsm.trusted_roots,
                        .peer_names = settings.cjsm.client_names,
                        .revocation_lists = revoked},
                       {.side = Side::kClient,
                        .hybrid = settings.cjsm.hybrid,
                        .certificate = identity.chain,
                        .key_uri = identity.key_uri,
                        .trusted_roots = settings.cjsm.trusted_roots,
                        .peer_names = {},
                        .revocation_lists = revoked});
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
  auto clear_hosts = ClearHosts::make(settings.lan.clear);
  if (!clear_hosts) return std::unexpected(clear_hosts.error());
  return make_lane(settings.lan, settings.cjsm, lan, cjsm,
                   {.direction = Direction::kOut,
                    .rules = {.hostname = settings.host,
                              .when_unavailable = policy::Refusal::kRelayUnavailable,
                              .when_certificate_refused = policy::Refusal::kRelayCertificateRefused,
                              .login = std::move(login)},
                    .clear_hosts = std::move(*clear_hosts)});
}

Result<Lane> make_in_lane(const Settings& settings, const SideContexts& lan, const SideContexts& cjsm) {
  return make_lane(settings.cjsm, settings.lan, cjsm, lan,
                   {.direction = Direction::kIn,
                    .rules = {.hostname = settings.host,
                              .when_unavailable = policy::Refusal::kMailServerUnavailable,
                              .when_certificate_refused = policy::Refusal::kMailServerCertificateRefused}});
}

}  // namespace privyseal::gateway
