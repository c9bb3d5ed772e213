#include "web-admin/pages/rules.h"

#include <algorithm>

#include "firmware/policy/rule_file.h"
#include "web-admin/pages/layout.h"
#include "web-admin/pages/sign_in.h"

namespace privyseal::web {
namespace {

constexpr std::string_view kTitle = "Rules and registers";
constexpr std::chrono::seconds kTrialWithin{60};
constexpr std::size_t kHashShown = 12;

/// What policy-show says of the file; null: there is none of this name in use.
const JsonObject* file_named(const JsonObject& answer, std::string_view name) {
  const JsonArray* files = json_array(answer, "files");
  if (files == nullptr) return nullptr;
  for (const Json& file : *files)
    if (file.is_object() && shown(file.get_object(), "name") == name) return &file.get_object();
  return nullptr;
}

bool is_brought(const JsonObject* file) { return file != nullptr && shown(*file, "from") == "administrator"; }

// --- what is in use

std::string source_of(const JsonObject& file) {
  if (!is_brought(&file)) return "Provisioning";
  return shown(file, "hides_provisioning").empty() ? "An officer" : "An officer, in place of provisioning's";
}

/// "12 rows", and of a directory how many have no address.
std::string size_of(const JsonObject& file) {
  const std::int64_t left_out = count_of(file, "left_out");
  if (!file.contains("rows")) return shown(file, "bytes") + " bytes";
  return shown(file, "rows") + (count_of(file, "rows") == 1 ? " row" : " rows") +
         (left_out > 0 ? ", and " + std::to_string(left_out) + " without a sound address" : "");
}

Html files_in_use(const JsonObject& answer) {
  Table files{
      .caption = "Files in use", .columns = {"File", "From", "Holds", "Since", "SHA-256 begins"}, .rows = {}};
  for (const policy::RuleFile& known : policy::kRuleFiles) {
    const JsonObject* file = file_named(answer, known.name);
    const Html name = el("span", {}, el("strong", {}, known.name), el("br", {}), known.means);
    if (file == nullptr)
      files.rows.push_back({name, "There is none", "-", "-", "-"});
    else
      files.rows.push_back(
          {name, source_of(*file), size_of(*file), friendly_time(shown(*file, "since")),
           el("code", {{"class", "ps-code"}}, shown(*file, "sha256").substr(0, kHashShown))});
  }
  return table(files);
}

Html failure_of(const JsonObject& answer) {
  const std::string failure = shown(answer, "failure");
  return failure.empty() ? Html() : warning("Newer files are not in use: " + failure + ".");
}

// --- what an officer can do

Html choice(std::string_view id, std::string_view chosen, const JsonObject* among_brought) {
  Html options;
  for (const policy::RuleFile& known : policy::kRuleFiles)
    if (among_brought == nullptr || is_brought(file_named(*among_brought, known.name)))
      options += el("option", {{"value", known.name}, {"selected", known.name == chosen}}, known.name, ": ",
                    known.means);
  return select({.name = "name", .label = "Which file", .options = options, .id = std::string(id)});
}

Html bring_form(const Visit& visit) {
  const Html fields =
      join(choice("name", visit.form.text("name"), nullptr),
           file_input({.label = "The newer file", .hint = "At most 16 MiB.", .is_sent = false}),
           reason_input({.value = visit.form.text("why")}),
           el("input", {{"type", "hidden"}, {"name", "sha256"}, {"value", ""}}), button("Try it, and use it"),
           el("p", {{"class", "govuk-body"}, {"id", "bring-status"}, {"role", "status"}}, ""));
  return join(heading("Bring a newer file"),
              paragraph("It is tried together with all the others. If it is sound, it is in use at once, and "
                        "stays over restarts and updates. If not, nothing changes."),
              el("div", {{"id", "bring"}}, form(visit, "/rules", fields)),
              el("noscript", {},
                 inset("A file is sent in parts, by JavaScript. Please allow it for this page; it is the "
                       "only script here.")),
              script());
}

Html remove_form(const Visit& visit, const JsonObject& answer) {
  const bool has_brought = std::ranges::any_of(policy::kRuleFiles, [&](const policy::RuleFile& known) {
    return is_brought(file_named(answer, known.name));
  });
  if (!has_brought) return {};
  return join(
      heading("Go back to provisioning's file"),
      paragraph("The file that an officer brought is taken away. Where provisioning gave none of this "
                "name, there is then none."),
      form(visit, "/rules/remove",
           join(choice("remove-name", "", &answer), reason_input({.hint = "", .id = "remove-why"}),
                button("Go back to provisioning's", ButtonKind::kSecondary))));
}

/// What the act has led to that brought the visitor here.
Html done(const Visit& visit, const JsonObject& answer) {
  const std::string brought = visit.query.text("brought");
  if (policy::is_rule_file(brought)) return success(brought + ": the file that you brought is in use.");
  const std::string removed = visit.query.text("removed");
  if (!policy::is_rule_file(removed)) return {};
  return success(removed + (file_named(answer, removed) == nullptr
                                ? ": there is none in use now, because provisioning gave none."
                                : ": provisioning's file is in use again."));
}

Response rules_page_with(Visit& visit, const Html& above, Status code) {
  const auto answer = ask(visit, visit.at.settings.gateway_door, "policy-show");
  if (!answer)
    return page(visit, Place::kRules, kTitle,
                join(above, not_answering("The mail gateway", "The files in use stay as they are.")), code);
  const Html forms =
      visit.may(Access::kOfficer) ? join(bring_form(visit), remove_form(visit, *answer)) : Html();
  return page(
      visit, Place::kRules, kTitle,
      join(above, done(visit, *answer), failure_of(*answer),
           paragraph("Mail is judged by these files. Provisioning gave the first ones; a file that an "
                     "officer brings takes the place of provisioning's of that name."),
           files_in_use(*answer), forms),
      code);
}

Response refused(Visit& visit, const std::string& reason) {
  return rules_page_with(visit, problem("Nothing was changed", {reason}), 422);
}

Response not_done(Visit& visit, const Error& error) {
  switch (error.code) {
    case ErrorCode::kTimeout:
      return rules_page_with(
          visit,
          problem("It is not known yet whether this was done",
                  {"The mail gateway takes long to try the file, and may still use it. Load this page again "
                   "in a minute; the table says what is in use."}),
          503);
    case ErrorCode::kUnavailable:
      return rules_page_with(visit,
                             problem("This was not done", {std::string(kGatewayIsAway), error.message}), 503);
    default:
      return refused(visit, error.message);
  }
}

/// The file's name is one of ours, and there is a reason; empty: both are so.
std::string obstacle(const Visit& visit) {
  if (!policy::is_rule_file(visit.form.text("name"))) return "Choose which file it is.";
  return visit.form.text("why").empty() ? "Give a reason." : "";
}

Response change(Visit& visit, std::string_view operation, const JsonObject& request, std::string_view done) {
  const std::string name = shown(request, "name");
  const Act act{
      .action = operation, .object = "policy/" + name, .params = request, .why = shown(request, "why")};
  const auto answer = perform(visit, act, visit.at.settings.gateway_door, operation, request, kTrialWithin);
  if (!answer) return not_done(visit, answer.error());
  return redirect_to("/rules?" + std::string(done) + "=" + name);
}

}  // namespace

Response rules_page(Visit& visit) { return rules_page_with(visit, {}, 200); }

Response rules_part(Visit& visit) {
  const auto body = parse_json_object(visit.request.body);
  const auto after = body.and_then([](const JsonObject& part) { return json_number(part, "after"); });
  const auto content = body.and_then([](const JsonObject& part) { return json_text(part, "content"); });
  if (!after || !content) return say_no(400, "That part is not understood.");
  const auto answer =
      ask(visit, visit.at.settings.gateway_door, "policy-part", {{"after", *after}, {"content", *content}});
  if (answer) return json_response({{"ok", true}});
  if (is_away(answer.error())) return say_no(503, std::string(kGatewayIsAway) + " Nothing was changed.");
  return say_no(422, "Nothing was changed: " + answer.error().message + ".");
}

Response rules_bring(Visit& visit) {
  if (const std::string why = obstacle(visit); !why.empty()) return refused(visit, why);
  const std::string sha256 = visit.form.text("sha256");
  if (sha256.empty())
    return refused(visit, "Choose the file. If you did: allow JavaScript for this page, which sends it.");
  return change(visit, "policy-set",
                {{"name", visit.form.text("name")}, {"sha256", sha256}, {"why", visit.form.text("why")}},
                "brought");
}

Response rules_remove(Visit& visit) {
  if (const std::string why = obstacle(visit); !why.empty()) return refused(visit, why);
  return change(visit, "policy-remove", {{"name", visit.form.text("name")}, {"why", visit.form.text("why")}},
                "removed");
}

}  // namespace privyseal::web
