#include "web-admin/pages/partners.h"

#include "web-admin/pages/layout.h"
#include "web-admin/server/form.h"

namespace privyseal::web {
namespace {

constexpr std::string_view kTitle = "Partners";

Html list_of(const JsonObject& answer) {
  Table list{.caption = "Domains, most mails first",
             .columns = {"Domain", "Mails", "Last on", "Mails of it"},
             .rows = {}};
  if (const JsonArray* partners = json_array(answer, "partners"))
    for (const Json& entry : *partners) {
      const JsonObject& partner = entry.is_object() ? entry.get_object() : JsonObject();
      const std::string domain = shown(partner, "domain");
      list.rows.push_back(
          {long_text(domain), shown(partner, "mails"), shown(partner, "last_day"),
           link("/mail?text=" + url_escaped("@" + domain),
                join("Show", el("span", {{"class", "govuk-visually-hidden"}}, " the mails of ", domain)))});
    }
  if (list.rows.empty()) return inset("No mail was handled yet.");
  const bool has_more = json_flag(answer, "more", false).value_or(false);
  return join(table(list),
              has_more ? paragraph("Domains with fewer mails than these are not shown.") : Html());
}

}  // namespace

Response partners_page(Visit& visit) {
  const auto answer = ask(visit, visit.at.settings.gateway_door, "mail-partners");
  return page(
      visit, Place::kMail, kTitle,
      join(paragraph("Each domain that mail went to or came from, besides your own, as long as records are "
                     "kept (six months). A mail that was refused or deferred counts, too."),
           answer
               ? list_of(*answer)
               : not_answering("The mail gateway", "Its records are safe and can be read when it is back."),
           paragraph(link("/mail", "Back to all messages"))));
}

}  // namespace privyseal::web
