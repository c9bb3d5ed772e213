#include "web-admin/pages/audit_pack.h"

#include "web-admin/pages/declarations.h"
#include "web-admin/pages/take_out.h"
#include "web-admin/server/own_door.h"
#include "web-admin/server/packer.h"

namespace privyseal::web {
namespace {

using evidence::DateRange;
using evidence::SignedPack;

constexpr std::string_view kTitle = "Pack for an auditor";
constexpr std::string_view kKind = "pack";

Html order_form(const Visit& visit) {
  return join(
      heading("Make a pack"),
      paragraph("It holds the mails of these days, all four audit logs, keys, certificates and accounts, "
                "says of each clause of the terms whether it is kept, and is signed by the HSM. It "
                "names people: give it to the auditor and nobody else. The audit log says who made it."),
      form(visit, "/audit-pack", join(day_inputs(visit), button("Make the pack"))));
}

Html sentences(const std::vector<std::string>& all) {
  Html html;
  for (const std::string& sentence : all) html += warning(sentence);
  return html;
}

Html ready(const SignedPack& pack, const Actor& who) {
  const Html faults =
      pack.unsound.empty() ? Html() : problem("The pack shows what is not sound", pack.unsound);
  return join(
      heading("The last pack"), faults, sentences(pack.missing),
      summary({{"Days", text_of(pack.range)},
               {"Made", friendly_time(to_rfc3339(pack.made_at)) + " for " + who.name},
               {"Mails", std::to_string(pack.mails)},
               size_row(pack.files, kKind),
               {"Content hash", code_text("content-hash", pack.content_hash)},
               audit_key_row(pack.audit_key)}),
      paragraph(link("/audit-pack/" + pack.content_hash, "Download the pack")),
      paragraph("It is kept for an hour, or until another is made. The auditor unpacks it and runs "
                "verify_pack.py in it, with Python and OpenSSL alone. Give the auditor the audit key "
                "in another way, by telephone perhaps: it must be the one that verify_pack.py prints."));
}

Html last_pack(const Packer::State& state) {
  if (!state.order) return {};
  if (state.made) return ready(*state.made, state.order->who);
  if (state.failure) return problem("The last pack was not made", {state.failure->message});
  return inset(
      "A pack of " + text_of(state.order->range) + " is being made for " + state.order->who.name +
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

Result<PackOrder> order_of(const Visit& visit, const DateRange& range) {
  auto accounts = users_told(visit.at);
  if (!accounts) return std::unexpected(accounts.error());
  auto declarations = declarations_of(visit);
  if (!declarations) return std::unexpected(declarations.error());
  return PackOrder{.range = range,
                   .who = visit.actor(),
                   .accounts = std::move(*accounts),
                   .declarations = std::move(*declarations)};
}

}  // namespace

Response audit_pack_page(Visit& visit) { return pack_page_with(visit, {}, 200); }

Response audit_pack_make(Visit& visit) {
  const auto range = days_in(visit.form);
  if (!range) return refused(visit, range.error().message);
  const auto ordered = have_made(
      visit, visit.at.packer, {.action = "audit-pack-make", .object = object_of(kKind, *range)},
      [&] { return order_of(visit, *range); },
      [](const Packer::Made& made) { return "content hash " + made->content_hash; });
  if (!ordered) return refused(visit, "It was not begun: " + ordered.error().message + ".", 503);
  return redirect_to("/audit-pack");
}

Response audit_pack_file(Visit& visit) {
  const Packer::State state = visit.at.packer.state();
  if (!state.made || state.made->content_hash != visit.segments[0])
    return apology(visit, 404, "Page not found", "That pack is no longer here. Please have it made again.");
  const SignedPack& pack = *state.made;
  if (auto noted = visit.at.journal.note(visit.actor(), {.action = "audit-pack-download",
                                                         .object = object_of(kKind, pack.range),
                                                         .why = "content hash " + pack.content_hash});
      !noted)
    return refused(visit, "It could not be written to the audit log.", 503);
  return archive_of(pack.files, kKind, pack.range);
}

}  // namespace privyseal::web
