#include "web-admin/server/destruction_door.h"

#include <algorithm>

#include "firmware/base/base64.h"
#include "hsm/destruction.h"

namespace privyseal::web {
namespace {

/// As a browser gives an approval (WebAuthn level 3, section 5.1).
JsonObject as_credential(const hsm::Approval& approval) {
  return {{"person", approval.person},
          {"response", JsonObject{{"clientDataJSON", to_base64url(bytes_of(approval.client_data))},
                                  {"authenticatorData", to_base64url(approval.authenticator_data)},
                                  {"signature", to_base64url(approval.signature)}}}};
}

/// The text of a request that is for this appliance.
Result<hsm::Destruction> destruction_in(const Services& services, const DoorRequest& request) {
  const auto text = json_text(request.body, "text");
  if (!text) return std::unexpected(text.error());
  auto what = hsm::parse_destruction(*text);
  if (!what) return std::unexpected(what.error());
  if (what->host != services.settings.host)
    return fail(ErrorCode::kInvalid, "it is for another host than " + services.settings.host);
  return what;
}

}  // namespace

Result<JsonObject> approvers_set(Services& services, const DoorRequest& request) {
  const auto persons = json_texts(request.body, "persons");
  const auto passkeys = json_texts(request.body, "passkeys");
  const auto outcome = json_text(request.body, "outcome");
  if (!persons || persons->size() < 2 || !passkeys || !outcome)
    return fail(ErrorCode::kInvalid, "door: persons, passkeys and an outcome belong to it");
  std::string names;
  for (const std::string& person : *persons) {
    if (!hsm::is_key_name(person)) return fail(ErrorCode::kInvalid, "door: that is no approver's name");
    names += (names.empty() ? "" : ",") + person;
  }
  JsonArray list;
  for (const std::string& passkey : *passkeys) list.emplace_back(passkey);
  const Act act{
      .action = "approvers-set", .object = "approvers/" + names, .params = {{"passkeys", std::move(list)}}};
  if (outcome->empty()) {
    if (auto begun = services.journal.begin(request.actor, act); !begun)
      return std::unexpected(begun.error());
    return JsonObject{};
  }
  services.journal.end(request.actor, act,
                       *outcome == "ok" ? Result<void>() : fail(ErrorCode::kUnavailable, *outcome));
  return JsonObject{};
}

Result<JsonObject> destruction_ask(Services& services, const DoorRequest& request) {
  auto what = destruction_in(services, request);
  if (!what) return std::unexpected(what.error());
  const auto role = json_text(request.body, "role");
  const auto retired_at = json_text(request.body, "retired_at");
  if (!role || !retired_at) return fail(ErrorCode::kInvalid, "door: a role and a time belong to it");
  const WallTime now = services.clock.now();
  if (what->until <= now || what->until - now > hsm::kLongestApproval)
    return fail(ErrorCode::kInvalid, "its time is over, or more than 7 days away");
  const Act act{
      .action = "destruction-ask", .object = "key/" + what->key, .params = {{"text", to_text(*what)}}};
  if (auto begun = services.journal.begin(request.actor, act); !begun) return std::unexpected(begun.error());
  const std::string path = "/destructions/" + what->nonce;
  const auto asked = services.destructions.ask(
      {.what = std::move(*what), .role = *role, .retired_at = *retired_at, .asked_by = request.actor.name});
  services.journal.end(request.actor, act, asked);
  if (!asked) return std::unexpected(asked.error());
  return JsonObject{{"url", services.settings.party.origins.front() + path}};
}

Result<JsonObject> destruction(Services& services, const DoorRequest& request) {
  const auto key = json_text(request.body, "key");
  if (!key) return std::unexpected(key.error());
  const auto all = services.destructions.all();
  if (!all) return std::unexpected(all.error());
  const auto wanted =
      std::ranges::find_if(*all, [&](const WantedDestruction& each) { return each.what.key == *key; });
  if (wanted == all->end()) return fail(ErrorCode::kNotFound, "nobody has asked that this key be destroyed");
  const auto given = services.destructions.approvals_of(wanted->what.nonce);
  if (!given) return std::unexpected(given.error());
  JsonArray approvals;
  for (const GivenApproval& each : *given) approvals.push_back(as_credential(each.approval));
  return JsonObject{{"text", to_text(wanted->what)}, {"approvals", std::move(approvals)}};
}

Result<JsonObject> destruction_end(Services& services, const DoorRequest& request) {
  const auto what = destruction_in(services, request);
  if (!what) return std::unexpected(what.error());
  const auto outcome = json_text(request.body, "outcome");
  if (!outcome) return std::unexpected(outcome.error());
  const bool is_done = *outcome == "ok";
  services.journal.end(
      request.actor,
      {.action = "destruction-end", .object = "key/" + what->key, .params = {{"text", to_text(*what)}}},
      is_done ? Result<void>() : fail(ErrorCode::kDenied, *outcome));
  if (is_done)
    if (auto kept = services.destructions.set_done(what->nonce); !kept) return std::unexpected(kept.error());
  return JsonObject{};
}

}  // namespace privyseal::web
