#include "web-admin/server/own_door.h"

namespace privyseal::web {
namespace {

constexpr std::uint64_t kMaxEntries = 500;
constexpr std::size_t kMaxEntriesBytes = 96 * 1024;  // an answer is at most 128 KiB

Result<JsonObject> status(Services& services, const DoorRequest&) {
  const auto users = services.users.all();
  if (!users) return std::unexpected(users.error());
  const auto officer = services.users.has_officer();
  if (!officer) return std::unexpected(officer.error());
  return JsonObject{
      {"state", "running"}, {"users", users->size()}, {"officer", *officer}, {"url", services.settings.party.origins.front()}};
}

Result<JsonObject> claim_code(Services& services, const DoorRequest& request) {
  const auto officer = services.users.has_officer();
  if (!officer) return std::unexpected(officer.error());
  if (*officer) return fail(ErrorCode::kConflict, "an officer exists already: he invites the others on the Users page");
  const Act act{.action = "claim-code-make", .object = "user/first-officer"};
  if (auto begun = services.journal.begin(request.actor, act); !begun) return std::unexpected(begun.error());
  const auto claim = services.claims.make({}, services.clock.now());
  services.journal.end(request.actor, act, claim ? Result<void>() : std::unexpected(claim.error()));
  if (!claim) return std::unexpected(claim.error());
  return JsonObject{{"url", services.settings.party.origins.front() + "/claim"},
                    {"code", claim->code},
                    {"expires_at", claim->expires_at}};
}

Result<JsonObject> users(Services& services, const DoorRequest&) {
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

Result<JsonObject> audit_entries(Services& services, const DoorRequest& request) {
  const auto after = json_number(request.body, "after", 0, 0, INT64_MAX);
  if (!after) return std::unexpected(after.error());
  const auto limit = json_number(request.body, "limit", kMaxEntries, 1, kMaxEntries);
  if (!limit) return std::unexpected(limit.error());
  return own_audit_entries(services, static_cast<std::uint64_t>(*after), static_cast<std::uint64_t>(*limit));
}

Result<JsonObject> audit_checkpoint(Services& services, const DoorRequest&) {
  const auto note = services.journal.log().last_checkpoint();
  if (!note) return std::unexpected(note.error());
  const auto size = services.journal.log().size();
  if (!size) return std::unexpected(size.error());
  return JsonObject{{"note", *note}, {"size", *size}};
}

Result<JsonObject> audit_verify(Services& services, const DoorRequest&) { return own_audit_verify(services); }

struct Operation {
  std::string_view name;
  Result<JsonObject> (*answer)(Services&, const DoorRequest&);
};
constexpr std::array kOperations{
    Operation{"status", status},
    Operation{"claim-code", claim_code},
    Operation{"users", users},
    Operation{"audit-entries", audit_entries},
    Operation{"audit-checkpoint", audit_checkpoint},
    Operation{"audit-verify", audit_verify},
};

}  // namespace

Result<JsonObject> answer_door(Services& services, const DoorRequest& request) {
  for (const Operation& operation : kOperations)
    if (operation.name == request.operation) return operation.answer(services, request);
  return fail(ErrorCode::kNotFound, "door: no such operation");
}

Result<JsonObject> own_audit_entries(Services& services, std::uint64_t after, std::uint64_t limit) {
  const auto size = services.journal.log().size();
  if (!size) return std::unexpected(size.error());
  auto lines = services.journal.log().entries(after, std::min(limit, kMaxEntries));
  if (!lines) return std::unexpected(lines.error());
  JsonArray entries;
  std::size_t bytes = 0;
  for (std::string& line : *lines) {
    bytes += 2 * line.size();  // every quote in it is escaped
    if (bytes > kMaxEntriesBytes && !entries.empty()) break;
    entries.emplace_back(std::move(line));
  }
  return JsonObject{{"entries", std::move(entries)}, {"size", *size}};
}

Result<JsonObject> own_audit_verify(Services& services) {
  const auto verdict = services.journal.log().verify(services.audit_key);
  if (!verdict) return std::unexpected(verdict.error());
  JsonObject answer{{"ok", verdict->ok}, {"size", verdict->size}, {"checkpoint_size", verdict->checkpoint_size}};
  if (verdict->first_bad) answer["first_bad"] = *verdict->first_bad;
  if (!verdict->why.empty()) answer["why"] = verdict->why;
  return answer;
}

}  // namespace privyseal::web
