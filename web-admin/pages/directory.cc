#include "web-admin/pages/directory.h"

#include "web-admin/pages/layout.h"

namespace privyseal::web {
namespace {

constexpr std::string_view kTitle = "CJSM directory";

Html search_form(const std::string& text) {
  return el("form", {{"method", "get"}, {"action", "/directory"}, {"role", "search"}},
            input({.name = "text",
                   .label = "A name, an organisation or an address",
                   .hint = "Or a part of it.",
                   .value = text,
                   .is_wide = true}),
            button("Search"));
}

Html people_in(const JsonObject& answer) {
  Table people{.caption = "People", .columns = {"Name", "Organisation", "Address"}, .rows = {}};
  if (const JsonArray* entries = json_array(answer, "entries"))
    for (const Json& entry : *entries)
      if (entry.is_object())
        people.rows.push_back({shown(entry.get_object(), "name"), shown(entry.get_object(), "organisation"),
                               long_text(shown(entry.get_object(), "address"))});
  return people.rows.empty() ? inset("Nobody matches. An officer brings a newer directory under Rules.")
                             : table(people);
}

}  // namespace

Response directory_page(Visit& visit) {
  const std::string text = visit.query.text("text");
  Html found;
  if (!text.empty()) {
    const auto answer = ask(visit, visit.at.settings.gateway_door, "directory-search", {{"text", text}});
    found = answer ? people_in(*answer) : not_answering("The mail gateway", "Mail is not affected.");
  }
  return page(visit, Place::kMail, kTitle,
              join(search_form(text), found, paragraph(link("/mail", "Back to all messages"))));
}

}  // namespace privyseal::web
