#include "web-admin/pages/destructions.h"

#include <algorithm>
#include <set>

#include "firmware/base/random.h"
#include "hsm/key_kind.h"
#include "web-admin/pages/approver.h"
#include "web-admin/pages/pending_destruction.h"

namespace privyseal::web {
namespace {

constexpr std::size_t kNonceBytes = 16;

using RetiredKeys = Result<std::vector<hsm::RetiredKey>>;

std::string retired_since(const hsm::RetiredKey& key) {
  if (key.retired_at == 0) return {};
  return to_rfc3339(WallTime(std::chrono::seconds(key.retired_at)));
}

Html named_link(std::string_view text, const std::string& key, const std::string& nonce) {
  return link("/destructions/" + nonce,
              join(text, el("span", {{"class", "govuk-visually-hidden"}}, " the request for ", key)));
}

Html ask_button(const Visit& visit, const std::string& key) {
  return form(visit, "/destructions",
              join(el("input", {{"type", "hidden"}, {"name", "key"}, {"value", key}}),
                   el("button", {{"type", "submit"}, {"class", "ps-link-button govuk-link"}},
                      "Ask that it be destroyed",
                      el("span", {{"class", "govuk-visually-hidden"}}, ": the key ", key))));
}

const PendingDestruction* live_request_for(const Visit& visit, const std::vector<PendingDestruction>& all,
                                           const std::string& key) {
  const auto found = std::ranges::find_if(all, [&](const PendingDestruction& each) {
    return each.wanted.what.key == key && is_live(stage_of(each, visit.at.clock.now()));
  });
  return found == all.end() ? nullptr : &*found;
}

/// What can be done about a retired key.
Html end_of(const Visit& visit, const std::vector<PendingDestruction>& all, const std::string& key) {
  if (const PendingDestruction* live = live_request_for(visit, all, key))
    return named_link("Asked for: read", key, live->wanted.what.nonce);
  if (approvers(visit).empty()) return "Nobody may approve it";
  return visit.may(Access::kOfficer) ? ask_button(visit, key) : Html("An officer can ask for it");
}

Html retired_keys(const Visit& visit, const RetiredKeys& keys, const std::vector<PendingDestruction>& all) {
  if (!keys) return not_answering("The key service", "Which retired keys there are cannot be seen just now.");
  if (keys->empty()) return inset("There is no retired key on the token.");
  Table list{.caption = "Retired keys on the token",
             .columns = {"Key", "What it was for", "Retired", "Its end"},
             .rows = {}};
  for (const hsm::RetiredKey& key : *keys)
    list.rows.push_back({key.name, was_for(name_of(key.role)), friendly_time(retired_since(key)),
                         end_of(visit, all, key.name)});
  return table(list);
}

Html requests(const Visit& visit, const std::vector<PendingDestruction>& all) {
  if (all.empty()) return {};
  Table list{.caption = "Requests to destroy a key",
             .columns = {"Key", "Can be approved until", "Approved by", "State", "Request"},
             .rows = {}};
  for (const PendingDestruction& pending : all) {
    const hsm::Destruction& what = pending.wanted.what;
    list.rows.push_back({what.key, friendly_time(to_rfc3339(what.until)), approved_by(pending),
                         stage_tag(stage_of(pending, visit.at.clock.now())),
                         named_link("Read", what.key, what.nonce)});
  }
  return table(list);
}

Html who_may_approve(const Visit& visit) {
  std::set<std::string> persons;
  for (const auto& approver : approvers(visit)) persons.insert(approver.person);
  if (persons.empty())
    return inset(
        "Nobody may approve yet, so that no key can be destroyed. It is the appliance's signed provisioning "
        "file that names approvers, two persons or more.");
  std::string names;
  for (const std::string& person : persons) names += (names.empty() ? "" : ", ") + person;
  return paragraph(join("The appliance's provisioning file names ", el("strong", {}, names),
                        ". Only a newer signed file changes that; the console cannot."));
}

Html own_passkey(const Visit& visit, const std::optional<OwnApprover>& own,
                 const std::vector<std::string>& lines) {
  const Html role = visit.may(Access::kOperator)
                        ? Html()
                        : paragraph("An auditor changes nothing: to approve, you need another role as well.");
  if (own) return join(paragraph(join("You may approve, as ", el("strong", {}, own->person), ".")), role);
  if (lines.empty())
    return join(
        paragraph("Your passkey is of a kind (RSA) that cannot approve. Ask an officer for a new claim code, "
                  "and use another device."),
        role);
  Html listed;
  for (const std::string& line : lines) listed += paragraph(el("code", {{"class", "ps-code"}}, line));
  return join(
      paragraph(
          "You may not approve yet. Give this line, which is no secret, to whoever writes the appliance's "
          "provisioning file; it goes into the list 'approvers'. Read its last letters to each other, so "
          "that it is yours:"),
      el("div", {{"id", "approver-line"}}, listed), role);
}

Response page_with(Visit& visit, const Html& above, const RetiredKeys& keys, Status status) {
  const auto all = all_pending(visit);
  const auto own = own_approver(visit);
  const auto lines = own_lines(visit);
  if (!all || !own || !lines) return records_not_read(visit);
  const Html explained = paragraph(
      "A key that is no longer used is retired: it stays on the token and signs nothing. An "
      "officer asks here that it be destroyed, which destroys nothing yet. As soon as two persons "
      "have approved it with their passkeys, within a day, the key service checks both approvals "
      "itself and destroys the key.");
  return page(visit, Place::kKeys, "The end of a key",
              join(above, explained, retired_keys(visit, keys, *all), requests(visit, *all),
                   heading("Who may approve"), who_may_approve(visit), heading("You"),
                   own_passkey(visit, *own, *lines)),
              status);
}

Response nothing_asked(Visit& visit, const RetiredKeys& keys, const std::string& why, Status status) {
  return page_with(visit, problem("Nothing was asked for", {why}), keys, status);
}

WantedDestruction new_request(const Visit& visit, const hsm::RetiredKey& key) {
  const auto now = std::chrono::floor<std::chrono::seconds>(visit.at.clock.now());
  return {.what = {.host = visit.at.settings.host,
                   .key = key.name,
                   .until = now + hsm::kToCollectApprovals,
                   .nonce = to_hex(random_bytes(kNonceBytes))},
          .role = std::string(name_of(key.role)),
          .retired_at = retired_since(key),
          .asked_by = visit.user->name};
}

}  // namespace

Response destructions_page(Visit& visit) {
  return page_with(visit, {}, visit.at.keys.list_retired_keys(), 200);
}

Response destruction_ask(Visit& visit) {
  const auto keys = visit.at.keys.list_retired_keys();
  if (!keys) return nothing_asked(visit, keys, "The key service is not answering. Please try again.", 503);
  const auto key = std::ranges::find(*keys, visit.form.text("key"), &hsm::RetiredKey::name);
  if (key == keys->end())
    return nothing_asked(visit, keys, "There is no retired key of this name on the token.", 422);
  const auto all = all_pending(visit);
  if (!all) return records_not_read(visit);
  // A new request would end the approvals that this one has.
  if (const PendingDestruction* live = live_request_for(visit, *all, key->name))
    return redirect_to("/destructions/" + live->wanted.what.nonce);
  const WantedDestruction wanted = new_request(visit, *key);
  const Act act{
      .action = "destruction-ask", .object = "key/" + key->name, .params = {{"text", to_text(wanted.what)}}};
  if (auto begun = visit.at.journal.begin(visit.actor(), act); !begun)
    return nothing_asked(visit, keys, "It could not be written to the audit log.", 503);
  const auto asked = visit.at.destructions.ask(wanted);
  visit.at.journal.end(visit.actor(), act, asked);
  if (!asked) return nothing_asked(visit, keys, "The console cannot write its own records.", 503);
  return redirect_to("/destructions/" + wanted.what.nonce + "?done=asked");
}

}  // namespace privyseal::web
