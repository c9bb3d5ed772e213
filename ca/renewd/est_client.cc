#include "ca/renewd/est_client.h"

#include "ca/renewd/http_client.h"
#include "firmware/base/file.h"
#include "firmware/tls/stream.h"

namespace privyseal::renewd {
namespace {

constexpr std::chrono::seconds kWithin{30};  // all of it

/// "user:password"; empty when nothing is configured. The password is read anew each time, so that a
/// replaced file counts at once.
Result<Secret> credentials_of(const EstSettings& settings) {
  if (settings.user.empty()) return Secret();
  auto password = read_secret_file(settings.password_file);
  if (!password) return std::unexpected(password.error());
  Bytes both;
  both.reserve(settings.user.size() + 1 + password->reveal().size());
  append(both, bytes_of(settings.user + ":"));
  append(both, password->reveal());
  return Secret(std::move(both));
}

Result<std::shared_ptr<const tls::Context>> context_of(std::shared_ptr<const tls::Library> library,
                                                       const EstSettings& settings,
                                                       const std::optional<Shown>& shown) {
  tls::ContextSettings context{.side = tls::Side::kClient,
                               .purpose = tls::Purpose::kEnrolment,
                               .trusted_roots = settings.trusted_roots,
                               .peer_names = {settings.server_name}};
  if (shown) {
    context.certificate = shown->chain;
    context.key_uri = shown->key_uri;
  }
  return tls::Context::make(std::move(library), context);
}

std::string host_field(const EstSettings& settings) {
  return settings.server.port == 443 ? settings.server_name
                                     : settings.server_name + ":" + std::to_string(settings.server.port);
}

}  // namespace

EstClient::EstClient(std::shared_ptr<const tls::Library> library, EstSettings settings)
    : library_(std::move(library)), settings_(std::move(settings)) {}

net::awaitable<Result<ca::EstAnswer>> EstClient::enrol(std::string csr, std::optional<Shown> shown,
                                                       WallTime now) const {
  const auto until = std::chrono::steady_clock::now() + kWithin;
  const auto left = [until] { return until - std::chrono::steady_clock::now(); };
  const std::string server = "the enrolment server " + settings_.server.text();
  const auto der = ca::csr_der(csr);
  if (!der) co_return std::unexpected(der.error());
  auto credentials = credentials_of(settings_);
  if (!credentials) co_return std::unexpected(credentials.error());
  auto context = context_of(library_, settings_, shown);
  if (!context) co_return std::unexpected(context.error());
  auto stream = co_await tls::Stream::connect(settings_.server.host, settings_.server.port, left());
  if (!stream) co_return fail(server + " cannot be reached", stream.error());
  if (auto secured = co_await stream->handshake(*context, left()); !secured)
    co_return fail(server + ": tls", secured.error());
  auto answer =
      co_await http_exchange(&*stream,
                             {.method = "POST",
                              .host = host_field(settings_),
                              .target = std::string(shown ? ca::kEstSimpleReenroll : ca::kEstSimpleEnroll),
                              .content_type = std::string(ca::kEstRequestType),
                              .transfer_encoding = "base64",
                              .body = ca::est_request_body(*der)},
                             std::move(*credentials), until);
  stream->close();
  if (!answer) co_return fail(server, answer.error());
  co_return ca::parse_enroll_answer(
      answer->status, {.content_type = answer->content_type, .retry_after = answer->retry_after},
      bytes_of(answer->body), now);
}

}  // namespace privyseal::renewd
