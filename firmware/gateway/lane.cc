#include "firmware/gateway/lane.h"

namespace privyseal::gateway {
namespace {

using tls::Context;
using tls::Side;

struct Contexts {
  Result<std::shared_ptr<const Context>> listener;
  Result<std::shared_ptr<const Context>> hop;
};

Result<Lane> make_lane(const SideSettings& listening, const SideSettings& forwarding, Contexts contexts,
                       const std::string& hostname) {
  auto clients = ClientList::parse(listening.clients);
  if (!clients) return std::unexpected(clients.error());
  if (!contexts.listener) return std::unexpected(contexts.listener.error());
  if (!contexts.hop) return std::unexpected(contexts.hop.error());
  return Lane{.direction = Direction::kOut,
              .clients = std::move(*clients),
              .listener = std::move(*contexts.listener),
              .hop = {.address = forwarding.hop,
                      .hostname = hostname,
                      .context = std::move(*contexts.hop),
                      .when_unavailable = policy::Refusal::kRelayUnavailable,
                      .when_certificate_refused = policy::Refusal::kRelayCertificateRefused}};
}

}  // namespace

Result<Lane> make_out_lane(const Settings& settings, std::shared_ptr<const tls::Library> library) {
  // The organisation's mail server is known by its address; towards CJSM both sides show certificates.
  return make_lane(settings.lan, settings.cjsm,
                   {.listener = Context::make(library, {.side = Side::kServer,
                                                        .certificate = settings.lan.certificate,
                                                        .key_uri = settings.lan.key_uri,
                                                        .trusted_roots = {},
                                                        .peer_names = {}}),
                    .hop = Context::make(library, {.side = Side::kClient,
                                                   .certificate = settings.cjsm.certificate,
                                                   .key_uri = settings.cjsm.key_uri,
                                                   .trusted_roots = settings.cjsm.trusted_roots,
                                                   .peer_names = {settings.cjsm.hop_name}})},
                   settings.hostname);
}

Result<Lane> make_in_lane(const Settings& settings, std::shared_ptr<const tls::Library> library) {
  auto lane = make_lane(settings.cjsm, settings.lan,
                        {.listener = Context::make(library, {.side = Side::kServer,
                                                             .certificate = settings.cjsm.certificate,
                                                             .key_uri = settings.cjsm.key_uri,
                                                             .trusted_roots = settings.cjsm.trusted_roots,
                                                             .peer_names = settings.cjsm.client_names}),
                         .hop = Context::make(library, {.side = Side::kClient,
                                                        .certificate = {},
                                                        .key_uri = {},
                                                        .trusted_roots = settings.lan.trusted_roots,
                                                        .peer_names = {settings.lan.hop_name}})},
                        settings.hostname);
  if (!lane) return lane;
  lane->direction = Direction::kIn;
  lane->hop.when_unavailable = policy::Refusal::kMailServerUnavailable;
  lane->hop.when_certificate_refused = policy::Refusal::kMailServerCertificateRefused;
  return lane;
}

}  // namespace privyseal::gateway
