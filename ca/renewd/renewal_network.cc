// The steps of a renewal that wait for somebody else: the issuer, the relay, our own listener.
#include "ca/renewd/probe.h"
#include "ca/renewd/renewal.h"

namespace privyseal::renewd {

using ca::Issuer;

namespace {

// A gateway needs a moment to see its new certificate; then patience grows.
constexpr std::chrono::milliseconds kFirstLook{500};
constexpr std::chrono::milliseconds kLongestLook = std::chrono::minutes(5);
constexpr std::int64_t kNoSpread = 500;  // our own port: nobody else looks at it

}  // namespace

net::awaitable<Result<void>> Renewal::submit(ca::Generation generation,
                                             std::optional<ca::Generation> active) {
  if (settings_.rules.issuer == Issuer::kLocal) {
    const auto issued =
        services_.issuing->issue(settings_.profile, generation.csr, "renewd/" + settings_.name);
    if (!issued) co_return delay(generation, "request-not-answered", issued.error().message);
    co_return record({ca::answered(generation, ca::to_pem(*issued), now())}, {"certificate-received"},
                     daemon());
  }
  std::optional<Shown> shown;
  if (active && active->not_after > now())
    shown = Shown{.chain = folder_.chain_of(active->number), .key_uri = "keyd:" + active->key};
  const auto answer = co_await services_.est->enrol(generation.csr, std::move(shown), now());
  if (!is_unchanged(generation)) co_return Result<void>();
  if (!answer) co_return delay(generation, "request-not-answered", answer.error().message);
  co_return take_answer(generation, *answer);
}

Result<void> Renewal::take_answer(const ca::Generation& generation, const ca::EstAnswer& answer) {
  if (const auto* issued = std::get_if<ca::EstIssued>(&answer))
    return record({ca::answered(generation, ca::to_pem(issued->certificates), now())},
                  {"certificate-received"}, daemon());
  if (const auto* wait = std::get_if<ca::EstWait>(&answer))
    return record({ca::submitted(generation, now() + wait->retry_after, now())}, {"request-submitted"},
                  daemon());
  const auto& refused = std::get<ca::EstRefused>(answer);
  const std::string why = "the enrolment server did not issue: " + refused.why;
  if (!refused.is_final) return delay(generation, "request-refused", why);
  // The same again would be refused again until somebody has mended something.
  return delay(generation, "request-refused", why, ca::kLongestRetry);
}

net::awaitable<Result<void>> Renewal::probe(ca::Generation generation) {
  if (auto written = folder_.write(generation.number, generation.chain, "keyd:" + generation.key); !written)
    co_return delay(generation, "trial-failed", written.error().message);
  const auto tried = co_await try_relay(generation);
  if (!is_unchanged(generation)) co_return Result<void>();
  if (tried) co_return record({ca::proven(generation, now())}, {"trial-passed"}, daemon());
  if (tried.error().code != ErrorCode::kDenied)
    co_return delay(generation, "trial-failed", tried.error().message);
  co_return note_refused_trial(generation, tried.error().message);
}

/// Asking the issuer again comes at the end of a wait that grows with each refusal, whatever came in between.
Result<void> Renewal::note_refused_trial(const ca::Generation& generation, const std::string& why) {
  const auto wait =
      ca::retry_after(generation.refused_trials + 1, random_permille(), settings_.rules.retry_first);
  auto next = ca::refused_in_trial(generation, settings_.rules.issuer, why, now() + wait, now());
  if (next.state == ca::GenerationState::kIssued)
    return record({std::move(next)}, {"trial-failed", "failed", why}, daemon());
  const std::string refused_times = std::to_string(next.refused_trials) + " refused trials of this key";
  return record({std::move(next)},
                {"certificate-given-back", "failed",
                 "another one is asked for in place of " + ca::words_of(generation) + ", after " +
                     refused_times + ": " + why},
                daemon());
}

/// That the key answers and makes its own signatures is shown by one more request; where there is a relay
/// to try, a real handshake with it says more. kDenied: the relay refused the certificate.
net::awaitable<Result<void>> Renewal::try_relay(ca::Generation generation) {
  if (const auto signed_anew = services_.keys.request(generation.key, settings_.subject); !signed_anew)
    co_return fail(ErrorCode::kUnavailable, signed_anew.error().message);
  if (!settings_.probe) co_return Result<void>();
  auto context = tls::Context::make(services_.library, {.side = tls::Side::kClient,
                                                        .hybrid = settings_.probe_hybrid,
                                                        .certificate = folder_.chain_of(generation.number),
                                                        .key_uri = "keyd:" + generation.key,
                                                        .trusted_roots = settings_.probe_roots,
                                                        .peer_names = {settings_.probe_name}});
  if (!context) co_return fail(ErrorCode::kUnavailable, context.error().message);
  co_return co_await try_smtp(*settings_.probe, settings_.probe_tls, std::move(*context),
                              settings_.subject.dns_names.front());
}

net::awaitable<Result<void>> Renewal::prove_live(ca::Generation generation) {
  const auto seen = co_await look_at_port(generation);
  if (!is_unchanged(generation)) co_return Result<void>();
  if (seen) co_return record({ca::seen_live(generation)}, {"seen-live"}, daemon());
  const auto wait = std::min(ca::retry_after(generation.failures + 1, kNoSpread, kFirstLook), kLongestLook);
  co_return delay(generation, "not-seen-live", seen.error().message, wait);
}

net::awaitable<Result<void>> Renewal::look_at_port(ca::Generation generation) {
  if (!settings_.live) co_return Result<void>();  // there is nobody to look at
  const std::string& hostname = settings_.subject.dns_names.front();
  auto context = tls::Context::make(
      services_.library, {.side = tls::Side::kClient, .trusted_roots = roots(), .peer_names = {hostname}});
  if (!context) co_return std::unexpected(context.error());
  const auto served =
      co_await served_fingerprint(*settings_.live, std::move(*context), hostname, settings_.speaks_smtp());
  if (!served) co_return std::unexpected(served.error());
  if (*served != generation.fingerprint)
    co_return fail(ErrorCode::kConflict, "our own port " + settings_.live->text() +
                                             " does not serve the certificate of generation " +
                                             std::to_string(generation.number) + " but another one");
  co_return Result<void>();
}

}  // namespace privyseal::renewd
