#include "web-admin/pages/directory.h"

#include <algorithm>
#include <array>
#include <format>
#include <memory>

#include "provisioning/evidence/directory_file.h"
#include "web-admin/pages/layout.h"
#include "web-admin/server/asked_as.h"

namespace privyseal::web {
namespace {

constexpr std::string_view kTitle = "CJSM directory";
constexpr std::chrono::seconds kTakenOutWithin{20};  // meanwhile the console answers nobody else
constexpr std::chrono::milliseconds kPartWithin{3000};

struct AddressList {
  std::string_view format;  ///< at the door, and in the path
  std::string_view type;
};
constexpr std::array kAddressLists{AddressList{"csv", "text/csv; charset=utf-8"},
                                   AddressList{"ldif", "text/plain; charset=utf-8"}};

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

Html take_out() {
  return join(heading("Take it out"),
              paragraph(join("Everybody who is active, as an address list: ",
                             link("/directory/csv", "CSV, for a spreadsheet"), ", or ",
                             link("/directory/ldif", "LDIF, for a mail program"),
                             ". It names people. The audit log says who downloaded it.")));
}

Response directory_with(Visit& visit, const Html& above, Status code) {
  return page(visit, Place::kMail, kTitle,
              join(above, search_form(visit.query.text("text")), take_out(),
                   paragraph(link("/mail", "Back to all messages"))),
              code);
}

/// All of it, within the time that the desk has for one request.
Result<evidence::Content> people_for(const Visit& visit, std::string_view format) {
  const auto until = std::chrono::steady_clock::now() + kTakenOutWithin;
  const auto in_time = [until]() -> Result<void> {
    if (std::chrono::steady_clock::now() >= until)
      return fail(ErrorCode::kTimeout, "gatewayd: the directory took too long");
    return {};
  };
  const Settings& settings = visit.at.settings;
  const evidence::Appliance appliance(asked_as(visit.actor(), settings, in_time), settings.keyd_socket,
                                      kPartWithin);
  return evidence::directory_file(appliance, format, settings.state);
}

Response address_list(const evidence::Content& people, const AddressList& list) {
  Response response = file_response(list.type, "");
  response.headers.emplace_back("Content-Disposition",
                                std::format("attachment; filename=\"cjsm-directory.{}\"", list.format));
  const auto next = [people, offset = std::make_shared<std::uint64_t>(0)]() -> Result<std::string> {
    auto piece = people.piece(*offset);
    if (piece) *offset += piece->size();
    return piece;
  };
  response.long_body = std::make_shared<LongBody>(LongBody{.size_bytes = people.size_bytes(), .next = next});
  return response;
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
              join(search_form(text), found, take_out(), paragraph(link("/mail", "Back to all messages"))));
}

Response directory_file(Visit& visit) {
  const auto list = std::ranges::find(kAddressLists, visit.segments[0], &AddressList::format);
  if (list == kAddressLists.end())
    return apology(visit, 404, "Page not found", "The directory is taken out as CSV or as LDIF.");
  const Actor who = visit.actor();
  Act act{.action = "directory-export", .object = "directory/" + std::string(list->format)};
  if (auto begun = visit.at.journal.begin(who, act); !begun)
    return directory_with(
        visit, problem("Nothing is taken out", {"It could not be written to the audit log."}), 503);
  const auto people = people_for(visit, list->format);
  if (people) act.why = std::format("{} bytes, SHA-256 {}", people->size_bytes(), to_hex(people->sha256()));
  visit.at.journal.end(who, act, people.transform([](const auto&) {}));
  if (people) return address_list(*people, *list);
  const bool is_no_answer = is_away(people.error());
  return directory_with(visit,
                        problem("Nothing is taken out",
                                {is_no_answer ? std::string(kGatewayIsAway) : people.error().message + "."}),
                        503);
}

}  // namespace privyseal::web
