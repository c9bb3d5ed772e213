// What a person may ask of a renewal at the door.
#include "ca/renewd/renewal.h"

namespace privyseal::renewd {

using ca::GenerationState;
using ca::Issuer;
using Kind = ca::Step::Kind;

namespace {

std::unexpected<Error> conflict(std::string why) { return fail(ErrorCode::kConflict, std::move(why)); }

std::string number_text(const ca::Generation& generation) {
  return "generation " + std::to_string(generation.number);
}

}  // namespace

Result<ca::Generation> Renewal::request(std::optional<std::int64_t> instead_of, const Actor& actor) {
  auto state = identity();
  if (!state) return std::unexpected(state.error());
  const auto begun = instead_of ? start_instead_of(*instead_of, *state, actor) : start(*state, actor);
  if (!begun) return std::unexpected(begun.error());
  for (;;) {
    state = identity();
    if (!state) return std::unexpected(state.error());
    const ca::Generation* candidate = ca::unfinished_of(*state);
    if (candidate == nullptr) return fail(ErrorCode::kUnavailable, state->generations.back().why);
    if (candidate->failures > 0) return fail(ErrorCode::kUnavailable, candidate->why);
    timer_.cancel();  // whatever comes next is the loop's
    if (candidate->state != GenerationState::kGenerating) return *candidate;
    const Kind kind = candidate->key_made ? Kind::kMakeCsr : Kind::kGenerate;
    if (auto done = take_now({.kind = kind, .generation = candidate->number}, *state, actor); !done)
      return std::unexpected(done.error());
  }
}

Result<ca::Generation> Renewal::import(std::string_view pem, const Actor& actor) {
  const auto state = identity();
  if (!state) return std::unexpected(state.error());
  const ca::Generation* candidate = ca::importable_of(*state);
  if (candidate == nullptr)
    return conflict(settings_.name + ": no certificate is awaited; first ask for a certificate request");
  const auto judgement = judgement_of(*candidate, *state, pem);
  if (!judgement) return std::unexpected(judgement.error());
  if (!judgement->is_accepted()) {
    const std::string why = judgement->refusal_text();
    if (auto noted =
            services_.store.note(entry({"certificate-refused", "refused", why}, candidate->number, actor));
        !noted)
      return std::unexpected(noted.error());
    return fail(ErrorCode::kInvalid, why);
  }
  if (candidate->judged && judgement->chain.front().fingerprint == candidate->fingerprint)
    return conflict(settings_.name + ": this certificate is there already, in " + ca::words_of(*candidate));
  auto fresh = ca::answered(*candidate, "", now());
  fresh.refused_trials = 0;
  auto issued = accepted_as(std::move(fresh), *judgement);
  const std::string replaced = candidate->chain.empty() ? "" : "in place of " + ca::words_of(*candidate);
  if (auto done = record({issued}, {"certificate-imported", "ok", replaced}, actor); !done)
    return std::unexpected(done.error());
  timer_.cancel();  // the trial begins
  return issued;
}

Result<void> Renewal::activate(const Actor& actor) {
  const auto state = identity();
  if (!state) return std::unexpected(state.error());
  const ca::Generation* candidate = ca::unfinished_of(*state);
  if (candidate == nullptr) return conflict(settings_.name + ": there is no new certificate to activate");
  if (candidate->state != GenerationState::kProven)
    return conflict(number_text(*candidate) + " is " + std::string(to_string(candidate->state)) +
                    ", and only a proven one can be activated" +
                    (candidate->why.empty() ? "" : ": " + candidate->why));
  if (candidate->not_after <= now()) return conflict(number_text(*candidate) + " has expired");
  auto done = activate_now(*state, *candidate, actor);
  timer_.cancel();
  return done;
}

Result<void> Renewal::roll_back(const Actor& actor) {
  const auto state = identity();
  if (!state) return std::unexpected(state.error());
  const ca::Generation* previous = ca::previous_of(*state);
  if (previous == nullptr)
    return conflict(settings_.name + ": there is no earlier certificate whose key still works");
  if (previous->not_after <= now())
    return conflict(number_text(*previous) + " has expired: going back to it would stop the mail");
  auto done = roll_back_now(*state, *previous, actor);
  timer_.cancel();
  return done;
}

Result<void> Renewal::renew(const Actor& actor) {
  const auto state = identity();
  if (!state) return std::unexpected(state.error());
  const ca::Generation* candidate = ca::unfinished_of(*state);
  Result<void> done;
  if (candidate == nullptr) {
    done = start(*state, actor);
  } else {
    ca::Generation hurried = *candidate;
    hurried.poll_after = {};
    done = record({std::move(hurried)}, {"hurried"}, actor);
  }
  timer_.cancel();
  return done;
}

}  // namespace privyseal::renewd
