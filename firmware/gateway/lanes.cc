#include "firmware/gateway/lanes.h"

#include <algorithm>
#include <utility>

#include "firmware/base/active_identity.h"
#include "firmware/base/file.h"

namespace privyseal::gateway {
namespace {

constexpr std::size_t kMaxRevokedBytes = 1UL << 20;

std::size_t index_of(SideName side) { return side == SideName::kLan ? 0 : 1; }

}  // namespace

std::string_view to_string(SideName side) { return side == SideName::kLan ? "lan" : "cjsm"; }

Result<std::unique_ptr<Lanes>> Lanes::open(const Settings& settings,
                                           std::shared_ptr<const tls::Library> library) {
  std::unique_ptr<Lanes> lanes(new Lanes(settings, std::move(library)));
  auto login = read_login(settings);
  if (!login) return std::unexpected(login.error());
  lanes->login_ = std::move(*login);
  auto revocations = lanes->read_revocations();
  if (!revocations) return fail("cjsm", revocations.error());
  Held first{.loaded = {}, .revocations = std::move(*revocations)};
  for (const SideName side : {SideName::kLan, SideName::kCjsm}) {
    auto one = read_active_identity(lanes->settings_of(side).identity).and_then([&](ActiveIdentity identity) {
      return lanes->load(side, std::move(identity), first.revocations);
    });
    if (!one) return fail(to_string(side), one.error());
    first.loaded[index_of(side)] = std::move(*one);
  }
  auto published = lanes->held_.with([&](Held& held) { return lanes->publish(held, std::move(first)); });
  if (!published) return std::unexpected(published.error());
  return lanes;
}

std::shared_ptr<const Lane> Lanes::current(Direction direction) {
  return snapshot_.with([&](Snapshot& now) { return direction == Direction::kOut ? now.out : now.in; });
}

std::vector<IdentityStatus> Lanes::identities() {
  return snapshot_.with([](Snapshot& now) {
    return std::vector<IdentityStatus>(now.identities.begin(), now.identities.end());
  });
}

std::vector<tls::RevocationList> Lanes::revocations() {
  return snapshot_.with([](Snapshot& now) { return now.revocations; });
}

Result<bool> Lanes::reload(SideName side) {
  return held_.with([&](Held& held) -> Result<bool> {
    auto identity = read_active_identity(settings_of(side).identity);
    if (identity && identity->generation == held.loaded[index_of(side)].identity.generation) {
      note_refusal(side, "");  // a newer one that did not load was taken back
      return false;
    }
    auto one = identity.and_then(
        [&](ActiveIdentity newer) { return load(side, std::move(newer), held.revocations); });
    if (!one) {
      note_refusal(side, one.error().message);
      return std::unexpected(one.error());
    }
    Held next = held;
    next.loaded[index_of(side)] = std::move(*one);
    if (auto published = publish(held, std::move(next)); !published)
      return std::unexpected(published.error());
    return true;
  });
}

std::filesystem::path Lanes::revoked_file() const { return settings_.ledger.parent_path() / "revoked.pem"; }

/// Of the lists in `pem`, those that a root of ours has signed.
Result<Lanes::Revocations> Lanes::trusted(std::string_view pem) const {
  return tls::parse_revocation_lists(pem).and_then([&](Revocations lists) {
    return tls::signed_by_roots(std::move(lists), settings_.cjsm.trusted_roots, library_->get());
  });
}

/// A list whose root is trusted no more has nobody to speak of, so that it does not hinder a start.
Result<Lanes::Revocations> Lanes::read_revocations() const {
  const auto text = read_file(revoked_file(), kMaxRevokedBytes);
  if (!text && text.error().code == ErrorCode::kNotFound) return Revocations{};
  if (!text) return std::unexpected(text.error());
  auto lists = trusted(text_of(*text));
  if (!lists) return fail(revoked_file().string(), lists.error());
  return lists;
}

Result<Lanes::Revocations> Lanes::with_newer(std::string_view pem, const Revocations& in_use) const {
  auto lists = tls::parse_revocation_lists(pem);
  if (!lists) return lists;
  const std::size_t given = lists->size();
  auto newer = trusted(pem);
  if (!newer) return newer;
  if (newer->size() != given)
    return fail(ErrorCode::kDenied,
                "list of revoked certificates: no CA that is trusted towards CJSM has signed it");
  for (const tls::RevocationList& old : in_use) {
    const auto same = std::ranges::find(*newer, old.issuer, &tls::RevocationList::issuer);
    if (same == newer->end())
      newer->push_back(old);
    else if (same->this_update < old.this_update)
      return fail(ErrorCode::kConflict,
                  "list of revoked certificates: the one in use is newer, of " + old.this_update);
  }
  return newer;
}

Result<void> Lanes::may_take_revocations(std::string_view pem) {
  return with_newer(pem, revocations()).transform([](const Revocations&) {});
}

Result<void> Lanes::take_revocations(std::string_view pem) {
  return held_.with([&](Held& held) -> Result<void> {
    auto lists = with_newer(pem, held.revocations);
    if (!lists) return std::unexpected(lists.error());
    auto cjsm = load(SideName::kCjsm, held.loaded[index_of(SideName::kCjsm)].identity, *lists);
    if (!cjsm) return std::unexpected(cjsm.error());
    std::string file;
    for (const tls::RevocationList& list : *lists) file += list.pem;
    if (auto written = replace_file(revoked_file(), bytes_of(file), 0600); !written) return written;
    Held next{.loaded = held.loaded, .revocations = std::move(*lists)};
    next.loaded[index_of(SideName::kCjsm)] = std::move(*cjsm);
    return publish(held, std::move(next));
  });
}

Result<Lanes::Loaded> Lanes::load(SideName side, ActiveIdentity identity, const Revocations& revoked) const {
  auto contexts = side == SideName::kLan ? make_lan_contexts(settings_, identity, library_)
                                         : make_cjsm_contexts(settings_, identity, revoked, library_);
  if (!contexts) return std::unexpected(contexts.error());
  return Loaded{.identity = std::move(identity), .contexts = std::move(*contexts)};
}

/// `next` takes the place of what was held.
Result<void> Lanes::publish(Held& held, Held next) {
  const auto& [lan, cjsm] = next.loaded;
  auto out = make_out_lane(settings_, lan.contexts, cjsm.contexts, login_);
  if (!out) return fail("lan", out.error());
  auto in = make_in_lane(settings_, lan.contexts, cjsm.contexts);
  if (!in) return fail("cjsm", in.error());
  Snapshot shown{.out = std::make_shared<const Lane>(std::move(*out)),
                 .in = std::make_shared<const Lane>(std::move(*in)),
                 .identities = {},
                 .revocations = next.revocations};
  for (const SideName side : {SideName::kLan, SideName::kCjsm}) {
    const Loaded& one = next.loaded[index_of(side)];
    shown.identities[index_of(side)] = {.side = side,
                                        .certificate = one.contexts.listener.usual->certificate().value(),
                                        .key = one.identity.key_uri,
                                        .refused = {}};
  }
  snapshot_.with([&](Snapshot& now) {
    // The other side's refusal stands.
    for (std::size_t i = 0; i < shown.identities.size(); ++i)
      if (shown.identities[i].certificate.fingerprint == now.identities[i].certificate.fingerprint)
        shown.identities[i].refused = now.identities[i].refused;
    std::swap(now, shown);  // the old one ends outside of the lock
  });
  held = std::move(next);
  return {};
}

const SideSettings& Lanes::settings_of(SideName side) const {
  return side == SideName::kLan ? settings_.lan : settings_.cjsm;
}

void Lanes::note_refusal(SideName side, std::string why) {
  snapshot_.with([&](Snapshot& now) { now.identities[index_of(side)].refused = std::move(why); });
}

}  // namespace privyseal::gateway
