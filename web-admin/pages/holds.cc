#include "web-admin/pages/holds.h"

#include "firmware/base/number.h"
#include "web-admin/pages/layout.h"

namespace privyseal::web {
namespace {

constexpr std::string_view kTitle = "Records on hold";

std::string range_of(const JsonObject& hold) {
  const std::string from = shown(hold, "from");
  const std::string to = shown(hold, "to");
  if (from.empty() && to.empty()) return "all its mails";
  if (to.empty()) return "from " + from + " on";
  return (from.empty() ? "" : "from " + from + " ") + "until before " + to;
}

std::string end_of(const JsonObject& hold) {
  const std::string at = shown(hold, "ended_at");
  if (at.empty()) return "In force";
  return "Ended on " + friendly_time(at) + " by " + shown(hold, "ended_by") + ": " + shown(hold, "ended_why");
}

Html list_of(const std::vector<const JsonObject*>& holds) {
  if (holds.empty()) return inset("Nothing is on hold: records go six months after the mail.");
  Table list{.caption = "Holds, newest first",
             .columns = {"Number", "Whose mails", "Which", "Placed", "Why", "State"},
             .rows = {}};
  for (const JsonObject* hold : holds) {
    const std::string whose = shown(*hold, "key");
    list.rows.push_back({shown(*hold, "id"), long_text(whose.empty() ? "everybody's" : whose),
                         range_of(*hold),
                         friendly_time(shown(*hold, "placed_at")) + " by " + shown(*hold, "placed_by"),
                         shown(*hold, "why"), end_of(*hold)});
  }
  return table(list);
}

Html add_form(const Visit& visit) {
  return join(
      heading("Put records on hold"),
      paragraph("An address, a domain or a time at least. What the hold covers is kept until it is ended."),
      form(visit, "/holds",
           join(input({.name = "text",
                       .label = "Address or domain",
                       .hint = "Empty: everybody's mails.",
                       .value = visit.form.text("text")}),
                input({.name = "from",
                       .label = "From this day (UTC)",
                       .value = visit.form.text("from"),
                       .type = "date"}),
                input({.name = "to",
                       .label = "Before this day (UTC)",
                       .value = visit.form.text("to"),
                       .type = "date"}),
                reason_input({.value = visit.form.text("why")}), button("Put on hold"))));
}

Html end_form(const Visit& visit, const std::vector<const JsonObject*>& holds) {
  Html options;
  for (const JsonObject* hold : holds)
    if (shown(*hold, "ended_at").empty())
      options += el("option", {{"value", shown(*hold, "id")}}, shown(*hold, "id"), ": ", shown(*hold, "why"));
  if (options.empty()) return {};
  return join(heading("End a hold"),
              paragraph("Records that are older than six months and on no other hold then go."),
              form(visit, "/holds/end",
                   join(select({.name = "id", .label = "Which hold", .options = options}),
                        reason_input({.value = visit.form.text("why"), .id = "end-why"}),
                        button("End this hold", ButtonKind::kWarning))));
}

Response holds_page_with(Visit& visit, const Html& above, Status code) {
  const auto answer = ask(visit, visit.at.settings.gateway_door, "hold-list");
  if (!answer)
    return page(visit, Place::kMail, kTitle,
                join(above, not_answering("The mail gateway", "What is on hold stays on hold.")), code);
  std::vector<const JsonObject*> holds;
  if (const JsonArray* list = json_array(*answer, "holds"))
    for (const Json& hold : *list)
      if (hold.is_object()) holds.push_back(&hold.get_object());
  const Html forms = visit.may(Access::kOfficer) ? join(add_form(visit), end_form(visit, holds)) : Html();
  return page(visit, Place::kMail, kTitle,
              join(above, list_of(holds), forms, paragraph(link("/mail", "Back to all messages"))), code);
}

Response change(Visit& visit, std::string_view operation, std::string object, JsonObject request,
                std::string_view done) {
  const Act act{
      .action = operation, .object = std::move(object), .params = request, .why = shown(request, "why")};
  const auto answer = perform(visit, act, visit.at.settings.gateway_door, operation, std::move(request));
  if (answer) return redirect_to("/holds?done=" + std::string(done));
  const bool is_no_answer = is_away(answer.error());
  return holds_page_with(
      visit,
      problem("Nothing was changed", {is_no_answer ? std::string(kGatewayIsAway) : answer.error().message}),
      is_no_answer ? 503 : 422);
}

}  // namespace

Response holds_page(Visit& visit) {
  const std::string done = visit.query.text("done");
  Html above;
  if (done == "placed") above = success("The hold is in force.");
  if (done == "ended") above = success("The hold is ended.");
  return holds_page_with(visit, above, 200);
}

Response hold_add(Visit& visit) {
  if (visit.form.text("why").empty())
    return holds_page_with(visit, problem("Nothing was changed", {"Give a reason."}), 422);
  JsonObject request{{"why", visit.form.text("why")}};
  for (const char* key : {"text", "from", "to"})
    if (const std::string value = visit.form.text(key); !value.empty()) request[key] = value;
  const std::string whose = visit.form.text("text");
  return change(visit, "hold-add", "hold/" + (whose.empty() ? "everybody" : whose), std::move(request),
                "placed");
}

Response hold_end(Visit& visit) {
  const std::string text = visit.form.text("id");
  const std::int64_t id = parse_number(text).value_or(0);
  if (id < 1) return holds_page_with(visit, problem("Nothing was changed", {"Choose which hold."}), 422);
  if (visit.form.text("why").empty())
    return holds_page_with(visit, problem("Nothing was changed", {"Give a reason."}), 422);
  return change(visit, "hold-end", "hold/" + text, {{"id", id}, {"why", visit.form.text("why")}}, "ended");
}

}  // namespace privyseal::web
