#include "hsm/keyd/key_store.h"

#include <openssl/rand.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "firmware/base/check.h"
#include "firmware/base/log.h"
#include "hsm/key_kind.h"
#include "hsm/keyd/key_attributes.h"

namespace privyseal::keyd {
namespace {

constexpr std::size_t kIdBytes = 16;

Bytes random_id() {
  Bytes id(kIdBytes);
  CHECK(RAND_bytes(uchar(std::span(id)), static_cast<int>(id.size())) == 1);
  return id;
}

pkcs11::Outcome<void> destroy_all(const pkcs11::Session& session, const std::vector<Bytes>& ids) {
  for (const Bytes& id : ids) {
    pkcs11::Attributes wanted;
    const auto found = session.find(wanted.bytes(CKA_ID, id));
    if (!found) return std::unexpected(found.error());
    for (const auto object : *found)
      if (auto destroyed = session.destroy(object); !destroyed) return destroyed;
  }
  return {};
}

/// In words, because not every token can make and use every kind of key.
pkcs11::Outcome<void> check_token_can(const pkcs11::Session& session, hsm::KeyType type) {
  const hsm::KeyKind& kind = hsm::kind_of(type);
  const std::string cannot =
      "this token has no keys of the kind " + std::string(kind.words) + ": it does not list ";
  for (const NeededMechanism& needed : needed_mechanisms(type)) {
    const auto has = session.has_mechanism(needed.mechanism);
    if (!has) return std::unexpected(has.error());
    if (!*has) return fail(ErrorCode::kUnavailable, cannot + needed.name);
    if (kind.family != hsm::KeyFamily::kRsa) continue;
    const auto longest = session.longest_key(needed.mechanism);
    if (!longest) return std::unexpected(longest.error());
    if (*longest < kind.bits)
      return fail(ErrorCode::kUnavailable,
                  cannot + needed.name + " with " + std::to_string(kind.bits) + " bits");
  }
  return {};
}

Result<KeyRef> make_pair(const pkcs11::Session& session, const KeyLabel& label, hsm::KeyType type,
                         ByteView id) {
  if (auto can = check_token_can(session, type); !can) return std::unexpected(can.error());
  auto templates = templates_for(label, type, id, session.quirks());
  const auto pair = session.generate(generation_mechanism(type), std::move(templates.public_key),
                                     std::move(templates.private_key));
  if (!pair) return std::unexpected(pair.error());
  return key_of_pair(session, label, copy_of(id), *pair);
}

}  // namespace

Result<void> KeyStore::load(WorkSession& work) {
  const auto retired = journal_.retired_keys();
  if (!retired) return std::unexpected(retired.error());
  keys_.with([&](Keys& keys) {
    for (const hsm::RetiredKey& key : *retired) keys.retired.emplace(key.name, key);
  });
  const auto look = [&](WhenUnreadable unreadable) {
    return work.use([=](const pkcs11::Session& session) { return survey_token(session, unreadable); });
  };
  auto survey = look(WhenUnreadable::kFail);
  if (!survey && survey.error().code == ErrorCode::kUnavailable) survey = look(WhenUnreadable::kUnfit);
  if (!survey) return std::unexpected(survey.error());
  if (auto cleared = clear_unfinished(work, survey->unfit); !cleared) return cleared;
  // What was destroyed by half, for instance.
  for (const Unfit& key : survey->unfit)
    if (const auto label = parse_key_label(key.label)) note_if_retired(label->name);
  std::set<std::string> twice;
  for (KeyRef& key : survey->keys) {
    if (note_if_retired(key->name())) continue;
    if (auto passed = key->self_test(work); !passed) {
      if (passed.error().code == ErrorCode::kTimeout) return passed;  // no key's fault
      log_event(LogLevel::kAlert, "key-not-offered", {{"key", key->name()}, {"why", passed.error().message}});
      note_not_offered(key->name());
      continue;
    }
    keys_.with([&](Keys& keys) {
      if (!keys.by_name.emplace(key->name(), key).second) twice.insert(key->name());
    });
  }
  for (const std::string& name : twice) {
    log_event(LogLevel::kAlert, "key-not-offered", {{"key", name}, {"why", "two keys have this name"}});
    keys_.with([&](Keys& keys) { keys.by_name.erase(name); });
    note_not_offered(name);
  }
  if (all().size() > hsm::kMaxKeys) return fail(ErrorCode::kInvalid, "token: too many keys");
  return {};
}

Result<void> KeyStore::clear_unfinished(WorkSession& work, const std::vector<Unfit>& unfit) {
  const auto unfinished = journal_.unfinished_keys();
  if (!unfinished) return std::unexpected(unfinished.error());
  for (const Unfit& key : unfit) {
    if (!std::ranges::contains(*unfinished, key.id)) {
      log_event(LogLevel::kAlert, "key-not-offered", {{"label", key.label}, {"why", key.why}});
      if (const auto label = parse_key_label(key.label); label && key.is_unreadable)
        note_not_offered(label->name);
      continue;
    }
    const auto gone =
        work.use([&](const pkcs11::Session& session) { return destroy_all(session, {key.id}); });
    if (!gone) return std::unexpected(gone.error());
    log_event(LogLevel::kWarning, "unfinished-key-destroyed", {{"label", key.label}, {"why", key.why}});
  }
  if (auto durable = token_.make_durable(); !durable) return durable;
  for (const Bytes& id : *unfinished)
    if (auto ended = journal_.end_key(id); !ended) return ended;
  return {};
}

KeyRef KeyStore::find(std::string_view name) {
  return keys_.with([&](Keys& keys) {
    const auto found = keys.by_name.find(name);
    return found == keys.by_name.end() ? nullptr : found->second;
  });
}

std::vector<KeyRef> KeyStore::all() {
  return keys_.with([](Keys& keys) {
    std::vector<KeyRef> list;
    list.reserve(keys.by_name.size());
    for (const auto& [name, key] : keys.by_name) list.push_back(key);
    return list;
  });
}

void KeyStore::retire(const KeyRef& key, const hsm::RetiredKey& as) {
  key->retire();
  keys_.with([&](Keys& keys) {
    keys.retired.emplace(as.name, as);
    keys.retired_on_token.insert(as.name);
    keys.by_name.erase(as.name);
  });
}

bool KeyStore::note_if_retired(std::string_view name) {
  return keys_.with([&](Keys& keys) {
    const bool is_retired = keys.retired.contains(name);
    if (is_retired) keys.retired_on_token.emplace(name);
    return is_retired;
  });
}

void KeyStore::note_not_offered(std::string_view name) {
  keys_.with([&](Keys& keys) { keys.not_offered.emplace(name); });
}

Result<void> KeyStore::destroy(WorkSession& work, std::string_view name) {
  const auto role = retired_role(name);
  if (!role) return fail(ErrorCode::kNotFound, "no key of this name was retired");
  const std::string label = to_text(KeyLabel{.role = *role, .name = std::string(name)});
  const auto gone = work.use([&](const pkcs11::Session& session) -> pkcs11::Outcome<void> {
    pkcs11::Attributes wanted;
    const auto found = session.find(wanted.text(CKA_LABEL, label));
    if (!found) return std::unexpected(found.error());
    for (const auto object : *found)
      if (auto destroyed = session.destroy(object); !destroyed) return destroyed;
    return {};
  });
  if (!gone) return fail(ErrorCode::kUnavailable, gone.error().message);
  if (auto durable = token_.make_durable(); !durable) return durable;
  keys_.with([&](Keys& keys) {
    if (const auto noted = keys.retired_on_token.find(name); noted != keys.retired_on_token.end())
      keys.retired_on_token.erase(noted);
  });
  return {};
}

std::optional<hsm::KeyRole> KeyStore::retired_role(std::string_view name) {
  return keys_.with([&](Keys& keys) -> std::optional<hsm::KeyRole> {
    const auto found = keys.retired.find(name);
    if (found == keys.retired.end()) return std::nullopt;
    return found->second.role;
  });
}

std::vector<hsm::RetiredKey> KeyStore::retired_on_token() {
  auto list = keys_.with([](Keys& keys) {
    std::vector<hsm::RetiredKey> held;
    for (const std::string& name : keys.retired_on_token) held.push_back(keys.retired.at(name));
    return held;
  });
  std::ranges::stable_sort(list, {}, &hsm::RetiredKey::retired_at);
  if (list.size() > hsm::kMaxRetiredKeys) list.resize(hsm::kMaxRetiredKeys);
  return list;
}

Result<void> KeyStore::reserve(const std::string& name) {
  return keys_.with([&](Keys& keys) -> Result<void> {
    if (keys.by_name.contains(name)) return fail(ErrorCode::kConflict, "there is a key of this name already");
    if (keys.not_offered.contains(name))
      return fail(ErrorCode::kConflict,
                  "the token has a key of this name, which could not be used at the start");
    if (keys.retired.contains(name)) return fail(ErrorCode::kConflict, "a key of this name was retired");
    if (keys.by_name.size() + keys.being_made.size() >= hsm::kMaxKeys)
      return fail(ErrorCode::kConflict, "the token is full");
    if (!keys.being_made.insert(name).second)
      return fail(ErrorCode::kConflict, "a key of this name is being made");
    return {};
  });
}

Result<KeyRef> KeyStore::generate(WorkSession& work, const KeyLabel& label, hsm::KeyType type) {
  if (auto reserved = reserve(label.name); !reserved) return std::unexpected(reserved.error());
  auto made = generate_reserved(work, label, type);
  keys_.with([&](Keys& keys) {
    keys.being_made.erase(label.name);
    if (made) keys.by_name.emplace(label.name, *made);
  });
  if (!made) return fail(ErrorCode::kUnavailable, made.error().message);
  return made;
}

Result<KeyRef> KeyStore::generate_reserved(WorkSession& work, const KeyLabel& label, hsm::KeyType type) {
  const auto leftovers = keys_.with([](Keys& keys) { return std::exchange(keys.leftovers, {}); });
  if (auto cleared = clear_away(work, leftovers); !cleared) return std::unexpected(cleared.error());
  // The id is chosen before, so that a failure half-way can be found and cleared away.
  const Bytes id = random_id();
  if (auto begun = journal_.begin_key(id); !begun) return std::unexpected(begun.error());
  auto made = make(work, label, type, id);
  auto left = made ? Result<void>() : clear_away(work, {id});
  // The token was lost meanwhile: once more.
  if (!made && left && made.error().code == ErrorCode::kClosed) {
    made = make(work, label, type, id);
    if (!made) left = clear_away(work, {id});
  }
  if (!left) return made;  // the next start clears it away
  const auto ended = journal_.end_key(id);
  if (ended) return made;
  log_event(LogLevel::kError, "key-not-ended", {{"key", label.name}, {"why", ended.error().message}});
  if (made) static_cast<void>(clear_away(work, {id}));  // nobody was told of it, and its name is free again
  return std::unexpected(ended.error());
}

Result<void> KeyStore::clear_away(WorkSession& work, std::vector<Bytes> ids) {
  if (ids.empty()) return {};
  work.discard();  // the session that failed may hold a half-done operation
  const auto gone = work.use([&](const pkcs11::Session& session) { return destroy_all(session, ids); });
  if (gone) return token_.make_durable();
  log_event(LogLevel::kError, "key-not-destroyed", {{"why", gone.error().message}});
  keys_.with([&](Keys& keys) { std::ranges::move(ids, std::back_inserter(keys.leftovers)); });
  return std::unexpected(gone.error());
}

Result<KeyRef> KeyStore::make(WorkSession& work, const KeyLabel& label, hsm::KeyType type, ByteView id) {
  // A session that is found dead here costs a retry; found dead by C_GenerateKeyPair it costs the key.
  const auto alive = work.use([](const pkcs11::Session& session) { return session.is_logged_in(); });
  if (!alive) return std::unexpected(alive.error());
  auto key =
      work.use_once([&](const pkcs11::Session& session) { return make_pair(session, label, type, id); });
  if (!key) return key;
  if ((*key)->public_key().type() != type)
    return fail(ErrorCode::kUnavailable, "the token made a key of another kind");
  if (auto passed = (*key)->self_test(work); !passed) return std::unexpected(passed.error());
  if (auto durable = token_.make_durable(); !durable) return std::unexpected(durable.error());
  return key;
}

}  // namespace privyseal::keyd
