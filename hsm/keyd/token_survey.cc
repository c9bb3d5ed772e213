#include "hsm/keyd/token_survey.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "firmware/base/check.h"
#include "hsm/keyd/key_attributes.h"
#include "hsm/pkcs11/mechanism.h"

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

Result<Objects> objects_of(const Session& session, CK_OBJECT_CLASS kind) {
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

Result<hsm::KeyType> type_of(const Session& session, ObjectHandle public_key) {
  const auto parameters = session.bytes_of_attribute(public_key, CKA_EC_PARAMS);
  if (!parameters) return std::unexpected(parameters.error());
  if (std::ranges::equal(*parameters, pkcs11::ec_params(pkcs11::Curve::kP256))) return hsm::KeyType::kEcP256;
  if (std::ranges::equal(*parameters, pkcs11::ec_params(pkcs11::Curve::kP384))) return hsm::KeyType::kEcP384;
  return fail(ErrorCode::kInvalid, "CKA_EC_PARAMS is neither P-256 nor P-384");
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

}  // namespace

Result<Survey> survey_token(const Session& session) {
  const auto publics = objects_of(session, CKO_PUBLIC_KEY);
  if (!publics) return std::unexpected(publics.error());
  const auto privates = objects_of(session, CKO_PRIVATE_KEY);
  if (!privates) return std::unexpected(privates.error());
  Survey survey;
  for (const PairName& name : names_of(*publics, *privates)) {
    auto key = key_of(session, name, *publics, *privates);
    if (key)
      survey.keys.push_back(std::move(*key));
    else
      survey.unfit.push_back({.label = name.label, .id = name.id, .why = key.error().message});
  }
  return survey;
}

Result<KeyRef> key_of_pair(const Session& session, const KeyLabel& label, Bytes id,
                           const pkcs11::KeyPair& pair) {
  if (auto held = check_private_key(session, pair.private_key); !held) return std::unexpected(held.error());
  const auto type = type_of(session, pair.public_key);
  if (!type) return std::unexpected(type.error());
  const auto point = session.bytes_of_attribute(pair.public_key, CKA_EC_POINT);
  if (!point) return std::unexpected(point.error());
  auto public_key = PublicKey::from_ec_point(*type, *point);
  if (!public_key) return std::unexpected(public_key.error());
  return std::make_shared<Key>(label, std::move(id), std::move(*public_key));
}

}  // namespace privyseal::keyd
