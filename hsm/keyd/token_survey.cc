#include "hsm/keyd/token_survey.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "firmware/base/check.h"
#include "hsm/key_kind.h"
#include "hsm/keyd/key_attributes.h"
#include "hsm/keyd/policy.h"
#include "hsm/keyd/token_public_key.h"

namespace privyseal::keyd {
namespace {

using pkcs11::ObjectHandle;
using pkcs11::Session;

/// One label and one id are one pair.
struct PairName {
  std::string label;
  Bytes id;
  auto operator<=>(const PairName&) const = default;
};
using Objects = std::multimap<PairName, ObjectHandle>;

pkcs11::Outcome<Objects> objects_of(const Session& session, CK_OBJECT_CLASS kind) {
  pkcs11::Attributes wanted;
  const auto found = session.find(wanted.number(CKA_CLASS, kind));
  if (!found) return std::unexpected(found.error());
  Objects objects;
  for (const ObjectHandle object : *found) {
    const auto label = session.bytes_of_attribute(object, CKA_LABEL);
    if (!label) return std::unexpected(label.error());
    if (!parse_key_label(text_of(*label))) continue;
    auto id = session.bytes_of_attribute(object, CKA_ID);
    if (!id) return std::unexpected(id.error());
    objects.emplace(PairName{.label = std::string(text_of(*label)), .id = std::move(*id)}, object);
  }
  return objects;
}

std::set<PairName> names_of(const Objects& publics, const Objects& privates) {
  std::set<PairName> names;
  for (const auto& [name, object] : publics) names.insert(name);
  for (const auto& [name, object] : privates) names.insert(name);
  return names;
}

Result<KeyRef> key_of(const Session& session, const PairName& name, const Objects& publics,
                      const Objects& privates) {
  if (publics.count(name) > 1 || privates.count(name) > 1)
    return fail(ErrorCode::kInvalid, "more than one has its id");
  const auto public_key = publics.find(name);
  const auto private_key = privates.find(name);
  if (public_key == publics.end() || private_key == privates.end())
    return fail(ErrorCode::kInvalid, "its other half is missing");
  const auto label = parse_key_label(name.label);
  CHECK(label.has_value());  // objects_of leaves the others out
  return key_of_pair(session, *label, name.id,
                     {.public_key = public_key->second, .private_key = private_key->second});
}

bool is_token_fault(const Error& error) {
  return error.code == ErrorCode::kUnavailable || error.code == ErrorCode::kClosed;
}

pkcs11::Failure begun_again(const Error& error) {
  return {error, error.code == ErrorCode::kClosed ? pkcs11::Cure::kNewSession : pkcs11::Cure::kOnceMore,
          CKR_OK};
}

}  // namespace

pkcs11::Outcome<Survey> survey_token(const Session& session, WhenUnreadable unreadable) {
  const auto publics = objects_of(session, CKO_PUBLIC_KEY);
  if (!publics) return std::unexpected(publics.error());
  const auto privates = objects_of(session, CKO_PRIVATE_KEY);
  if (!privates) return std::unexpected(privates.error());
  Survey survey;
  for (const PairName& name : names_of(*publics, *privates)) {
    auto key = key_of(session, name, *publics, *privates);
    if (key)
      survey.keys.push_back(std::move(*key));
    else if (is_token_fault(key.error()) && unreadable == WhenUnreadable::kFail)
      return std::unexpected(begun_again(key.error()));
    else
      survey.unfit.push_back({.label = name.label,
                              .id = name.id,
                              .why = key.error().message,
                              .is_unreadable = is_token_fault(key.error())});
  }
  return survey;
}

Result<KeyRef> key_of_pair(const Session& session, const KeyLabel& label, Bytes id,
                           const pkcs11::KeyPair& pair) {
  if (auto held = check_private_key(session, pair.private_key); !held) return std::unexpected(held.error());
  auto public_key = read_public_key(session, pair.public_key);
  if (!public_key) return std::unexpected(public_key.error());
  if (!may_be(label.role, public_key->type()))
    return fail(ErrorCode::kInvalid,
                "a key of this role is not to be " + std::string(hsm::kind_of(public_key->type()).words));
  return std::make_shared<Key>(label, std::move(id), std::move(*public_key));
}

}  // namespace privyseal::keyd
