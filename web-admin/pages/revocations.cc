#include "web-admin/pages/revocations.h"

#include "web-admin/pages/layout.h"

namespace privyseal::web {
namespace {

constexpr std::string_view kTitle = "Revoked certificates";
constexpr std::size_t kMaxPemBytes = 90 * 1024;  // 64 KiB of DER; a door takes 96 KiB with all around it

Html due(const Visit& visit, const JsonObject& list) {
  const std::string next = shown(list, "next_update");
  if (!is_out_of_date(list, visit.at.clock.now())) return friendly_time(next);
  return el("span", {}, friendly_time(next), " ", tag(Tone::kAttention, "Out of date"));
}

Html lists_in_use(const Visit& visit, const JsonObject& status) {
  Table lists{.caption = "Lists in use",
              .columns = {"Authority", "Revoked certificates", "Of", "A newer one is due"},
              .rows = {}};
  if (const JsonArray* all = json_array(status, "revocations"))
    for (const Json& entry : *all)
      if (const JsonObject* list = entry.if_object())
        lists.rows.push_back({long_text(shown(*list, "issuer")), shown(*list, "revoked"),
                              friendly_time(shown(*list, "this_update")), due(visit, *list)});
  if (lists.rows.empty())
    return inset("No list is in use: nobody is known to have had his certificate revoked.");
  return table(lists);
}

Html take_form(const Visit& visit) {
  if (!visit.may(Access::kOperator)) return {};
  const Html fields =
      join(file_input({.label = "The authority's list, as a file",
                       .hint = "Usually called something.crl; at most 64 KiB."}),
           pem_input("or pasted here, as PEM"), reason_input({.value = visit.form.text("why")}),
           button("Check and use"),
           el("p", {{"class", "govuk-body"}, {"id", "revoked-status"}, {"role", "status"}}, ""));
  return join(heading("Bring a newer list"),
              paragraph("The authority publishes it at the address that its certificates name. It must be "
                        "signed by the CA that vouches for the relay, and not be older than the one in use."),
              el("div", {{"id", "revoked"}}, form_with_file(visit, "/revocations", fields)), script());
}

Response revocations_page_with(Visit& visit, const Html& above, Status code) {
  const auto status = ask(visit, visit.at.settings.gateway_door, "status");
  if (!status)
    return page(visit, Place::kCertificates, kTitle,
                join(above, not_answering("The mail gateway", "The lists in use stay as they are.")), code);
  return page(visit, Place::kCertificates, kTitle,
              join(above,
                   paragraph("A CJSM relay whose certificate is on one of these lists gets no mail and hands "
                             "over none. The appliance fetches no list by itself. One that is out of date "
                             "still counts, but says nothing of what was revoked since."),
                   lists_in_use(visit, *status), take_form(visit),
                   paragraph(link("/certificates", "Back to all certificates"))),
              code);
}

Response refused(Visit& visit, const std::string& reason) {
  return revocations_page_with(visit, problem("Nothing was changed", {reason}), 422);
}

}  // namespace

bool is_out_of_date(const JsonObject& list, WallTime now) {
  const auto next_update = parse_time(shown(list, "next_update"));
  return next_update && *next_update <= now;
}

Html revocations_link() {
  return paragraph(link("/revocations", "Revoked certificates: the authority's lists, and how to bring one"));
}

Response revocations_page(Visit& visit) {
  const bool is_done = visit.query.text("done") == "taken";
  return revocations_page_with(
      visit, is_done ? success("The list is in use from the next session on.") : Html(), 200);
}

Response revocations_take(Visit& visit) {
  std::string pem = visit.form.text("file");
  if (pem.empty()) pem = visit.form.text("pem");
  std::erase(pem, '\r');  // browsers put one at each line's end
  const std::string why = visit.form.text("why");
  if (why.empty()) return refused(visit, "Give a reason.");
  if (pem.empty()) return refused(visit, "Choose the file, or paste the list.");
  if (pem.size() > kMaxPemBytes) return refused(visit, "The list is longer than 64 KiB.");
  const JsonObject request{{"pem", pem}, {"why", why}};
  const Act act{.action = "revocations-take", .object = "side/cjsm", .params = request, .why = why};
  const auto answer = perform(visit, act, visit.at.settings.gateway_door, "revocations-take", request);
  if (answer) return redirect_to("/revocations?done=taken");
  if (!is_away(answer.error())) return refused(visit, answer.error().message);
  return revocations_page_with(visit,
                               problem("It is not known whether the list is in use",
                                       {std::string(kGatewayIsAway) + " The table says what is in use."}),
                               503);
}

}  // namespace privyseal::web
