#include "web-admin/pages/audit_pack.h"

#include <format>

#include "ca/fingerprint.h"
#include "firmware/base/day.h"
#include "provisioning/evidence/tar.h"
#include "web-admin/pages/declarations.h"
#include "web-admin/pages/layout.h"
#include "web-admin/server/own_door.h"
#include "web-admin/server/packer.h"

namespace privyseal::web {
namespace {

using evidence::DateRange;
using evidence::SignedPack;

constexpr std::string_view kTitle = "Pack for an auditor";
constexpr std::string_view kFolder = "pack";  // all files of the archive lie below it

std::string days_of(const DateRange& range) {
  return std::format("{:%F} until before {:%F}", day_of(range.from), day_of(range.to));
}

/// "pack/2026-03-10/2026-03-11"
std::string object_of(const DateRange& range) {
  return std::format("pack/{:%F}/{:%F}", day_of(range.from), day_of(range.to));
}

Html order_form(const Visit& visit) {
  const auto day = [&](const char* name, const char* label) {
    return input({.name = name, .label = label, .value = visit.form.text(name), .type = "date"});
  };
  return join(
      heading("Make a pack"),
      paragraph("It holds the mails of these days, all four audit logs, keys, certificates and accounts, "
                "says of each clause of the terms whether it is kept, and is signed by the HSM. It "
                "names people: give it to the auditor and nobody else. The audit log says who made it."),
      form(visit, "/audit-pack",
           join(day("from", "From this day (UTC)"), day("to", "Before this day (UTC)"),
                button("Make the pack"))));
}

Html sentences(const std::vector<std::string>& all) {
  Html html;
  for (const std::string& sentence : all) html += warning(sentence);
  return html;
}

Html ready(const SignedPack& pack, const Actor& who) {
  const std::uint64_t bytes = evidence::TarReader(pack.files, std::string(kFolder)).size_bytes();
  const Html faults =
      pack.unsound.empty() ? Html() : problem("The pack shows what is not sound", pack.unsound);
  return join(
      heading("The last pack"), faults, sentences(pack.missing),
      summary(
          {{"Days", days_of(pack.range)},
           {"Made", friendly_time(to_rfc3339(pack.made_at)) + " for " + who.name},
           {"Mails", std::to_string(pack.mails)},
           {"Size", std::format("{} KiB", (bytes + 1023) / 1024)},
           {"Content hash", el("code", {{"class", "ps-code"}, {"id", "content-hash"}}, pack.content_hash)},
           {"Audit key (SHA-256)", el("code", {{"class", "ps-code"}, {"id", "audit-key"}},
                                      ca::in_groups(ca::key_fingerprint(pack.audit_key)))}}),
      paragraph(link("/audit-pack/" + pack.content_hash, "Download the pack")),
      paragraph(
          "It is kept for an hour, or until another is made. The auditor unpacks it and runs "
          "verify_pack.py in it, with Python and OpenSSL alone. Tell him the audit key on another way: he "
          "compares it with the one that he is shown."));
}

Html last_pack(const Packer::State& state) {
  if (!state.order) return {};
  if (state.pack) return ready(*state.pack, state.order->who);
  if (state.failure) return problem("The last pack was not made", {state.failure->message});
  return inset(
      "A pack of " + days_of(state.order->range) + " is being made for " + state.order->who.name +
      ". That takes up to two minutes, and longer on a busy appliance. Load this page again to see it.");
}

Response pack_page_with(Visit& visit, const Html& above, Status code) {
  return page(visit, Place::kAudit, kTitle,
              join(above, last_pack(visit.at.packer.state()), declarations_line(visit), order_form(visit),
                   paragraph(link("/audit", "Back to all logs"))),
              code);
}

Response refused(Visit& visit, const std::string& reason, Status code = 422) {
  return pack_page_with(visit, problem("No pack is made", {reason}), code);
}

Result<void> order_pack(Visit& visit, const DateRange& range) {
  auto accounts = users_told(visit.at);
  if (!accounts) return std::unexpected(accounts.error());
  auto declarations = declarations_of(visit);
  if (!declarations) return std::unexpected(declarations.error());
  const Actor who = visit.actor();
  const auto ended = [&at = visit.at, who, object = object_of(range)](const Result<Packer::Made>& made) {
    Act act{.action = "audit-pack-make", .object = object};
    if (made) act.why = "content hash " + (*made)->content_hash;
    const Result<void> outcome = made.transform([](const auto&) {});
    at.at_desk([&at, who, act, outcome] { at.journal.end(who, act, outcome); });
  };
  return visit.at.packer.start({.range = range,
                                .who = who,
                                .accounts = std::move(*accounts),
                                .declarations = std::move(*declarations)},
                               ended);
}

}  // namespace

Response audit_pack_page(Visit& visit) { return pack_page_with(visit, {}, 200); }

Response audit_pack_make(Visit& visit) {
  const auto from = parse_day(visit.form.text("from"));
  const auto to = parse_day(visit.form.text("to"));
  if (!from || !to) return refused(visit, "Give both days, as 2026-03-01.");
  if (*from >= *to) return refused(visit, "The first day must be before the day after the last.");
  const DateRange range{*from, *to};
  const Actor who = visit.actor();
  const Act act{.action = "audit-pack-make", .object = object_of(range)};
  if (auto begun = visit.at.journal.begin(who, act); !begun)
    return refused(visit, "It could not be written to the audit log.", 503);
  if (auto ordered = order_pack(visit, range); !ordered) {
    visit.at.journal.end(who, act, ordered);
    return refused(visit, "It was not begun: " + ordered.error().message + ".", 503);
  }
  return redirect_to("/audit-pack");
}

Response audit_pack_file(Visit& visit) {
  const Packer::State state = visit.at.packer.state();
  if (!state.pack || state.pack->content_hash != visit.segments[0])
    return apology(visit, 404, "Page not found", "That pack is no longer here. Please have it made again.");
  const SignedPack& pack = *state.pack;
  if (auto noted = visit.at.journal.note(visit.actor(), {.action = "audit-pack-download",
                                                         .object = object_of(pack.range),
                                                         .why = "content hash " + pack.content_hash});
      !noted)
    return refused(visit, "It could not be written to the audit log.", 503);
  const auto archive = std::make_shared<evidence::TarReader>(pack.files, std::string(kFolder));
  Response response = file_response("application/x-tar", "");
  response.headers.emplace_back("Content-Disposition",
                                std::format("attachment; filename=\"privyseal-pack-{:%F}-{:%F}.tar\"",
                                            day_of(pack.range.from), day_of(pack.range.to)));
  response.long_body = std::make_shared<LongBody>(
      LongBody{.size_bytes = archive->size_bytes(), .next = [archive] { return archive->next(); }});
  return response;
}

}  // namespace privyseal::web
