#include "web-admin/pages/line_end.h"

#include "web-admin/pages/layout.h"
#include "web-admin/pages/line.h"

namespace privyseal::web {
namespace {

constexpr std::string_view kTitle = "End the connection to CJSM for good";
constexpr std::string_view kTerminated = "terminated";  // on the door

Html consequences() {
  return join(
      warning("This cannot be taken back: not in this console, and not by a command. Only an appliance that "
              "is set up anew carries mail again."),
      paragraph("From that moment every mail is refused in both directions, for good (clause 27 of the "
                "terms). Your senders are told that their mail was not sent (550), and CJSM that you take no "
                "more (521). No mail server tries again."),
      paragraph("The records stay readable here, and packs for an auditor can still be made."),
      paragraph(join("If mail is only to wait, ", link("/line", "suspend the line"), ": nothing is lost.")));
}

Html end_form(const Visit& visit) {
  return form(visit, "/line/end",
              join(reason_input({.value = visit.form.text("why")}),
                   input({.name = "name",
                          .label = "The appliance's name, to confirm",
                          .hint = "Type " + visit.at.settings.host + " here."}),
                   button("End the connection for good", ButtonKind::kWarning)));
}

bool is_ended(const Visit& visit) {
  const auto status = ask(visit, visit.at.settings.gateway_door, "status");
  const JsonObject* policy = status ? json_object(*status, "policy") : nullptr;
  return policy != nullptr && shown(*policy, "line") == kTerminated;
}

Response end_page_with(Visit& visit, const Html& above, Status code) {
  const Html content =
      is_ended(visit) ? inset("The connection has ended.") : join(consequences(), end_form(visit));
  return page(visit, Place::kLine, kTitle, join(above, content, paragraph(link("/line", "Back to the line"))),
              code);
}

Response refused(Visit& visit, const std::string& reason) {
  return end_page_with(visit, problem("Nothing was changed", {reason}), 422);
}

}  // namespace

Response line_end_page(Visit& visit) { return end_page_with(visit, {}, 200); }

Response line_end(Visit& visit) {
  const std::string why = visit.form.text("why");
  if (why.empty()) return refused(visit, "Give a reason.");
  if (visit.form.text("name") != visit.at.settings.host)
    return refused(visit, "Type the appliance's name exactly: " + visit.at.settings.host + ".");
  const auto answer = switch_line(visit, std::string(kTerminated), why);
  if (answer) return redirect_to("/line?done=terminated");
  if (!is_away(answer.error())) return refused(visit, answer.error().message);
  // gatewayd stops mail even when it cannot write that down.
  return end_page_with(
      visit, problem("It is not known whether the line has ended", {std::string(kGatewayIsAway)}), 503);
}

}  // namespace privyseal::web
