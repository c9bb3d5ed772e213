#include "firmware/gateway/desk.h"
#include "firmware/gateway/ledger_retention.h"

namespace privyseal::gateway {
namespace {

JsonObject object_of(const Hold& hold) {
  JsonObject object{{"id", hold.id},
                    {"key", hold.key},
                    {"from", hold.from},
                    {"to", hold.to},
                    {"placed_at", hold.placed_at},
                    {"placed_by", hold.placed_by},
                    {"why", hold.why}};
  if (!hold.ended_at.empty()) {
    object["ended_at"] = hold.ended_at;
    object["ended_by"] = hold.ended_by;
    object["ended_why"] = hold.ended_why;
  }
  return object;
}

HoldActor actor_of(const DoorRequest& request) {
  return {.name = request.actor.name, .role = request.actor.role, .source = request.actor.source};
}

Result<std::string> reason_in(const DoorRequest& request) {
  auto why = json_text(request.body, "why");
  if (why && why->empty()) return fail(ErrorCode::kInvalid, "why: must be given");
  return why;
}

Result<std::string> time_in(const DoorRequest& request, std::string_view key) {
  return json_text(request.body, key, "").and_then([](const std::string& text) { return time_bound(text); });
}

}  // namespace

/// {text?: an address or a domain, from?, to?, why}: {id}. One of the first three at least.
Result<JsonObject> Desk::add_hold(const DoorRequest& request) {
  const auto text = json_text(request.body, "text", "");
  const auto from = time_in(request, "from");
  const auto to = time_in(request, "to");
  const auto why = reason_in(request);
  for (const auto* part : {&text, &from, &to, &why})
    if (!*part) return std::unexpected(part->error());
  if (hold_key(*text).empty() && from->empty() && to->empty())
    return fail(ErrorCode::kInvalid, "hold: an address, a domain, or a time must be given");
  const Hold hold{.key = hold_key(*text),
                  .from = *from,
                  .to = *to,
                  .placed_at = to_rfc3339(facts_.clock.now()),
                  .placed_by = request.actor.name,
                  .why = *why};
  std::int64_t id = 0;
  const auto placed = facts_.change([&](LedgerStore& store) {
    return store.retention().place(hold, actor_of(request)).transform([&](std::int64_t given) {
      id = given;
    });
  });
  if (!placed) return std::unexpected(placed.error());
  return JsonObject{{"id", id}};
}

/// {holds: [...]}, newest first.
Result<JsonObject> Desk::list_holds(const DoorRequest&) {
  const auto all = holds(reader_.database());
  if (!all) return std::unexpected(all.error());
  JsonArray array;
  for (const Hold& hold : *all) array.push_back(object_of(hold));
  return JsonObject{{"holds", std::move(array)}};
}

/// {id, why}
Result<JsonObject> Desk::end_hold(const DoorRequest& request) {
  const auto id = json_number(request.body, "id");
  if (!id) return std::unexpected(id.error());
  const auto why = reason_in(request);
  if (!why) return std::unexpected(why.error());
  const auto ended = facts_.change([&](LedgerStore& store) {
    return store.retention().end(*id, *why, actor_of(request), facts_.clock.now());
  });
  if (!ended) return std::unexpected(ended.error());
  return JsonObject{};
}

}  // namespace privyseal::gateway
