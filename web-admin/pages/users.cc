#include "web-admin/pages/users.h"

#include "firmware/base/number.h"
#include "web-admin/pages/layout.h"

namespace privyseal::web {
namespace {

Html invite_form(const Visit& visit) {
  Html options;
  const std::string typed = visit.form.text("role");
  const std::string_view chosen =
      typed.empty() ? to_string(Role::kAuditor) : typed;  // the least, unless chosen
  for (const RoleName& role : kRoles)
    options +=
        el("option", {{"value", role.name}, {"selected", role.name == chosen}}, role.name, ": ", role.means);
  return form(visit, "/users/invite",
              join(input({.name = "name", .label = "Name", .value = visit.form.text("name")}),
                   input({.name = "email",
                          .label = "E-mail address",
                          .value = visit.form.text("email"),
                          .type = "email"}),
                   select({.name = "role", .label = "Role", .options = options}), button("Invite")));
}

Html state_of(const User& user) {
  return user.has_passkey ? tag(Tone::kGood, "Can sign in") : tag(Tone::kNeutral, "Invited");
}

Html end_button(const Visit& visit, const User& user) {
  return form(visit, "/users/" + std::to_string(user.id) + "/end",
              el("button", {{"type", "submit"}, {"class", "ps-link-button govuk-link"}}, "End",
                 el("span", {{"class", "govuk-visually-hidden"}}, " the access of ", user.name)));
}

Html list(const Visit& visit, const std::vector<User>& users) {
  const bool is_officer = visit.may(Access::kOfficer);
  Table all{.caption = "People who may sign in",
            .columns = {"Name", "E-mail address", "Role", "State", "Since"},
            .rows = {}};
  if (is_officer) all.columns.emplace_back("Access");
  for (const User& user : users) {
    all.rows.push_back({long_text(user.name), long_text(user.email), to_string(user.role), state_of(user),
                        friendly_time(user.since)});
    if (is_officer) all.rows.back().push_back(end_button(visit, user));
  }
  return table(all);
}

Response users_page_with(Visit& visit, const Html& above, Status status) {
  const auto users = visit.at.users.all();
  if (!users)
    return apology(visit, 503, "The console cannot read its own records",
                   "Mail is not affected. Please try again.");
  const Html invite = visit.may(Access::kOfficer)
                          ? join(heading("Invite somebody"),
                                 paragraph("You get a claim code to pass on. It works once, for 24 hours."),
                                 invite_form(visit))
                          : Html();
  return page(visit, Place::kUsers, "Users", join(above, list(visit, *users), invite), status);
}

Response refused(Visit& visit, std::string_view title, const Error& error) {
  const bool is_theirs = error.code == ErrorCode::kInvalid || error.code == ErrorCode::kConflict ||
                         error.code == ErrorCode::kNotFound;
  return users_page_with(
      visit, problem(title, {is_theirs ? error.message : "The console cannot write its own records."}),
      is_theirs ? 422 : 503);
}

Result<NewClaim> invite(Visit& visit, const NewUser& person) {
  const auto user = visit.at.users.add(person, visit.at.clock.now());
  if (!user) return std::unexpected(user.error());
  return visit.at.claims.make(user->id, visit.at.clock.now());
}

Result<void> end_access(Visit& visit, std::int64_t id) {
  if (auto ended = visit.at.users.end(id, visit.at.clock.now()); !ended) return ended;
  if (auto closed = visit.at.sessions.end_all_of(id); !closed) return closed;
  return visit.at.claims.void_all_of(id);
}

}  // namespace

Response users_page(Visit& visit) {
  const bool has_ended = visit.query.text("done") == "ended";
  return users_page_with(visit, has_ended ? success("The access is ended, and with it the session.") : Html(),
                         200);
}

Response user_invite(Visit& visit) {
  const auto role = role_named(visit.form.text("role"));
  const NewUser person{.name = visit.form.text("name"),
                       .email = visit.form.text("email"),
                       .role = role.value_or(Role::kAuditor)};
  if (!role) return refused(visit, "Nobody was invited", {ErrorCode::kInvalid, "Choose a role."});
  if (auto complaint = complaint_about(person); !complaint.empty())
    return refused(visit, "Nobody was invited", {ErrorCode::kInvalid, complaint});
  const Act act{.action = "user-invite",
                .object = "user/" + person.name,
                .params = {{"email", person.email}, {"role", to_string(person.role)}}};
  const Actor actor = visit.actor();
  if (auto begun = visit.at.journal.begin(actor, act); !begun)
    return refused(visit, "Nobody was invited", begun.error());
  const auto claim = invite(visit, person);
  visit.at.journal.end(actor, act, claim ? Result<void>() : std::unexpected(claim.error()));
  if (!claim) return refused(visit, "Nobody was invited", claim.error());
  const Html content =
      join(success(person.name + " is invited."),
           paragraph("Pass this on by phone or in person. It is shown only now."),
           summary({{"Where", visit.at.settings.party.origins.front() + "/claim"},
                    {"Claim code",
                     el("code", {{"class", "ps-code ps-code--large"}, {"id", "claim-code"}}, claim->code)},
                    {"Works until", friendly_time(claim->expires_at)}}),
           paragraph(link("/users", "Back to all users")));
  return page(visit, Place::kUsers, "An invitation", content);
}

Response user_end(Visit& visit) {
  const auto id = parse_number(visit.segments[0]);
  if (!id) return apology(visit, 404, "Page not found", "There is no such user.");
  const Act act{.action = "user-end", .object = "user/" + std::to_string(*id)};
  const Actor actor = visit.actor();
  if (auto begun = visit.at.journal.begin(actor, act); !begun)
    return refused(visit, "Nothing was changed", begun.error());
  const auto ended = end_access(visit, *id);
  visit.at.journal.end(actor, act, ended);
  if (!ended) return refused(visit, "Nothing was changed", ended.error());
  return redirect_to("/users?done=ended");
}

}  // namespace privyseal::web
