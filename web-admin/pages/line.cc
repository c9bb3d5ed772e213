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

Html switch_form(const Visit& visit, const Line& line) {
  if (line.other.empty() || !visit.may(Access::kOfficer)) return {};
  return form(visit, "/line",
              join(el("input", {{"type", "hidden"}, {"name", "line"}, {"value", line.other}}),
                   input({.name = "why",
                          .label = "Reason",
                          .hint = "Stands in the audit log with your name.",
                          .value = visit.form.text("why"),
                          .is_wide = true}),
                   button(line.button, line.kind)));
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
  return join(heading("Rules"), summary(rows));
}

Html stopped_of(const JsonObject& policy) {
  Table stopped{.caption = "Stopped by an hourly cap", .columns = {"Who", "Mails"}, .rows = {}};
  if (const JsonArray* keys = json_array(policy, "stopped"))
    for (const Json& key : *keys)
      if (key.is_object())
        stopped.rows.push_back({long_text(shown(key.get_object(), "key")), shown(key.get_object(), "count")});
  return stopped.rows.empty() ? Html() : table(stopped);
}

Response line_page_with(Visit& visit, const Html& above, Status code) {
  const auto status = ask(visit, visit.at.settings.gateway_door, "status");
  const JsonObject* policy = status ? json_object(*status, "policy") : nullptr;
  const Line* line = policy == nullptr ? nullptr : line_named(shown(*policy, "line"));
  if (line == nullptr)
    return page(visit, Place::kLine, kTitle, join(above, not_answering("The mail gateway", kConsequence)),
                code);
  const Html content = join(above, paragraph(join(tag(line->tone, line->word), " ", line->means)),
                            switch_form(visit, *line), rules_of(*status, *policy), stopped_of(*policy));
  return page(visit, Place::kLine, kTitle, content, code);
}

Response refused(Visit& visit, const std::string& reason, Status code) {
  return line_page_with(visit, problem("Nothing was changed", {reason}), code);
}

}  // namespace

Response line_page(Visit& visit) {
  const std::string done = visit.query.text("done");
  if (done == "suspended") return line_page_with(visit, success("All mail is suspended."), 200);
  if (done == "active") return line_page_with(visit, success("Mail passes again."), 200);
  return line_page_with(visit, {}, 200);
}

Response line_switch(Visit& visit) {
  const std::string line = visit.form.text("line");
  const std::string why = visit.form.text("why");
  if (line != "active" && line != "suspended") return refused(visit, "Choose what is to be done.", 422);
  if (why.empty()) return refused(visit, "Give a reason.", 422);
  const JsonObject request{{"line", line}, {"why", why}};
  const Act act{.action = "line-switch", .object = "line/" + line, .params = request};
  const auto answer = perform(visit, act, visit.at.settings.gateway_door, "line-switch", request);
  if (answer) return redirect_to("/line?done=" + line);
  const bool is_theirs =
      answer.error().code == ErrorCode::kConflict || answer.error().code == ErrorCode::kInvalid;
  return refused(visit,
                 is_theirs ? answer.error().message
                           : "The mail gateway is not answering just now, or it cannot record the switch.",
                 is_theirs ? 422 : 503);
}

}  // namespace privyseal::web
