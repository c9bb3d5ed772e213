#include "web-admin/pages/certificates.h"

#include <array>

#include "firmware/base/number.h"
#include "web-admin/pages/layout.h"
#include "web-admin/pages/own_ca.h"
#include "web-admin/pages/revocations.h"

namespace privyseal::web {
namespace {

constexpr std::size_t kMaxPemBytes = 64 * 1024;
constexpr std::string_view kConsequence = "Mail goes on with the certificates in use.";

struct IdentityName {
  std::string_view name;  ///< on the door and in our paths
  std::string_view title;
  std::string_view means;
};
constexpr std::array kIdentities{
    IdentityName{"cjsm", "CJSM identity", "Shows the CJSM relay that we are us. Without it no mail passes."},
    IdentityName{"lan", "Mail server side",
                 "Your own mail server sees this certificate when it hands over mail."},
    IdentityName{"console", "This console", "Your browser sees this certificate now."},
};

struct Issuer {
  std::string_view name;
  std::string_view means;
};
constexpr std::array kIssuers{
    Issuer{"manual", "by hand: you send the request and put the answer in here"},
    Issuer{"est", "by itself, from the CA's enrolment server (EST)"},
    Issuer{"local", "by itself, from this appliance's own CA"},
};

struct Done {
  std::string_view name;
  std::string_view text;
};
constexpr std::array kDone{
    Done{"requested", "A new key was made in the HSM. Download the request and send it to the CA."},
    Done{"imported", "The certificate fits. It is tried with the relay; activate it when it has passed."},
    Done{"activated", "The new certificate is in use. The old one is kept in case you want it back."},
    Done{"rolled-back", "The earlier certificate is in use again."},
    Done{"renewing", "The renewal has begun. This page shows how far it is when you load it again."},
};

const IdentityName* identity_named(std::string_view name) {
  for (const IdentityName& identity : kIdentities)
    if (identity.name == name) return &identity;
  return nullptr;
}

std::string path_of(std::string_view name, std::string_view rest = {}) {
  return "/certificates/" + std::string(name) + std::string(rest);
}

Tone tone_of(const JsonObject& identity) {
  if (const JsonObject* alarm = json_object(identity, "alarm"))
    return shown(*alarm, "level") == "critical" ? Tone::kBad : Tone::kAttention;
  return json_object(identity, "active") == nullptr ? Tone::kNeutral : Tone::kGood;
}

std::string_view word_of(const JsonObject& identity) {
  switch (tone_of(identity)) {
    case Tone::kBad:
      return "Act now";
    case Tone::kAttention:
      return "Needs you";
    case Tone::kGood:
      return "In use";
    case Tone::kNeutral:
      return "None yet";
  }
  return "";
}

Html alarm_of(const JsonObject& identity) {
  const JsonObject* alarm = json_object(identity, "alarm");
  return alarm == nullptr ? Html() : warning(shown(*alarm, "why"));
}

Html next_of(const JsonObject& identity) {
  const std::string next = shown(identity, "next");
  return next.empty() ? Html() : paragraph(join(el("strong", {}, "Next: "), next));
}

/// One generation, as rows. The key stands in the HSM under the name shown.
Html generation_of(const JsonObject& generation) {
  std::vector<Row> rows;
  const auto add = [&](const char* key, const Html& value) {
    if (!value.empty()) rows.push_back({key, value});
  };
  add("Issued to", shown(generation, "subject"));
  add("By", shown(generation, "issuer"));
  if (const std::string end = shown(generation, "not_after"); !end.empty())
    add("Valid until", friendly_time(end));
  if (const std::string serial = shown(generation, "serial"); !serial.empty())
    add("Serial number", el("code", {{"class", "ps-code"}}, serial));
  if (const std::string print = shown(generation, "fingerprint"); !print.empty())
    add("Fingerprint", el("code", {{"class", "ps-code"}}, print));
  add("Key in the HSM", shown(generation, "key"));
  add("State", shown(generation, "state"));
  add("Since", friendly_time(shown(generation, "since")));
  add("Remark", shown(generation, "why"));
  return summary(rows);
}

Html section(std::string_view title, const JsonObject* generation) {
  if (generation == nullptr) return {};
  return join(heading(title), generation_of(*generation));
}

Html import_form(const Visit& visit, std::string_view name) {
  return form_with_file(visit, path_of(name, "/import"),
                        join(file_input({.label = "The CA's answer, as a file",
                                         .hint = "Usually called something.pem or something.crt"}),
                             pem_input("or pasted here"), button("Check and import")));
}

/// The way out where nothing else helps. It names the generation, so that what came meanwhile is not lost.
Html new_request_instead(const Visit& visit, std::string_view name, const JsonObject& candidate) {
  const std::string number = shown(candidate, "generation");
  return join(
      heading("Start again"),
      paragraph("If nothing usable comes from the CA: this gives up generation " + number +
                " and its key for good, and makes a new key and a new request. An answer to the old request "
                "is then of no use. Nothing changes for the mail."),
      form(visit, path_of(name, "/request"),
           join(el("input", {{"type", "hidden"}, {"name", "instead_of"}, {"value", number}}),
                button("Give it up and make a new request", ButtonKind::kWarning))));
}

Html try_now(const Visit& visit, std::string_view name) {
  return act_button(visit, path_of(name, "/renew"), "Try again now", ButtonKind::kSecondary);
}

/// What can be done with the generation under way.
Html candidate_steps(const Visit& visit, std::string_view name, const JsonObject& candidate) {
  const std::string state = shown(candidate, "state");
  if (state == "generating")
    return join(paragraph("Its key and its request are being made."), try_now(visit, name));
  const Html start_again = new_request_instead(visit, name, candidate);
  const Html another = join(heading("Put another answer in"),
                            paragraph("If the CA has sent a corrected certificate for the same request: it "
                                      "takes the place of this one, and is tried."),
                            import_form(visit, name));
  if (state == "proven")
    return join(
        paragraph("It fits its key, our name and the pinned CA. Activating takes a second; sessions that are "
                  "open finish on the old certificate, and you can go back."),
        act_button(visit, path_of(name, "/activate"), "Activate this certificate"), another, start_again);
  if (state == "issued")
    return join(paragraph("It is tried before it can be activated. A trial that fails is repeated."),
                try_now(visit, name), another, start_again);
  return join(heading("1. Send the request"),
              paragraph(join("Download the ", link(path_of(name, "/csr"), "certificate request"),
                             " and send it to the CA. It holds nothing secret.")),
              heading("2. Put the answer in"), import_form(visit, name), start_again);
}

/// How the next one begins, while none is under way.
Html first_step(const Visit& visit, std::string_view name, bool is_manual) {
  if (is_manual)
    return join(
        heading("A new certificate"),
        paragraph("This makes a new key in the HSM and a request for the CA. Nothing changes for the mail."),
        act_button(visit, path_of(name, "/request"), "Make a new request"));
  return join(
      heading("Renew now"),
      paragraph("Renewal happens by itself in good time. You can also start it now; mail is not disturbed."),
      act_button(visit, path_of(name, "/renew"), "Renew now", ButtonKind::kSecondary));
}

Html steps(const Visit& visit, std::string_view name, const JsonObject& identity) {
  const JsonObject* candidate = json_object(identity, "candidate");
  // renewd shows a failed one until another begins: there is nothing left to be done with it.
  const bool has_failed = candidate != nullptr && shown(*candidate, "state") == "failed";
  const Html html = section(has_failed ? "The last attempt" : "Under way", candidate);
  if (!visit.may(Access::kOperator)) return html;
  if (candidate != nullptr && !has_failed) return join(html, candidate_steps(visit, name, *candidate));
  return join(html, first_step(visit, name, shown(identity, "issuer") == "manual"));
}

Html way_back(const Visit& visit, std::string_view name, const JsonObject& identity) {
  const JsonObject* previous = json_object(identity, "previous");
  if (previous == nullptr) return {};
  Html html = section("The one before", previous);
  if (visit.may(Access::kOperator))
    html +=
        act_button(visit, path_of(name, "/rollback"), "Go back to this certificate", ButtonKind::kSecondary);
  return html;
}

std::string issuer_of(const JsonObject& identity) {
  for (const Issuer& issuer : kIssuers)
    if (issuer.name == shown(identity, "issuer")) return std::string(issuer.means);
  return shown(identity, "issuer");
}

/// The identity of that name, from cert-list.
Result<JsonObject> find_identity(const Visit& visit, std::string_view name) {
  const auto answer = ask(visit, visit.at.settings.renewal_door, "cert-list");
  if (!answer) return std::unexpected(answer.error());
  if (const JsonArray* identities = json_array(*answer, "identities"))
    for (const Json& entry : *identities)
      if (entry.is_object() && shown(entry.get_object(), "name") == name) return entry.get_object();
  return fail(ErrorCode::kNotFound, "there is no such identity");
}

Response identity_page(Visit& visit, const IdentityName& name, const Html& above, Status status) {
  const auto identity = find_identity(visit, name.name);
  if (!identity && identity.error().code == ErrorCode::kNotFound)
    return page(visit, Place::kCertificates, name.title,
                join(above, inset("This appliance has no such identity.")), 404);
  if (!identity)
    return page(visit, Place::kCertificates, name.title,
                join(above, not_answering("The certificate service", kConsequence)), status);
  const JsonObject* active = json_object(*identity, "active");
  const Html content = join(
      above, paragraph(join(tag(tone_of(*identity), word_of(*identity)), " ", name.means)),
      alarm_of(*identity), next_of(*identity), paragraph(join("It is renewed ", issuer_of(*identity), ".")),
      section("In use", active), steps(visit, name.name, *identity), way_back(visit, name.name, *identity),
      name.name == "cjsm" ? revocations_link() : Html(),
      paragraph(link("/certificates", "Back to all certificates")));
  return page(visit, Place::kCertificates, name.title, content, status);
}

/// "a; b; c" as a list: the daemon puts each reason between semicolons or on a line of its own.
std::vector<std::string> reasons_in(std::string_view message) {
  std::vector<std::string> reasons;
  while (!message.empty()) {
    const auto end = std::min(message.find("; "), message.find('\n'));
    if (const auto reason = message.substr(0, end); !reason.empty()) reasons.emplace_back(reason);
    message = end == std::string_view::npos ? std::string_view()
                                            : message.substr(end + (message[end] == ';' ? 2 : 1));
  }
  return reasons;
}

/// One act on one identity: what is asked, how the refusal is introduced, and what the next page says.
struct Step {
  std::string_view operation;
  std::string_view refused;
  std::string_view done;
};

Response take_step(Visit& visit, const Step& step, JsonObject request = {}) {
  const IdentityName* name = identity_named(visit.segments[0]);
  if (name == nullptr) return apology(visit, 404, "Page not found", "There is no such certificate.");
  request["identity"] = name->name;
  const Act act{.action = step.operation, .object = "identity/" + std::string(name->name), .params = request};
  const auto answer = perform(visit, act, visit.at.settings.renewal_door, step.operation, request);
  if (answer) return redirect_to(path_of(name->name, "?done=" + std::string(step.done)));
  const bool is_no_answer = is_away(answer.error());
  const std::vector<std::string> reasons =
      is_no_answer ? std::vector<std::string>{"The certificate service is not answering just now. " +
                                              std::string(kConsequence)}
                   : reasons_in(answer.error().message);
  return identity_page(visit, *name, problem(step.refused, reasons), is_no_answer ? 503 : 422);
}

}  // namespace

Response certificates_page(Visit& visit) {
  const auto answer = ask(visit, visit.at.settings.renewal_door, "cert-list");
  const JsonArray* identities = answer ? json_array(*answer, "identities") : nullptr;
  if (identities == nullptr)
    return page(visit, Place::kCertificates, "Certificates",
                join(not_answering("The certificate service", kConsequence), own_ca_section(visit)));
  Html cards;
  for (const Json& entry : *identities) {
    const JsonObject& identity = entry.is_object() ? entry.get_object() : JsonObject();
    const IdentityName* name = identity_named(shown(identity, "name"));
    if (name == nullptr) continue;
    const JsonObject* active = json_object(identity, "active");
    cards += el("li", {{"class", card_class(tone_of(identity))}},
                el("div", {{"class", "ps-light__head"}},
                   el("h2", {{"class", "govuk-heading-m ps-light__name"}}, name->title),
                   tag(tone_of(identity), word_of(identity))),
                paragraph(name->means),
                active == nullptr
                    ? Html()
                    : paragraph(join("Valid until ", friendly_time(shown(*active, "not_after")), ".")),
                alarm_of(identity), next_of(identity),
                el("p", {{"class", "govuk-body ps-light__action"}},
                   el("a", {{"class", "govuk-link"}, {"href", path_of(name->name)}}, "Open",
                      el("span", {{"class", "govuk-visually-hidden"}}, " ", name->title))));
  }
  return page(visit, Place::kCertificates, "Certificates",
              join(el("ul", {{"class", "ps-lights"}}, cards), revocations_link(), own_ca_section(visit)));
}

Response certificate_page(Visit& visit) {
  const IdentityName* name = identity_named(visit.segments[0]);
  if (name == nullptr) return apology(visit, 404, "Page not found", "There is no such certificate.");
  Html above;
  for (const Done& done : kDone)
    if (done.name == visit.query.text("done")) above = success(done.text);
  return identity_page(visit, *name, above, 200);
}

Response certificate_csr(Visit& visit) {
  const IdentityName* name = identity_named(visit.segments[0]);
  if (name == nullptr) return apology(visit, 404, "Page not found", "There is no such certificate.");
  const auto answer = ask(visit, visit.at.settings.renewal_door, "cert-csr", {{"identity", name->name}});
  if (!answer)
    return identity_page(visit, *name, problem("There is no request to download", {answer.error().message}),
                         404);
  Response response = file_response("application/pkcs10", shown(*answer, "csr"));
  response.headers.emplace_back("Content-Disposition",
                                "attachment; filename=\"" + std::string(name->name) + "-" +
                                    std::to_string(count_of(*answer, "generation")) + ".csr\"");
  return response;
}

Response certificate_request(Visit& visit) {
  JsonObject request;
  if (const auto instead_of = parse_number(visit.form.text("instead_of")))
    request["instead_of"] = *instead_of;
  return take_step(visit, {"cert-request", "No new request was made", "requested"}, std::move(request));
}

Response certificate_import(Visit& visit) {
  std::string pem = visit.form.text("file");
  if (pem.empty()) pem = visit.form.text("pem");
  const IdentityName* name = identity_named(visit.segments[0]);
  if (name != nullptr && (pem.empty() || pem.size() > kMaxPemBytes))
    return identity_page(visit, *name,
                         problem("The certificate was not imported",
                                 {pem.empty() ? "Choose the file, or paste what the CA sent."
                                              : "That is too long for a certificate."}),
                         422);
  return take_step(visit, {"cert-import", "The certificate was not imported", "imported"}, {{"pem", pem}});
}

Response certificate_activate(Visit& visit) {
  return take_step(visit, {"cert-activate", "The certificate was not activated", "activated"});
}

Response certificate_roll_back(Visit& visit) {
  return take_step(visit, {"cert-rollback", "The earlier certificate was not taken back", "rolled-back"});
}

Response certificate_renew(Visit& visit) {
  return take_step(visit, {"cert-renew", "The renewal was not started", "renewing"});
}

}  // namespace privyseal::web
