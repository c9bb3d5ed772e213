#include "web-admin/pages/mail.h"

#include <array>

#include "firmware/base/number.h"
#include "web-admin/pages/layout.h"

namespace privyseal::web {
namespace {

constexpr int kMailsAPage = 25;

struct Outcome {
  std::string_view name;  ///< on the door
  std::string_view word;
  Tone tone;
  std::string_view means;  ///< what to tell the sender
};
constexpr std::array kOutcomes{
    Outcome{"delivered", "Delivered", Tone::kGood,
            "The other side took the message and is responsible for it."},
    Outcome{
        "repeated", "Delivered before", Tone::kGood,
        "The sending mail server did not hear that this very message was delivered and sent it once more. "
        "It was told so; the other side has the message once."},
    Outcome{"deferred", "To be tried again", Tone::kAttention,
            "The message was not taken yet. The sending mail server still has it and tries again by itself."},
    Outcome{"refused", "Refused", Tone::kBad, "The message was refused for good. The sender was told why."},
    Outcome{"aborted", "Given up by the sender", Tone::kNeutral,
            "The sending mail server closed the connection before the end. It usually tries again."},
    Outcome{"unknown", "Not known", Tone::kAttention,
            "The connection broke at the very end, so it is not known whether the message was taken. "
            "The sending mail server tries again; a duplicate is possible, a loss is not."},
    Outcome{"open", "On its way", Tone::kNeutral, "The message is passing through at this moment."},
};

const Outcome& outcome_named(const std::string& name) {
  for (const Outcome& outcome : kOutcomes)
    if (outcome.name == name) return outcome;
  static constexpr Outcome kOther{"", "Other", Tone::kNeutral, "See the reply below."};
  return kOther;
}

std::string recipients_of(const JsonObject& mail) {
  std::string text;
  const auto recipients = json_texts(mail, "recipients");
  if (!recipients) return shown(mail, "recipients");
  for (const std::string& recipient : *recipients) text += (text.empty() ? "" : ", ") + recipient;
  return text;
}

std::string direction_of(const JsonObject& mail) {
  return shown(mail, "direction") == "out" ? "To CJSM" : "From CJSM";
}

std::string sender_of(const JsonObject& mail) {
  const std::string sender = shown(mail, "sender");
  return sender.empty() ? "a mail server (a delivery report)" : sender;
}

Html size_of(const JsonObject& mail) {
  for (const char* key : {"size", "size_bytes"})
    if (const std::string size = shown(mail, key); !size.empty()) return size + " bytes";
  return "not known";
}

std::string or_none(const std::string& text) { return text.empty() ? "none" : text; }

Html outcome_select(const std::string& chosen) {
  Html options = el("option", {{"value", ""}}, "Any");
  for (const Outcome& outcome : kOutcomes)
    options += el("option", {{"value", outcome.name}, {"selected", outcome.name == chosen}}, outcome.word);
  return select(
      {.name = "outcome", .label = "What became of it", .options = options, .has_long_options = false});
}

Html search_form(const Visit& visit) {
  return el("form", {{"method", "get"}, {"action", "/mail"}, {"role", "search"}},
            input({.name = "text",
                   .label = "Find a message",
                   .hint = "An address or how it begins, a domain, a Message-ID, or a session id",
                   .value = visit.query.text("text"),
                   .type = "search"}),
            outcome_select(visit.query.text("outcome")), button("Find"));
}

Html found_table(const JsonArray& mails) {
  Table found{.caption = "Messages, newest first",
              .columns = {"When", "Direction", "From", "To", "Outcome", "More"},
              .rows = {}};
  for (const Json& entry : mails) {
    if (!entry.is_object()) continue;
    const JsonObject& mail = entry.get_object();
    const Outcome& outcome = outcome_named(shown(mail, "outcome"));
    found.rows.push_back(
        {friendly_time(shown(mail, "opened_at")), direction_of(mail), long_text(sender_of(mail)),
         long_text(recipients_of(mail)), tag(outcome.tone, outcome.word),
         el("a", {{"class", "govuk-link"}, {"href", "/mail/" + shown(mail, "id")}}, "Track",
            el("span", {{"class", "govuk-visually-hidden"}}, " message ", shown(mail, "id")))});
  }
  return table(found);
}

Html older_link(const Visit& visit, const JsonArray& mails) {
  if (mails.size() < kMailsAPage || !mails.back().is_object()) return {};
  const std::string path = "/mail?text=" + url_escaped(visit.query.text("text")) +
                           "&outcome=" + url_escaped(visit.query.text("outcome")) +
                           "&before=" + shown(mails.back().get_object(), "id");
  return paragraph(link(path, "Older messages"));
}

Html results(const Visit& visit, const JsonArray* mails) {
  if (mails == nullptr || mails->empty())
    return inset(visit.query.size() == 0
                     ? "No mail has passed yet."
                     : "No message matches. Try how the address begins, or another outcome.");
  return join(found_table(*mails), older_link(visit, *mails));
}

Html timeline_of(const JsonObject& answer) {
  const JsonArray* steps = json_array(answer, "timeline");
  if (steps == nullptr || steps->empty()) return {};
  Html items;
  for (const Json& step : *steps)
    if (step.is_object()) {
      const std::string at = shown(step.get_object(), "at");
      const std::string time = at.size() >= 19 ? at.substr(11, 8) : at;
      items += el("li", {{"class", "ps-timeline__step"}}, el("span", {{"class", "ps-timeline__time"}}, time),
                  el("span", {}, shown(step.get_object(), "text")));
    }
  return join(heading("What happened"), el("ol", {{"class", "ps-timeline"}}, items));
}

Html tls_of(const JsonObject& mail, std::string_view key, std::string_view title) {
  const JsonObject* tls = json_object(mail, key);
  if (tls == nullptr || shown(*tls, "version").empty()) return {};
  if (shown(*tls, "version") == "none")
    return join(heading(title), summary({{"Protection", "none: it came in clear, as an exception allows"}}));
  std::vector<Row> rows{
      {"Protection", shown(*tls, "version") + ", " + shown(*tls, "group") + ", " + shown(*tls, "suite")},
      {"Session", shown(*tls, "resumed") == "yes" ? "taken up again" : "new keys for this message"}};
  if (const std::string subject = shown(*tls, "peer_subject"); !subject.empty())
    rows.push_back({"They were", subject + ", vouched for by " + shown(*tls, "peer_issuer")});
  if (const std::string id = shown(*tls, "session_id"); !id.empty())
    rows.push_back({"Session id", el("code", {{"class", "ps-code"}}, id)});
  return join(heading(title), summary(rows));
}

/// A sentence the administrator can copy into his reply to whoever asked.
Html to_copy(const JsonObject& mail, const Outcome& outcome) {
  const std::string text = "Your message from " + sender_of(mail) + " to " + recipients_of(mail) + " of " +
                           friendly_time(shown(mail, "opened_at")) + ": " + std::string(outcome.means) +
                           (shown(mail, "reply").empty() ? "" : " The reply was: " + shown(mail, "reply"));
  return join(heading("To tell the person who asked"), el("p", {{"class", "govuk-body ps-copy"}}, text));
}

}  // namespace

Response mail_page(Visit& visit) {
  JsonObject request{{"limit", kMailsAPage}};
  for (const char* key : {"text", "outcome"})
    if (const std::string text = visit.query.text(key); !text.empty()) request[key] = text;
  if (const auto before = parse_number(visit.query.text("before")); before && visit.query.has("before"))
    request["before_id"] = *before;
  const auto answer = ask(visit, visit.at.settings.gateway_door, "mail-find", std::move(request));
  Html found =
      answer ? results(visit, json_array(*answer, "mails"))
             : not_answering("The mail gateway", "Its records are safe and can be read when it is back.");
  if (!answer && answer.error().code == ErrorCode::kInvalid)
    found = inset("That cannot be searched for. Try how an address begins.");
  return page(
      visit, Place::kMail, "Mail",
      join(search_form(visit), found,
           paragraph(join(link("/partners", "Partners"), ": with whom mail is exchanged. ",
                          link("/directory", "Directory"), ": who is on CJSM. ", link("/holds", "Holds"),
                          ": what is kept beyond six months. ", link("/ledger", "Take out the ledger"),
                          ": the records of some days as CSV, with their proof."))));
}

Response mail_track_page(Visit& visit) {
  const auto id = parse_number(visit.segments[0]);
  if (!id) return apology(visit, 404, "Page not found", "There is no message with that number.");
  const auto answer = ask(visit, visit.at.settings.gateway_door, "mail-track", {{"id", *id}});
  if (!answer && answer.error().code == ErrorCode::kNotFound)
    return apology(visit, 404, "Message not found",
                   "There is no message with that number. Records are kept for six months.");
  const std::string title = "Message " + std::to_string(*id);
  const JsonObject* mail = answer ? json_object(*answer, "mail") : nullptr;
  if (mail == nullptr)
    return page(visit, Place::kMail, title,
                not_answering("The mail gateway", "Its records are safe and can be read when it is back."));
  const Outcome& outcome = outcome_named(shown(*mail, "outcome"));
  const Html content =
      join(paragraph(join(tag(outcome.tone, outcome.word), " ", outcome.means)),
           summary({{"Direction", direction_of(*mail)},
                    {"From", long_text(sender_of(*mail))},
                    {"To", long_text(recipients_of(*mail))},
                    {"Received", friendly_time(shown(*mail, "opened_at"))},
                    {"Size", size_of(*mail)},
                    {"Marking", or_none(shown(*mail, "marking"))},
                    {"Rules", or_none(shown(*mail, "verdict"))},
                    {"Message-ID", long_text(or_none(shown(*mail, "message_id")))},
                    {"The other side said",
                     shown(*mail, "reply").empty() ? Html("nothing yet") : Html(shown(*mail, "reply"))}}),
           timeline_of(*answer), tls_of(*mail, "hop_tls", "The connection onward"),
           tls_of(*mail, "client_tls", "The connection it came by"), to_copy(*mail, outcome),
           paragraph(link("/mail", "Back to all messages")));
  return page(visit, Place::kMail, title, content);
}

}  // namespace privyseal::web
