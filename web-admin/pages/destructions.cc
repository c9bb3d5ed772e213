#include "web-admin/pages/destructions.h"

#include <algorithm>
#include <set>

#include "firmware/base/base64.h"
#include "firmware/base/sha256.h"
#include "web-admin/pages/approver.h"
#include "web-admin/pages/layout.h"
#include "web-admin/pages/sign_in.h"

namespace privyseal::web {
namespace {

constexpr std::size_t kNeeded = 2;

std::string role_in_words(std::string_view role) {
  if (role == "cjsm-identity") return "It showed CJSM who we are";
  if (role == "lan-identity") return "It showed your mail server who we are";
  if (role == "console-identity") return "It showed your browser who we are";
  return "Not known";
}

struct Pending {
  WantedDestruction wanted;
  std::vector<GivenApproval> given;
};

/// What a request may still become.
enum class Stage { kDone, kLate, kApproved, kOpen };
Stage stage_of(const Pending& pending, WallTime now) {
  if (pending.wanted.is_done) return Stage::kDone;
  if (now >= pending.wanted.what.until) return Stage::kLate;
  return pending.given.size() >= kNeeded ? Stage::kApproved : Stage::kOpen;
}

Html stage_tag(Stage stage) {
  switch (stage) {
    case Stage::kDone:
      return tag(Tone::kNeutral, "Destroyed");
    case Stage::kLate:
      return tag(Tone::kNeutral, "Too late");
    case Stage::kApproved:
      return tag(Tone::kGood, "Approved by two");
    case Stage::kOpen:
      return tag(Tone::kAttention, "Waits for approval");
  }
  return {};
}

std::string approved_by(const Pending& pending) {
  std::string names;
  for (const GivenApproval& given : pending.given)
    names += (names.empty() ? "" : ", ") + given.user + " (" + given.approval.person + "), " +
             friendly_time(given.at);
  return names.empty() ? "Nobody yet" : names;
}

Result<std::optional<Pending>> find_pending(const Visit& visit, std::string_view nonce) {
  auto wanted = visit.at.destructions.find(nonce);
  if (!wanted) return std::unexpected(wanted.error());
  if (!*wanted) return std::optional<Pending>();
  auto given = visit.at.destructions.approvals_of(nonce);
  if (!given) return std::unexpected(given.error());
  return Pending{.wanted = std::move(**wanted), .given = std::move(*given)};
}

Response records_not_read(Visit& visit) {
  return apology(visit, 503, "The console cannot read its own records",
                 "Mail is not affected. Please try again.");
}

// --- the list

Html requests(const Visit& visit, const std::vector<Pending>& all) {
  if (all.empty()) return inset("Nobody has asked that a key be destroyed.");
  Table list{.caption = "Requests to destroy a key",
             .columns = {"Key", "Retired", "Can be approved until", "Approved by", "State", "Request"},
             .rows = {}};
  for (const Pending& pending : all)
    list.rows.push_back({pending.wanted.what.key, friendly_time(pending.wanted.retired_at),
                         friendly_time(to_rfc3339(pending.wanted.what.until)), approved_by(pending),
                         stage_tag(stage_of(pending, visit.at.clock.now())),
                         link("/destructions/" + pending.wanted.what.nonce,
                              join("Read", el("span", {{"class", "govuk-visually-hidden"}},
                                              " the request for ", pending.wanted.what.key)))});
  return table(list);
}

Html who_may_approve(const Visit& visit) {
  std::set<std::string> persons;
  for (const auto& approver : approvers(visit)) persons.insert(approver.person);
  if (persons.empty())
    return inset(
        "Nobody may approve yet, so that no key can be destroyed. Root names two persons or more on the "
        "appliance: privyseal key approvers set FILE.");
  std::string names;
  for (const std::string& person : persons) names += (names.empty() ? "" : ", ") + person;
  return paragraph(join("Root has named ", el("strong", {}, names), ". The console cannot change that."));
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
          "You may not approve yet. Give this line, which is no secret, to the person who has root on the "
          "appliance. He puts it into his FILE; read its last letters to each other, so that it is yours:"),
      el("div", {{"id", "approver-line"}}, listed), role);
}

// --- one request

Html text_of_request(const std::string& text) {
  Html lines;
  std::size_t begin = 0;
  for (std::size_t end = text.find('\n'); end != std::string::npos;
       begin = end + 1, end = text.find('\n', begin))
    lines += join(text.substr(begin, end - begin), el("br", {}));
  return el("code", {{"class", "ps-code"}, {"id", "request-text"}}, lines);
}

/// Why this user cannot approve now; empty: he can.
std::string obstacle(const Visit& visit, const Pending& pending, const std::optional<OwnApprover>& own) {
  switch (stage_of(pending, visit.at.clock.now())) {
    case Stage::kDone:
      return "The key is no longer on the token.";
    case Stage::kLate:
      return "The time to approve is over. It can be asked for again on the appliance.";
    case Stage::kApproved:
      return "Two persons have approved. Whoever asked for it now runs: privyseal key destroy " +
             pending.wanted.what.key;
    case Stage::kOpen:
      break;
  }
  if (!own) return "Your passkey is not one of those that root has named for this.";
  const bool has_approved = std::ranges::any_of(
      pending.given, [&](const GivenApproval& given) { return given.approval.person == own->person; });
  if (has_approved) return "You have approved this. The second approval must be another person's.";
  return {};
}

Html approve_section(const Visit& visit, const Pending& pending, const std::optional<OwnApprover>& own) {
  if (const std::string why = obstacle(visit, pending, own); !why.empty()) return inset(why);
  if (!visit.may(Access::kOperator))
    return inset("An auditor changes nothing: to approve, you need another role.");
  return join(
      paragraph("With your passkey you approve exactly the text above. What is destroyed cannot be brought "
                "back."),
      passkey_button(visit, "destructions/" + pending.wanted.what.nonce, "Approve with my passkey"));
}

Response not_found(Visit& visit) {
  return apology(visit, 404, "Page not found",
                 "There is no such request; perhaps a newer one took its place.");
}

Html request_summary(const Visit& visit, const Pending& pending) {
  const WantedDestruction& wanted = pending.wanted;
  return summary({{"Key", wanted.what.key},
                  {"What it was for", role_in_words(wanted.role)},
                  {"Retired since", friendly_time(wanted.retired_at)},
                  {"Appliance", long_text(wanted.what.host)},
                  {"Asked for by", wanted.asked_by + ", on the appliance"},
                  {"Can be approved until", friendly_time(to_rfc3339(wanted.what.until))},
                  {"Approved by", approved_by(pending)},
                  {"State", stage_tag(stage_of(pending, visit.at.clock.now()))},
                  {"What you sign", text_of_request(to_text(wanted.what))}});
}

// --- an approval

struct Approvable {
  Pending pending;
  OwnApprover own;
  Bytes challenge;
};

/// kDenied, with the reason for the person.
Result<Approvable> approvable(const Visit& visit) {
  auto pending = find_pending(visit, visit.segments[0]);
  if (!pending) return std::unexpected(pending.error());
  if (!*pending) return fail(ErrorCode::kDenied, "There is no such request.");
  auto own = own_approver(visit);
  if (!own) return std::unexpected(own.error());
  if (const std::string why = obstacle(visit, **pending, *own); !why.empty())
    return fail(ErrorCode::kDenied, why);
  Bytes challenge = copy_of(sha256(bytes_of(to_text((*pending)->wanted.what))));
  return Approvable{
      .pending = std::move(**pending), .own = std::move(**own), .challenge = std::move(challenge)};
}

/// The approval, when it is by one of the user's own listed passkeys and of a size that keyd takes.
Result<GivenApproval> approval_in(Visit& visit, const Approvable& of, const Assertion& assertion) {
  const auto passkey = std::ranges::find(of.own.passkeys, assertion.credential_id, &Passkey::credential_id);
  if (passkey == of.own.passkeys.end())
    return fail(ErrorCode::kDenied, "passkey: it is none of this approver's");
  if (assertion.client_data_json.size() > hsm::kMaxClientDataBytes ||
      assertion.authenticator_data.size() > hsm::kMaxAuthenticatorDataBytes ||
      assertion.signature.size() > hsm::kMaxPasskeySignatureBytes)
    return fail(ErrorCode::kDenied, "passkey: its answer is too long");
  const auto count = verify_assertion(visit.at.settings.party, of.challenge, *passkey, assertion);
  if (!count) return std::unexpected(count.error());
  if (auto kept = visit.at.users.set_sign_count(assertion.credential_id, *count); !kept)
    return std::unexpected(kept.error());
  return GivenApproval{.approval = {.person = of.own.person,
                                    .authenticator_data = assertion.authenticator_data,
                                    .client_data = assertion.client_data_json,
                                    .signature = assertion.signature},
                       .user = visit.user->name,
                       .at = to_rfc3339(visit.at.clock.now())};
}

Response refuse_approval(Visit& visit, const Act& act, const Error& error) {
  visit.at.journal.refused(visit.actor(), act, error.message);
  const bool is_theirs = error.code == ErrorCode::kDenied && !error.message.starts_with("passkey: ");
  return say_no(403, is_theirs ? error.message : "That passkey was not accepted. Please try again.");
}

}  // namespace

Response destructions_page(Visit& visit) {
  const auto wanted = visit.at.destructions.all();
  const auto own = own_approver(visit);
  const auto lines = own_lines(visit);
  if (!wanted || !own || !lines) return records_not_read(visit);
  std::vector<Pending> all;
  for (const WantedDestruction& each : *wanted) {
    auto given = visit.at.destructions.approvals_of(each.what.nonce);
    if (!given) return records_not_read(visit);
    all.push_back({.wanted = each, .given = std::move(*given)});
  }
  return page(
      visit, Place::kKeys, "The end of a key",
      join(
          paragraph("A key that is no longer used is retired: it stays on the token and signs nothing. It is "
                    "destroyed when somebody on the appliance asks for it (privyseal key destroy-request "
                    "KEY) and two persons approve with their passkeys. The key service itself checks both."),
          requests(visit, all), heading("Who may approve"), who_may_approve(visit), heading("You"),
          own_passkey(visit, *own, *lines)));
}

Response destruction_page(Visit& visit) {
  const auto pending = find_pending(visit, visit.segments[0]);
  const auto own = own_approver(visit);
  if (!pending || !own) return records_not_read(visit);
  if (!*pending) return not_found(visit);
  return page(visit, Place::kKeys, "Destroy the key " + (*pending)->wanted.what.key,
              join(visit.query.text("done") == "approved" ? success("Your approval is kept.") : Html(),
                   request_summary(visit, **pending), approve_section(visit, **pending, *own),
                   paragraph(link("/destructions", "Back to all requests"))));
}

Response destruction_options(Visit& visit) {
  const auto of = approvable(visit);
  if (!of)
    return refuse_approval(visit, {.action = "destruction-approve", .object = visit.request.path},
                           of.error());
  JsonArray passkeys;
  for (const Passkey& passkey : of->own.passkeys) passkeys.emplace_back(to_base64url(passkey.credential_id));
  return json_response({{"ok", true},
                        {"challenge", to_base64url(of->challenge)},
                        {"rpId", visit.at.settings.party.id},
                        {"userVerification", "required"},
                        {"allowCredentials", std::move(passkeys)}});
}

Response destruction_finish(Visit& visit) {
  const auto body = parse_json_object(visit.request.body);
  if (!body) return say_no(400, "That answer is not understood.");
  const auto of = approvable(visit);
  if (!of)
    return refuse_approval(visit, {.action = "destruction-approve", .object = visit.request.path},
                           of.error());
  const hsm::Destruction& what = of->pending.wanted.what;
  const Act act{
      .action = "destruction-approve", .object = "key/" + what.key, .params = {{"text", to_text(what)}}};
  const auto given = approval_in(visit, *of, assertion_in(*body));
  if (!given) return refuse_approval(visit, act, given.error());
  if (auto begun = visit.at.journal.begin(visit.actor(), act); !begun)
    return say_no(503, "Nothing was done, because it could not be written to the audit log.");
  const auto kept = visit.at.destructions.approve(what.nonce, *given);
  visit.at.journal.end(visit.actor(), act, kept);
  if (!kept)
    return say_no(409, kept.error().code == ErrorCode::kConflict
                           ? kept.error().message
                           : "The console cannot write its own records.");
  return json_response({{"ok", true}, {"next", "/destructions/" + what.nonce + "?done=approved"}});
}

}  // namespace privyseal::web
