#include "web-admin/server/own_door.h"

#include "firmware/base/audit/door_operations.h"
#include "provisioning/evidence/token_standing.h"

namespace privyseal::web {
namespace {

Result<JsonObject> status(Services& services, const DoorRequest&) {
  const auto users = services.users.all();
  if (!users) return std::unexpected(users.error());
  const auto officer = services.users.has_officer();
  if (!officer) return std::unexpected(officer.error());
  const auto claim = services.claims.is_open_for_first_officer(services.clock.now());
  if (!claim) return std::unexpected(claim.error());
  return JsonObject{{"state", "running"},
                    {"users", users->size()},
                    {"officer", *officer},
                    {"claim_open", *claim},
                    {"url", services.settings.party.origins.front()},
                    {evidence::kTokenClaim, services.settings.validated_token}};
}

Result<JsonObject> claim_code(Services& services, const DoorRequest& request) {
  const auto officer = services.users.has_officer();
  if (!officer) return std::unexpected(officer.error());
  if (*officer)
    return fail(ErrorCode::kConflict, "an officer exists already: he invites the others on the Users page");
  const Act act{.action = "claim-code-make", .object = "user/first-officer"};
  if (auto begun = services.journal.begin(request.actor, act); !begun) return std::unexpected(begun.error());
  const auto claim = services.claims.make({}, services.clock.now());
  services.journal.end(request.actor, act, claim ? Result<void>() : std::unexpected(claim.error()));
  if (!claim) return std::unexpected(claim.error());
  return JsonObject{{"url", services.settings.party.origins.front() + "/claim"},
                    {"code", claim->code},
                    {"expires_at", claim->expires_at}};
}

Result<JsonObject> users(Services& services, const DoorRequest&) { return users_told(services); }

struct Operation {
  std::string_view name;
  Result<JsonObject> (*answer)(Services&, const DoorRequest&);
};
constexpr std::array kOperations{
    Operation{"status", status},
    Operation{"claim-code", claim_code},
    Operation{"users", users},
};

}  // namespace

Result<JsonObject> answer_door(Services& services, const DoorRequest& request) {
  if (audit::is_door_operation(request.operation))
    return ask_own_log(services, request.operation, request.body);
  for (const Operation& operation : kOperations)
    if (operation.name == request.operation) return operation.answer(services, request);
  return fail(ErrorCode::kNotFound, "door: no such operation");
}

Result<JsonObject> users_told(Services& services) {
  const auto all = services.users.all();
  if (!all) return std::unexpected(all.error());
  JsonArray array;
  for (const User& user : *all)
    array.push_back(JsonObject{{"id", user.id},
                               {"name", user.name},
                               {"email", user.email},
                               {"role", to_string(user.role)},
                               {"since", user.since},
                               {"can_sign_in", user.has_passkey}});
  return JsonObject{{"users", std::move(array)}};
}

Result<JsonObject> ask_own_log(Services& services, std::string_view operation, const JsonObject& request) {
  const Bytes public_key = services.audit_key();
  return audit::answer_door(
      operation, request,
      {.database = services.log_reader, .origin = services.log_origin, .public_key = public_key});
}

}  // namespace privyseal::web
