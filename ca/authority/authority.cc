#include "ca/authority/authority.h"

#include <openssl/pem.h>

#include <algorithm>

#include "ca/authority/authority_store.h"
#include "ca/authority/profile.h"
#include "ca/fingerprint.h"
#include "ca/openssl.h"
#include "firmware/base/check.h"

namespace privyseal::authority {
namespace {

/// The clocks of those who verify may be behind ours by this.
constexpr std::chrono::minutes kBackdated{5};
constexpr std::chrono::days kMaxCrlLife{40};  // keyd signs none that lives longer
constexpr std::size_t kMaxWaiting = 256;
constexpr std::size_t kMaxListed = 500;

std::string pem_of_crl(ByteView der) {
  const ca::BioPtr memory(BIO_new(BIO_s_mem()));
  PEM_write_bio(memory.get(), PEM_STRING_X509_CRL, "", uchar(der), static_cast<long>(der.size()));
  return ca::text_in(memory.get());
}

std::string names_text(const CertificateRequest& request) {
  std::string text = request.common_name;
  for (const std::string& name : request.dns_names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

}  // namespace

struct Authority::State {
  Database& database;
  Signer& signer;
  AuthoritySettings settings;
  const Clock& clock;
  Record record;
  AuthorityStore store;
  ca::Certificate root{};
  IssuerFacts issuer{};

  Result<void> note(const Deed& deed) const { return record ? record(deed) : Result<void>(); }

  Result<void> load_root();
  Result<void> make_root();
  Result<const Profile*> profile_of(std::string_view name) const;
  Result<CertificateRequest> checked(std::string_view profile, ByteView csr) const;
  Result<ca::Certificate> sign(const CertificateFacts& facts);
  Result<ca::Certificate> make(std::string_view profile, ByteView csr);
  Result<void> keep(const ca::Certificate& certificate, std::string_view profile, std::string_view requester);
  Result<std::string> make_crl(std::uint64_t number, std::int64_t revocations);
  Result<Decision> decision_of(const StoredRequest& request);
  Result<void> keep_waiting(const PendingRequest& request, ByteView csr);
};

Result<void> Authority::State::load_root() {
  auto stored = store.root();
  if (!stored) return std::unexpected(stored.error());
  if (!*stored) return make_root();
  auto certificate = ca::parse_certificate((*stored)->certificate);
  if (!certificate) return fail("authority: its root", certificate.error());
  if (certificate->public_key != signer.public_key())
    return fail(ErrorCode::kConflict,
                "authority: the root in the database is for another key than the signer's");
  root = std::move(*certificate);
  issuer = {std::move((*stored)->name), signer.public_key()};
  return {};
}

Result<void> Authority::State::make_root() {
  issuer = {{settings.common_name, settings.organisation}, signer.public_key()};
  const auto serial = new_serial();
  if (!serial) return std::unexpected(serial.error());
  const WallTime begins = clock.now() - kBackdated;
  auto made = sign({.serial = *serial,
                    .subject = issuer.name,
                    .not_before = begins,
                    .not_after = begins + kRootLife,
                    .public_key = signer.public_key(),
                    .is_ca = true});
  if (!made) return fail("authority: its root", made.error());
  root = std::move(*made);
  return transaction(database, [&]() -> Result<void> {
    if (auto added = store.add_root({root.der, issuer.name}); !added) return added;
    return note({.action = "ca-root", .object = root.serial, .actor = "", .why = root.subject});
  });
}

Result<const Profile*> Authority::State::profile_of(std::string_view name) const {
  const Profile* profile = find_profile(name);
  if (profile == nullptr || !std::ranges::contains(settings.profiles, name))
    return fail(ErrorCode::kNotFound, "authority: it has no profile of this name");
  return profile;
}

Result<CertificateRequest> Authority::State::checked(std::string_view name, ByteView csr) const {
  const auto profile = profile_of(name);
  if (!profile) return std::unexpected(profile.error());
  auto request = parse_request(csr);
  if (!request) return request;
  if (auto allowed = check_request(*request, **profile, settings.domains); !allowed)
    return std::unexpected(allowed.error());
  if (request->public_key == signer.public_key())
    return fail(ErrorCode::kDenied, "authority: its own key gets no other certificate");
  return request;
}

Result<ca::Certificate> Authority::State::sign(const CertificateFacts& facts) {
  const auto tbs = tbs_certificate(issuer, facts);
  if (!tbs) return std::unexpected(tbs.error());
  const auto signature = signer.sign_certificate(*tbs);
  if (!signature) return fail("authority", signature.error());
  const auto der = finish_certificate(*tbs, *signature, signer.public_key());
  if (!der) return std::unexpected(der.error());
  return ca::parse_certificate(*der);
}

Result<ca::Certificate> Authority::State::make(std::string_view name, ByteView csr) {
  auto request = checked(name, csr);
  if (!request) return std::unexpected(request.error());
  const auto serial = new_serial();
  if (!serial) return std::unexpected(serial.error());
  const Profile& profile = **profile_of(name);
  const WallTime begins = clock.now() - kBackdated;
  return sign({.serial = *serial,
               .subject = {common_name_for(*request), request->organisation},
               .not_before = begins,
               .not_after = std::min<WallTime>(begins + profile.life, root.not_after),
               .public_key = std::move(request->public_key),
               .dns_names = std::move(request->dns_names),
               .server = profile.server,
               .client = profile.client});
}

Result<void> Authority::State::keep(const ca::Certificate& certificate, std::string_view profile,
                                    std::string_view requester) {
  const IssuedRow row{.serial = certificate.serial,
                      .profile = std::string(profile),
                      .subject = certificate.subject,
                      .requester = std::string(requester),
                      .issued_at = clock.now(),
                      .not_after = certificate.not_after,
                      .revoked_at = std::nullopt,
                      .fingerprint = certificate.fingerprint};
  if (auto added = store.add_issued(row, certificate.der); !added) return added;
  return note({.action = "ca-issue",
               .object = certificate.serial,
               .actor = requester,
               .why = row.profile + ": " + certificate.subject});
}

Result<std::string> Authority::State::make_crl(std::uint64_t number, std::int64_t revocations) {
  const WallTime now = clock.now();
  // One that expired stays for one more list (RFC 5280 section 3.3).
  auto revoked = store.revoked(now - settings.crl_life);
  if (!revoked) return std::unexpected(revoked.error());
  const auto tbs = tbs_crl(issuer, {.number = number,
                                    .this_update = now,
                                    .next_update = now + settings.crl_life,
                                    .revoked = std::move(*revoked)});
  if (!tbs) return std::unexpected(tbs.error());
  const auto signature = signer.sign_crl(*tbs);
  if (!signature) return fail("authority", signature.error());
  const auto der = finish_crl(*tbs, *signature, signer.public_key());
  if (!der) return std::unexpected(der.error());
  const StoredCrl crl{number, now, now + settings.crl_life, revocations, pem_of_crl(*der)};
  return transaction(database, [&]() -> Result<std::string> {
    if (auto stored = store.replace_crl(crl); !stored) return std::unexpected(stored.error());
    const std::string text = std::to_string(number);
    if (auto noted = note({.action = "ca-crl", .object = text, .actor = "", .why = ""}); !noted)
      return std::unexpected(noted.error());
    return crl.pem;
  });
}

Result<Decision> Authority::State::decision_of(const StoredRequest& request) {
  using enum StoredRequest::State;
  if (request.state == kWaiting) return std::nullopt;
  if (request.state == kRefused)
    return fail(ErrorCode::kDenied, "authority: the request was refused: " + request.why);
  auto der = store.certificate(request.serial);
  if (!der) return std::unexpected(der.error());
  auto certificate = ca::parse_certificate(*der);
  if (!certificate) return std::unexpected(certificate.error());
  return std::move(*certificate);
}

Result<void> Authority::State::keep_waiting(const PendingRequest& request, ByteView csr) {
  return transaction(database, [&]() -> Result<void> {
    const auto others = store.waiting(kMaxWaiting);
    if (!others) return std::unexpected(others.error());
    if (others->size() >= kMaxWaiting)
      return fail(ErrorCode::kUnavailable, "authority: too many requests wait for approval");
    if (auto added = store.add_request(request, csr); !added) return added;
    return note(
        {.action = "ca-ask", .object = request.digest, .actor = request.requester, .why = request.names});
  });
}

Authority::Authority(std::unique_ptr<State> state) : state_(std::move(state)) {}
Authority::~Authority() = default;

Result<std::unique_ptr<Authority>> Authority::open(Database& database, Signer& signer,
                                                   AuthoritySettings settings, const Clock& clock,
                                                   Record record) {
  for (const std::string& profile : settings.profiles)
    if (find_profile(profile) == nullptr)
      return fail(ErrorCode::kInvalid, "authority: no such profile: " + profile);
  for (const std::string& profile : settings.with_approval)
    if (!std::ranges::contains(settings.profiles, profile))
      return fail(ErrorCode::kInvalid, "authority: with approval, but not issued here: " + profile);
  if (settings.crl_life < std::chrono::days{1} || settings.crl_life > kMaxCrlLife)
    return fail(ErrorCode::kInvalid, "authority: a revocation list must live for 1 to 40 days");
  auto store = AuthorityStore::open(database);
  if (!store) return std::unexpected(store.error());
  auto state =
      std::make_unique<State>(database, signer, std::move(settings), clock, std::move(record), *store);
  if (auto loaded = state->load_root(); !loaded) return std::unexpected(loaded.error());
  return std::unique_ptr<Authority>(new Authority(std::move(state)));
}

const ca::Certificate& Authority::root() const { return state_->root; }
const AuthoritySettings& Authority::settings() const { return state_->settings; }

Result<ca::Certificate> Authority::issue(std::string_view profile, ByteView csr_der,
                                         std::string_view requester) {
  auto certificate = state_->make(profile, csr_der);
  if (!certificate) return certificate;
  const auto kept =
      transaction(state_->database, [&] { return state_->keep(*certificate, profile, requester); });
  if (!kept) return std::unexpected(kept.error());
  return certificate;
}

Result<Decision> Authority::request(std::string_view profile, ByteView csr_der, std::string_view requester) {
  if (!std::ranges::contains(state_->settings.with_approval, profile)) {
    auto certificate = issue(profile, csr_der, requester);
    if (!certificate) return std::unexpected(certificate.error());
    return std::move(*certificate);
  }
  const std::string digest = ca::key_fingerprint(csr_der);
  const auto known = state_->store.request(digest);
  if (!known) return std::unexpected(known.error());
  if (*known) return state_->decision_of(**known);
  const auto asked = state_->checked(profile, csr_der);
  if (!asked) return std::unexpected(asked.error());
  const auto kept = state_->keep_waiting({.digest = digest,
                                          .profile = std::string(profile),
                                          .requester = std::string(requester),
                                          .names = names_text(*asked),
                                          .asked_at = state_->clock.now()},
                                         csr_der);
  if (!kept) return std::unexpected(kept.error());
  return std::nullopt;
}

Result<std::vector<PendingRequest>> Authority::pending() { return state_->store.waiting(kMaxWaiting); }

Result<ca::Certificate> Authority::approve(std::string_view digest, std::string_view approver) {
  const auto known = state_->store.request(digest);
  if (!known) return std::unexpected(known.error());
  if (!*known || (*known)->state != StoredRequest::State::kWaiting)
    return fail(ErrorCode::kNotFound, "authority: no such request waits");
  const StoredRequest& request = **known;
  auto certificate = state_->make(request.profile, request.csr);
  if (!certificate) return certificate;
  const auto kept = transaction(state_->database, [&]() -> Result<void> {
    if (auto added = state_->keep(*certificate, request.profile, request.requester); !added) return added;
    if (auto closed = state_->store.close_request(digest, certificate->serial, ""); !closed) return closed;
    return state_->note(
        {.action = "ca-approve", .object = digest, .actor = approver, .why = certificate->serial});
  });
  if (!kept) return std::unexpected(kept.error());
  return certificate;
}

Result<void> Authority::refuse(std::string_view digest, std::string_view approver, std::string_view why) {
  const std::string_view reason = why.empty() ? "no reason given" : why;
  return transaction(state_->database, [&]() -> Result<void> {
    const auto known = state_->store.request(digest);
    if (!known) return std::unexpected(known.error());
    if (!*known || (*known)->state != StoredRequest::State::kWaiting)
      return fail(ErrorCode::kNotFound, "authority: no such request waits");
    if (auto closed = state_->store.close_request(digest, "", reason); !closed) return closed;
    return state_->note({.action = "ca-refuse", .object = digest, .actor = approver, .why = reason});
  });
}

Result<void> Authority::revoke(std::string_view serial, Revocation reason, std::string_view actor) {
  return transaction(state_->database, [&]() -> Result<void> {
    const auto row = state_->store.issued(serial);
    if (!row) return std::unexpected(row.error());
    if (!*row) return fail(ErrorCode::kNotFound, "authority: it issued no certificate of this serial number");
    if ((*row)->revoked_at)
      return fail(ErrorCode::kConflict, "authority: the certificate is revoked already");
    if (auto marked = state_->store.mark_revoked(serial, state_->clock.now(), reason); !marked) return marked;
    const std::string why = "reason " + std::to_string(static_cast<int>(reason)) + ": " + (*row)->subject;
    return state_->note({.action = "ca-revoke", .object = serial, .actor = actor, .why = why});
  });
}

Result<bool> Authority::is_good(const ca::Certificate& certificate, std::string_view profile) {
  const auto row = state_->store.issued(certificate.serial);
  if (!row) return std::unexpected(row.error());
  const WallTime now = state_->clock.now();
  return *row && (*row)->fingerprint == certificate.fingerprint && (*row)->profile == profile &&
         !(*row)->revoked_at && certificate.not_before <= now && now <= (*row)->not_after;
}

Result<std::string> Authority::crl() {
  const auto last = state_->store.crl();
  if (!last) return std::unexpected(last.error());
  const auto revocations = state_->store.count_revoked();
  if (!revocations) return std::unexpected(revocations.error());
  if (!*last) return state_->make_crl(1, *revocations);
  const WallTime half = (*last)->this_update + ((*last)->next_update - (*last)->this_update) / 2;
  const WallTime now = state_->clock.now();
  // A clock that was set back would else keep a list from the future for as long.
  const bool is_fresh = now >= (*last)->this_update && now < half && (*last)->revocations == *revocations;
  return is_fresh ? Result<std::string>((*last)->pem) : state_->make_crl((*last)->number + 1, *revocations);
}

Result<std::vector<IssuedRow>> Authority::list(std::int64_t after, std::size_t limit) {
  return state_->store.list(after, std::min(limit, kMaxListed));
}

}  // namespace privyseal::authority
