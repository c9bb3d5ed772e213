#include "web-admin/pages/destruction.h"

#include <algorithm>
#include <array>

#include "firmware/base/base64.h"
#include "firmware/base/sha256.h"
#include "web-admin/pages/approver.h"
#include "web-admin/pages/pending_destruction.h"
#include "web-admin/pages/sign_in.h"

namespace privyseal::web {
namespace {

std::string path_of(const hsm::Destruction& what) { return "/destructions/" + what.nonce; }

// --- what the page shows

Html text_of_request(const std::string& text) {
  Html lines;
  std::size_t begin = 0;
  for (std::size_t end = text.find('\n'); end != std::string::npos;
       begin = end + 1, end = text.find('\n', begin))
    lines += join(text.substr(begin, end - begin), el("br", {}));
  return el("code", {{"class", "ps-code"}, {"id", "request-text"}}, lines);
}

/// Why this user cannot approve now; empty: he can.
std::string obstacle(const Visit& visit, const PendingDestruction& pending,
                     const std::optional<OwnApprover>& own) {
  switch (stage_of(pending, visit.at.clock.now())) {
    case Stage::kDone:
      return "The key is no longer on the token. Its name is never given again.";
    case Stage::kRefused:
      return "The key was not destroyed. The key service refuses: " + pending.wanted.refusal +
             ". An officer can ask for it anew.";
    case Stage::kLate:
      return "The time to approve is over. An officer can ask for it anew.";
    case Stage::kApproved:
      return "Two persons have approved, but it was not carried out: the key service did not answer, or it "
             "could not be written to the audit log. The approvals are kept.";
    case Stage::kOpen:
      break;
  }
  if (!own) return "Your passkey is not one of those that the appliance's provisioning file names for this.";
  const bool has_approved = std::ranges::any_of(
      pending.given, [&](const GivenApproval& given) { return given.approval.person == own->person; });
  if (has_approved) return "You have approved this. The second approval must be another person's.";
  return {};
}

Html try_again(const Visit& visit, const PendingDestruction& pending) {
  if (!visit.may(Access::kOperator) || stage_of(pending, visit.at.clock.now()) != Stage::kApproved) return {};
  return act_button(visit, path_of(pending.wanted.what) + "/carry-out",
                    "Destroy the key now, as two persons have approved", ButtonKind::kWarning);
}

Html approve_section(const Visit& visit, const PendingDestruction& pending,
                     const std::optional<OwnApprover>& own) {
  if (const std::string why = obstacle(visit, pending, own); !why.empty())
    return join(inset(why), try_again(visit, pending));
  if (!visit.may(Access::kOperator))
    return inset("An auditor changes nothing: to approve, you need another role.");
  const bool is_last = pending.given.size() + 1 == kNeededApprovals;
  return join(
      paragraph(
          std::string("With your passkey you approve exactly the text above. ") +
          (is_last ? "Yours is the second approval: the key is destroyed at once, and cannot be brought back."
                   : "The key is destroyed once a second person has approved, and cannot be brought back.")),
      passkey_button(visit, "destructions/" + pending.wanted.what.nonce, "Approve with my passkey"));
}

Html request_summary(const Visit& visit, const PendingDestruction& pending) {
  const WantedDestruction& wanted = pending.wanted;
  return summary({{"Key", wanted.what.key},
                  {"What it was for", was_for(wanted.role)},
                  {"Retired since", friendly_time(wanted.retired_at)},
                  {"Appliance", long_text(wanted.what.host)},
                  {"Asked for by", wanted.asked_by},
                  {"Can be approved until", friendly_time(to_rfc3339(wanted.what.until))},
                  {"Approved by", approved_by(pending)},
                  {"State", stage_tag(stage_of(pending, visit.at.clock.now()))},
                  {"What is signed", text_of_request(to_text(wanted.what))}});
}

/// What the visitor's own act has led to.
Html outcome(const Visit& visit, const PendingDestruction& pending) {
  const std::string done = visit.query.text("done");
  const Stage stage = stage_of(pending, visit.at.clock.now());
  if (done == "asked" && stage == Stage::kOpen && pending.given.empty())
    return success("It is asked for. Two persons now approve it on this page.");
  if (done == "approved" && stage == Stage::kOpen) return success("Your approval is kept.");
  if (done == "approved" && stage == Stage::kDone) return success("The key is destroyed.");
  return {};
}

Response not_found(Visit& visit) {
  return apology(visit, 404, "Page not found",
                 "There is no such request; perhaps a newer one took its place.");
}

// --- an approval

struct Approvable {
  PendingDestruction pending;
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

Act act_of(std::string_view action, const hsm::Destruction& what) {
  return {.action = action, .object = "key/" + what.key, .params = {{"text", to_text(what)}}};
}

// --- the end

Result<void> ask_keyd(Visit& visit, const PendingDestruction& pending) {
  const hsm::Destruction& what = pending.wanted.what;
  auto done =
      visit.at.keys.destroy(what.key, to_text(what), {pending.given[0].approval, pending.given[1].approval});
  if (done || done.error().code != ErrorCode::kConflict) return done;
  // The approvals were used before: by a try of ours whose answer was lost, when the key is gone.
  const auto left = visit.at.keys.list_retired_keys();
  if (!left) return std::unexpected(left.error());
  if (!std::ranges::contains(*left, what.key, &hsm::RetiredKey::name)) return {};
  return done;
}

/// keyd was not reached, or cannot do it just now; what is asked again harms nothing.
bool may_be_tried_again(ErrorCode code) {
  return code == ErrorCode::kUnavailable || code == ErrorCode::kTimeout || code == ErrorCode::kClosed;
}

std::string refusal_in_words(const Error& error) {
  constexpr std::string_view kKeyds = "keyd refuses: ";
  std::string_view why = error.message;
  if (why.starts_with(kKeyds)) why.remove_prefix(kKeyds.size());
  return why.empty() ? "it gives no reason" : std::string(why);
}

/// Brings both approvals to keyd, which decides; written down before and after. Whatever keyd says is the
/// request's end, but where it could not be asked, the request stays as it is.
void carry_out(Visit& visit, const PendingDestruction& pending) {
  const hsm::Destruction& what = pending.wanted.what;
  const Act act = act_of("key-destroy", what);
  if (auto begun = visit.at.journal.begin(visit.actor(), act); !begun) return;
  const auto done = ask_keyd(visit, pending);
  const bool is_end = done || !may_be_tried_again(done.error().code);
  const auto kept =
      is_end ? visit.at.destructions.end(what.nonce, done ? "" : refusal_in_words(done.error())) : done;
  visit.at.journal.end(visit.actor(), act, done ? kept : done);
}

}  // namespace

Response destruction_page(Visit& visit) {
  const auto pending = find_pending(visit, visit.segments[0]);
  const auto own = own_approver(visit);
  if (!pending || !own) return records_not_read(visit);
  if (!*pending) return not_found(visit);
  return page(visit, Place::kKeys, "Destroy the key " + (*pending)->wanted.what.key,
              join(outcome(visit, **pending), request_summary(visit, **pending),
                   approve_section(visit, **pending, *own),
                   paragraph(link("/destructions", "Back to all retired keys"))));
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
  auto of = approvable(visit);
  if (!of)
    return refuse_approval(visit, {.action = "destruction-approve", .object = visit.request.path},
                           of.error());
  PendingDestruction& pending = of->pending;
  const hsm::Destruction& what = pending.wanted.what;
  const Act act = act_of("destruction-approve", what);
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
  pending.given.push_back(*given);
  if (stage_of(pending, visit.at.clock.now()) == Stage::kApproved) carry_out(visit, pending);
  return json_response({{"ok", true}, {"next", path_of(what) + "?done=approved"}});
}

Response destruction_carry_out(Visit& visit) {
  const auto pending = find_pending(visit, visit.segments[0]);
  if (!pending) return records_not_read(visit);
  if (!*pending) return not_found(visit);
  if (stage_of(**pending, visit.at.clock.now()) == Stage::kApproved) carry_out(visit, **pending);
  return redirect_to(path_of((*pending)->wanted.what) + "?done=approved");
}

}  // namespace privyseal::web
