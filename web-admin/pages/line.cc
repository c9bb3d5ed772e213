#include "web-admin/pages/line.h"

#include <algorithm>
#include <array>

#include "web-admin/pages/layout.h"

namespace privyseal::web {
namespace {

constexpr std::string_view kTitle = "Is mail let through?";
constexpr std::string_view kConsequence = "The line stays as it was.";

struct Line {
  std::string_view name;  ///< on the door
  Tone tone;
  std::string_view word;
  std::string_view means;
  std::string_view other;  ///< what it can be switched to here; empty: nothing
  std::string_view button;
  ButtonKind kind;
};
constexpr std::array kLines{
    Line{"active", Tone::kGood, "Open", "Mail passes in both directions.", "suspended",
         "Suspend all mail to and from CJSM", ButtonKind::kWarning},
    Line{"suspended", Tone::kAttention, "Suspended",
         "No mail passes. The mail servers on both sides keep theirs and try again, so nothing is lost.",
         "active", "Let mail pass again", ButtonKind::kMain},
    Line{"terminated", Tone::kBad, "Ended",
         "The connection has ended. Mail is refused in both directions; the records stay readable.", "", "",
         ButtonKind::kMain},
};

const Line* line_named(std::string_view name) {
  const auto found = std::ranges::find(kLines, name, &Line::name);
  return found == kLines.end() ? nullptr : &*found;
}

/// While mail is held for want of rules, no switch lets it pass.
Html switch_form(const Visit& visit, const Line& line, const JsonObject& policy) {
  if (json_flag(policy, "held", false).value_or(false))
    return warning("Whatever the switch says, mail waits because of the rules: " + shown(policy, "failure") +
                   ".");
  if (line.other.empty() || !visit.may(Access::kOfficer)) return {};
  return form(
      visit, "/line",
      join(el("input", {{"type", "hidden"}, {"name", "line"}, {"value", line.other}}),
           reason_input({.value = visit.form.text("why"), .hint = "Stands in the audit log with your name."}),
           button(line.button, line.kind)));
}

/// The way to its end: a page of its own, so that nobody ends it by a slip.
Html end_link(const Visit& visit, const Line& line) {
  if (line.other.empty() || !visit.may(Access::kOfficer)) return {};
  return paragraph(link("/line/end", "End the connection to CJSM for good"));
}

void add_window(std::vector<Row>& rows, const JsonObject& policy, const char* title, std::string_view key) {
  if (const JsonObject* window = json_object(policy, key))
    rows.push_back(
        {title, friendly_time(shown(*window, "from")) + " until " + friendly_time(shown(*window, "until"))});
}

Html rules_of(const JsonObject& status, const JsonObject& policy) {
  std::vector<Row> rows{{"Terms of connection", shown(policy, "terms")}};
  const std::string scanner = shown(status, "scanner");
  rows.push_back({"Malware", scanner == "none" ? "scanned at CJSM only" : "scanned here, by " + scanner});
  add_window(rows, policy, "CJSM is in maintenance", "maintenance");
  add_window(rows, policy, "Next maintenance of CJSM", "next_maintenance");
  if (const std::string failure = shown(policy, "failure"); !failure.empty())
    rows.push_back({"Newer rules are not in use", failure});
  return join(heading("Rules"), summary(rows), paragraph(link("/rules", "All rules and registers in use")));
}

/// Senders that an hourly cap has stopped, and how one may begin anew.
Html stopped_of(const Visit& visit, const JsonObject& policy) {
  Table stopped{.caption = "Stopped by an hourly cap", .columns = {"Who", "Mails"}, .rows = {}};
  Html options;
  if (const JsonArray* keys = json_array(policy, "stopped"))
    for (const Json& entry : *keys) {
      if (!entry.is_object()) continue;
      const std::string key = shown(entry.get_object(), "key");
      stopped.rows.push_back({long_text(key), shown(entry.get_object(), "count")});
      options += el("option", {{"value", key}}, key);
    }
  if (stopped.rows.empty()) return {};
  const Html release =
      form(visit, "/line/release",
           join(select({.name = "key", .label = "Who may send again", .options = options}),
                reason_input({.id = "release-why"}), button("Let it send again", ButtonKind::kSecondary)));
  return join(table(stopped), visit.may(Access::kOperator) ? release : Html());
}

Response line_page_with(Visit& visit, const Html& above, Status code) {
  const auto status = ask(visit, visit.at.settings.gateway_door, "status");
  const JsonObject* policy = status ? json_object(*status, "policy") : nullptr;
  const Line* line = policy == nullptr ? nullptr : line_named(shown(*policy, "line"));
  if (line == nullptr)
    return page(visit, Place::kLine, kTitle, join(above, not_answering("The mail gateway", kConsequence)),
                code);
  const Html content = join(above, paragraph(join(tag(line->tone, line->word), " ", line->means)),
                            switch_form(visit, *line, *policy), rules_of(*status, *policy),
                            stopped_of(visit, *policy), end_link(visit, *line));
  return page(visit, Place::kLine, kTitle, content, code);
}

Response refused(Visit& visit, const std::string& reason, Status code) {
  return line_page_with(visit, problem("Nothing was changed", {reason}), code);
}

}  // namespace

Result<JsonObject> switch_line(Visit& visit, const std::string& line, const std::string& why) {
  const JsonObject request{{"line", line}, {"why", why}};
  const Act act{.action = "line-switch", .object = "line/" + line, .params = request, .why = why};
  return perform(visit, act, visit.at.settings.gateway_door, "line-switch", request);
}

Response line_page(Visit& visit) {
  const std::string done = visit.query.text("done");
  if (done == "suspended") return line_page_with(visit, success("All mail is suspended."), 200);
  if (done == "released") return line_page_with(visit, success("It may send again."), 200);
  if (done == "active") return line_page_with(visit, success("Mail passes again."), 200);
  if (done == "terminated") return line_page_with(visit, success("The connection to CJSM is ended."), 200);
  return line_page_with(visit, {}, 200);
}

Response sender_release(Visit& visit) {
  const std::string key = visit.form.text("key");
  const std::string why = visit.form.text("why");
  if (key.empty()) return refused(visit, "Choose who may send again.", 422);
  if (why.empty()) return refused(visit, "Give a reason.", 422);
  const JsonObject request{{"key", key}, {"why", why}};
  const Act act{.action = "rate-release", .object = "rate/" + key, .params = request, .why = why};
  const auto answer = perform(visit, act, visit.at.settings.gateway_door, "rate-release", request);
  if (answer) return redirect_to("/line?done=released");
  const bool is_theirs =
      answer.error().code == ErrorCode::kNotFound || answer.error().code == ErrorCode::kInvalid;
  return refused(visit,
                 is_theirs ? answer.error().message
                           : "The mail gateway is not answering just now, or it cannot record the release.",
                 is_theirs ? 422 : 503);
}

Response line_switch(Visit& visit) {
  const std::string line = visit.form.text("line");
  const std::string why = visit.form.text("why");
  if (line != "active" && line != "suspended") return refused(visit, "Choose what is to be done.", 422);
  if (why.empty()) return refused(visit, "Give a reason.", 422);
  const auto answer = switch_line(visit, line, why);
  if (answer) return redirect_to("/line?done=" + line);
  const bool is_theirs =
      answer.error().code == ErrorCode::kConflict || answer.error().code == ErrorCode::kInvalid;
  return refused(visit,
                 is_theirs ? answer.error().message
                           : "The mail gateway is not answering just now, or it cannot record the switch.",
                 is_theirs ? 422 : 503);
}

}  // namespace privyseal::web
