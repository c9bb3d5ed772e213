#include "firmware/gateway/lanes.h"

#include <utility>

#include "firmware/base/active_identity.h"

namespace privyseal::gateway {
namespace {

std::size_t index_of(SideName side) { return side == SideName::kLan ? 0 : 1; }

}  // namespace

std::string_view to_string(SideName side) { return side == SideName::kLan ? "lan" : "cjsm"; }

Result<std::unique_ptr<Lanes>> Lanes::open(const Settings& settings,
                                           std::shared_ptr<const tls::Library> library) {
  std::unique_ptr<Lanes> lanes(new Lanes(settings, std::move(library)));
  auto login = read_login(settings);
  if (!login) return std::unexpected(login.error());
  lanes->login_ = std::move(*login);
  std::array<Loaded, 2> loaded;
  for (const SideName side : {SideName::kLan, SideName::kCjsm}) {
    auto one = read_active_identity(lanes->settings_of(side).identity).and_then([&](ActiveIdentity identity) {
      return lanes->load(side, std::move(identity));
    });
    if (!one) return fail(to_string(side), one.error());
    loaded[index_of(side)] = std::move(*one);
  }
  if (auto published = lanes->publish(std::move(loaded)); !published)
    return std::unexpected(published.error());
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

Result<bool> Lanes::reload(SideName side) {
  auto identity = read_active_identity(settings_of(side).identity);
  if (identity && identity->generation == loaded_[index_of(side)].identity.generation) {
    note_refusal(side, "");  // a newer one that did not load was taken back
    return false;
  }
  auto one = identity.and_then([&](ActiveIdentity newer) { return load(side, std::move(newer)); });
  if (!one) {
    note_refusal(side, one.error().message);
    return std::unexpected(one.error());
  }
  auto loaded = loaded_;
  loaded[index_of(side)] = std::move(*one);
  if (auto published = publish(std::move(loaded)); !published) return std::unexpected(published.error());
  return true;
}

Result<Lanes::Loaded> Lanes::load(SideName side, ActiveIdentity identity) const {
  const auto make = side == SideName::kLan ? make_lan_contexts : make_cjsm_contexts;
  auto contexts = make(settings_, identity, library_);
  if (!contexts) return std::unexpected(contexts.error());
  return Loaded{.identity = std::move(identity), .contexts = std::move(*contexts)};
}

Result<void> Lanes::publish(std::array<Loaded, 2> loaded) {
  const auto& [lan, cjsm] = loaded;
  auto out = make_out_lane(settings_, lan.contexts, cjsm.contexts, login_);
  if (!out) return fail("lan", out.error());
  auto in = make_in_lane(settings_, lan.contexts, cjsm.contexts);
  if (!in) return fail("cjsm", in.error());
  Snapshot next{.out = std::make_shared<const Lane>(std::move(*out)),
                .in = std::make_shared<const Lane>(std::move(*in)),
                .identities = {}};
  for (const SideName side : {SideName::kLan, SideName::kCjsm}) {
    const Loaded& one = loaded[index_of(side)];
    next.identities[index_of(side)] = {.side = side,
                                       .certificate = one.contexts.listener.usual->certificate().value(),
                                       .key = one.identity.key_uri,
                                       .refused = {}};
  }
  snapshot_.with([&](Snapshot& now) {
    // The other side's refusal stands.
    for (std::size_t i = 0; i < next.identities.size(); ++i)
      if (next.identities[i].certificate.fingerprint == now.identities[i].certificate.fingerprint)
        next.identities[i].refused = now.identities[i].refused;
    std::swap(now, next);  // the old one ends outside of the lock
  });
  loaded_ = std::move(loaded);
  return {};
}

const SideSettings& Lanes::settings_of(SideName side) const {
  return side == SideName::kLan ? settings_.lan : settings_.cjsm;
}

void Lanes::note_refusal(SideName side, std::string why) {
  snapshot_.with([&](Snapshot& now) { now.identities[index_of(side)].refused = std::move(why); });
}

}  // namespace privyseal::gateway
