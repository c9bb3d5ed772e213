#include "web-admin/server/visit.h"

namespace privyseal::web {
namespace {

constexpr std::chrono::seconds kReadWithin{3};

Result<JsonObject> asked(const Visit& visit, const std::filesystem::path& door, std::string_view operation,
                         JsonObject request, std::chrono::milliseconds within) {
  const Actor actor = visit.actor();
  request["op"] = operation;
  request["actor"] = JsonObject{{"name", actor.name}, {"role", actor.role}, {"source", actor.source}};
  return ask_door(door, request, within);
}

}  // namespace

Actor Visit::actor() const {
  if (!user) return {.name = "nobody", .role = "", .source = source};
  return {.name = user->name, .role = std::string(to_string(user->role)), .source = source};
}

Result<JsonObject> ask(const Visit& visit, const std::filesystem::path& door, std::string_view operation,
                       JsonObject request) {
  return asked(visit, door, operation, std::move(request), kReadWithin);
}

bool is_away(const Error& error) {
  return error.code == ErrorCode::kUnavailable || error.code == ErrorCode::kTimeout;
}

Result<JsonObject> perform(Visit& visit, const Act& act, const std::filesystem::path& door,
                           std::string_view operation, JsonObject request, std::chrono::seconds within) {
  const Actor actor = visit.actor();
  if (auto begun = visit.at.journal.begin(actor, act); !begun)
    return fail(ErrorCode::kUnavailable,
                "Nothing was done, because it could not be written to the audit log.");
  auto answer = asked(visit, door, operation, std::move(request), within);
  visit.at.journal.end(actor, act, answer ? Result<void>() : std::unexpected(answer.error()));
  return answer;
}

Response html_response(const Html& html, Status status) {
  return {.status = status, .headers = {{"Content-Type", "text/html; charset=utf-8"}}, .body = html.markup()};
}

Response redirect_to(std::string path) {
  return {.status = 303, .headers = {{"Location", std::move(path)}}, .body = ""};
}

Response json_response(const JsonObject& object, Status status) {
  return {.status = status, .headers = {{"Content-Type", "application/json"}}, .body = to_text(object)};
}

Response file_response(std::string_view type, std::string_view content) {
  return {.status = 200, .headers = {{"Content-Type", std::string(type)}}, .body = std::string(content)};
}

}  // namespace privyseal::web
