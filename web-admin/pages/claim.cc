#include "web-admin/pages/claim.h"

#include "firmware/base/base64.h"
#include "firmware/base/random.h"
#include "web-admin/pages/layout.h"
#include "web-admin/pages/sign_in.h"

namespace privyseal::web {
namespace {

constexpr std::string_view kTooLate = "That took too long. Please enter your claim code again.";

Html code_form(const Visit& visit) {
  return form(
      visit, "/claim",
      join(input({.name = "code",
                  .label = "Claim code",
                  .hint =
                      "20 letters and digits, like K7QM-W3ZC-8PXA-0DVN-5RTJ. It works once, for 24 hours."}),
           button("Continue")));
}

/// Who will own the passkey: the one who was invited, or the first officer, who says it himself.
Result<NewUser> person_of(Visit& visit, const Claim& claim, const JsonObject& body) {
  if (claim.user_id) {
    const auto user = visit.at.users.find(*claim.user_id);
    if (!user) return std::unexpected(user.error());
    if (!*user) return fail(ErrorCode::kNotFound, "This invitation was withdrawn.");
    return NewUser{.name = (*user)->name, .email = (*user)->email, .role = (*user)->role};
  }
  const auto officer = visit.at.users.has_officer();
  if (!officer) return std::unexpected(officer.error());
  if (*officer) return fail(ErrorCode::kConflict, "There is a first officer already. Ask him to invite you.");
  NewUser person{.name = json_text(body, "name", "").value_or(""),
                 .email = json_text(body, "email", "").value_or(""),
                 .role = Role::kOfficer};
  if (auto complaint = complaint_about(person); !complaint.empty())
    return fail(ErrorCode::kInvalid, complaint);
  return person;
}

Html person_form(Visit& visit, const Claim& claim) {
  const auto user = claim.user_id ? visit.at.users.find(*claim.user_id) : Result<std::optional<User>>();
  const Html who =
      user && *user
          ? paragraph(join("Welcome, ", el("strong", {}, (*user)->name), ". You will be an ",
                           to_string((*user)->role), " here."))
          : join(paragraph("You will be the first officer: you run the appliance and invite the others."),
                 input({.name = "name", .label = "Your name", .autocomplete = "name"}),
                 input({.name = "email",
                        .label = "Your e-mail address",
                        .type = "email",
                        .autocomplete = "email"}));
  return join(
      who,
      paragraph("Now make a passkey. Your device asks for its PIN, your fingerprint or your face; nothing "
                "secret leaves it."),
      passkey_button(visit, "claim", "Make my passkey"));
}

/// Everything that a right registration changes. The code is used up first: it can never make a second
/// passkey.
Result<User> enrol(Visit& visit, const Challenge& challenge, const Passkey& passkey) {
  Services& at = visit.at;
  const WallTime now = at.clock.now();
  if (auto used = at.claims.use(*challenge.claim); !used) return std::unexpected(used.error());
  std::optional<User> user;
  if (challenge.claim->user_id) {
    auto found = at.users.find(*challenge.claim->user_id);
    if (!found) return std::unexpected(found.error());
    user = std::move(*found);
  } else {
    auto added = at.users.add(challenge.person, now);
    if (!added) return std::unexpected(added.error());
    user = std::move(*added);
  }
  if (!user) return fail(ErrorCode::kNotFound, "This invitation was withdrawn.");
  if (auto kept = at.users.add_passkey(user->id, passkey, now); !kept) return std::unexpected(kept.error());
  return std::move(*user);
}

Response options_for(const Visit& visit, const Challenge& challenge) {
  JsonArray parameters;
  for (const int algorithm : {kEs256, kEdDsa, kRs256})
    parameters.push_back(JsonObject{{"type", "public-key"}, {"alg", algorithm}});
  return json_response({{"ok", true},
                        {"challenge", to_base64url(challenge.bytes)},
                        {"rp", JsonObject{{"id", visit.at.settings.party.id}, {"name", "Privyseal"}}},
                        {"user", JsonObject{{"id", to_base64url(challenge.handle)},
                                            {"name", challenge.person.email},
                                            {"displayName", challenge.person.name}}},
                        {"pubKeyCredParams", std::move(parameters)},
                        {"attestation", "none"},
                        {"authenticatorSelection",
                         JsonObject{{"residentKey", "required"}, {"userVerification", "required"}}}});
}

}  // namespace

Response claim_page(Visit& visit) {
  if (visit.user) return redirect_to("/");
  if (const auto claim = visit.at.open_claims.find(visit.visitor, visit.at.clock.now()))
    return page(visit, Place::kNone, "Make your passkey", person_form(visit, *claim));
  return page(visit, Place::kNone, "Enter your claim code",
              join(paragraph("An officer gave you this code. The first officer's code is printed by "
                             "the appliance itself."),
                   code_form(visit)));
}

Response claim_code(Visit& visit) {
  const auto claim = visit.at.claims.check(visit.form.text("code"), visit.at.clock.now());
  if (!claim) {
    visit.at.journal.refused(visit.actor(), {.action = "claim", .object = "claim-code"},
                             claim.error().message);
    return page(visit, Place::kNone, "Enter your claim code",
                join(problem("There is a problem", {claim.error().message}), code_form(visit)), 403);
  }
  visit.at.open_claims.put(visit.visitor, *claim, visit.at.clock.now());
  return redirect_to("/claim");
}

Response claim_options(Visit& visit) {
  const WallTime now = visit.at.clock.now();
  const auto claim = visit.at.open_claims.find(visit.visitor, now);
  if (!claim) return say_no(403, kTooLate);
  const auto body = parse_json_object(visit.request.body);
  if (!body) return say_no(400, "That answer is not understood.");
  auto person = person_of(visit, *claim, *body);
  if (!person) return say_no(400, person.error().message);
  return options_for(visit, visit.at.challenges.put(visit.visitor, visit.source,
                                                    {.ceremony = Ceremony::kCreate,
                                                     .claim = claim,
                                                     .person = std::move(*person),
                                                     .handle = random_bytes(16)},
                                                    now));
}

Response claim_finish(Visit& visit) {
  const auto body = parse_json_object(visit.request.body);
  if (!body) return say_no(400, "That answer is not understood.");
  const auto challenge = visit.at.challenges.take(visit.visitor, Ceremony::kCreate, visit.at.clock.now());
  if (!challenge || !challenge->claim) return say_no(403, kTooLate);
  const Registration registration{.client_data_json = std::string(text_of(bytes_in(*body, "clientDataJSON"))),
                                  .attestation_object = bytes_in(*body, "attestationObject")};
  const Act act{.action = "passkey-register",
                .object = "user/" + challenge->person.name,
                .params = {{"role", to_string(challenge->person.role)}}};
  const auto passkey = verify_registration(visit.at.settings.party, challenge->bytes, registration);
  if (!passkey) {
    visit.at.journal.refused(visit.actor(), act, passkey.error().message);
    return say_no(403, "That passkey was not accepted. Please try again.");
  }
  if (auto begun = visit.at.journal.begin(visit.actor(), act); !begun)
    return say_no(503, "Nothing was done, because it could not be written to the audit log.");
  auto user = enrol(visit, *challenge, *passkey);
  visit.at.journal.end(visit.actor(), act, user ? Result<void>() : std::unexpected(user.error()));
  if (!user) return say_no(409, user.error().message);
  visit.at.open_claims.forget(visit.visitor);
  return begin_session(visit, *user);
}

}  // namespace privyseal::web
