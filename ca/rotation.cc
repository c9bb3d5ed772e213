#include "ca/rotation.h"

#include <algorithm>
#include <array>
#include <utility>

namespace privyseal::ca {

using State = GenerationState;
using Kind = Step::Kind;
using std::chrono::milliseconds;

namespace {

constexpr std::array kStates{
    std::pair{State::kGenerating, std::string_view("generating")},
    std::pair{State::kRequested, std::string_view("requested")},
    std::pair{State::kSubmitted, std::string_view("submitted")},
    std::pair{State::kIssued, std::string_view("issued")},
    std::pair{State::kProven, std::string_view("proven")},
    std::pair{State::kActive, std::string_view("active")},
    std::pair{State::kRetiring, std::string_view("retiring")},
    std::pair{State::kRetired, std::string_view("retired")},
    std::pair{State::kFailed, std::string_view("failed")},
    std::pair{State::kRolledBack, std::string_view("rolled-back")},
};

constexpr WallTime kAtOnce = WallTime::min();

/// A step, and the time from which on it may be taken.
struct Due {
  Step step;
  WallTime at = kAtOnce;
};

Due due(Kind kind, std::int64_t generation, WallTime at = kAtOnce) {
  return {.step = {.kind = kind, .generation = generation}, .at = at};
}

bool is_unfinished(const Generation& generation) {
  static_assert(static_cast<int>(State::kProven) == 4);  // the first five of the enumeration
  return generation.state <= State::kProven;
}

template <class Predicate>
const Generation* youngest(const IdentityState& identity, Predicate is_wanted) {
  const auto& all = identity.generations;
  const auto found = std::find_if(all.rbegin(), all.rend(), is_wanted);
  return found == all.rend() ? nullptr : &*found;
}

bool is_manual(const IdentityState& identity) { return identity.rules.issuer == Issuer::kManual; }

/// What the link on the disk says that the record does not.
std::optional<Due> repair_step(const IdentityState& identity) {
  const Generation* active = active_of(identity);
  const auto on_disk = identity.active_on_disk;
  if (active != nullptr && on_disk == active->number) return std::nullopt;
  const Generation* linked = on_disk ? find(identity, *on_disk) : nullptr;
  // The link is moved before the record is made: a kill in between leaves it ahead.
  if (linked != nullptr && linked->state == State::kProven) return due(Kind::kActivate, linked->number);
  if (linked != nullptr && linked->state == State::kRetiring) return due(Kind::kRollBack, linked->number);
  if (active != nullptr) return due(Kind::kActivate, active->number);
  return std::nullopt;
}

std::optional<Due> live_step(const IdentityState& identity) {
  const Generation* active = active_of(identity);
  if (active == nullptr || active->live) return std::nullopt;
  return due(Kind::kProveLive, active->number, active->poll_after);
}

std::optional<Due> candidate_step(const IdentityState& identity, WallTime now) {
  const Generation* candidate = unfinished_of(identity);
  if (candidate == nullptr) return std::nullopt;
  const auto number = candidate->number;
  const auto at = candidate->poll_after;
  if (candidate->judged && candidate->not_after <= now) return due(Kind::kGiveUp, number);
  switch (candidate->state) {
    case State::kGenerating:
      return due(candidate->key_made ? Kind::kMakeCsr : Kind::kGenerate, number, at);
    case State::kRequested:
      return is_manual(identity) ? due(Kind::kWaitForHuman, number) : due(Kind::kSubmit, number, at);
    case State::kSubmitted:
      return due(Kind::kSubmit, number, at);
    case State::kIssued:
      return due(candidate->judged ? Kind::kProbe : Kind::kJudge, number, at);
    default:
      return is_manual(identity) ? due(Kind::kWaitForHuman, number) : due(Kind::kActivate, number, at);
  }
}

/// When a new generation is to be started, if none is under way.
std::optional<Due> renewal_step(const IdentityState& identity) {
  if (unfinished_of(identity) != nullptr) return std::nullopt;
  const Generation* active = active_of(identity);
  WallTime at = active == nullptr ? kAtOnce : renew_at(*active, identity.rules);
  if (is_manual(identity)) return due(Kind::kWaitForHuman, 0, at);
  const Generation* last = identity.generations.empty() ? nullptr : &identity.generations.back();
  if (last != nullptr && last->state == State::kFailed) at = std::max(at, last->since + kPauseAfterFailure);
  // Somebody did not like the last one: the next would be its twin.
  if (last != nullptr && last->state == State::kRolledBack)
    at = std::max(at, last->since + identity.rules.overlap);
  return due(Kind::kGenerate, 0, at);
}

std::optional<Due> retire_step_of(const IdentityState& identity, const Generation& generation) {
  if (!generation.key_made || generation.key_retired) return std::nullopt;
  const Generation* active = active_of(identity);
  const bool is_needed = active == nullptr || !active->live;
  const WallTime after_overlap = std::max(generation.since + identity.rules.overlap, generation.poll_after);
  switch (generation.state) {
    case State::kFailed:
      return due(Kind::kRetire, generation.number, generation.poll_after);
    case State::kRolledBack:
      return due(Kind::kRetire, generation.number, after_overlap);
    case State::kRetiring:
      if (is_needed) return std::nullopt;  // proving the new one comes first
      return due(Kind::kRetire, generation.number, after_overlap);
    default:
      return std::nullopt;
  }
}

/// The old key whose time comes first.
std::optional<Due> retire_step(const IdentityState& identity) {
  std::optional<Due> first;
  for (const Generation& generation : identity.generations) {
    const auto next = retire_step_of(identity, generation);
    if (next && (!first || next->at < first->at)) first = next;
  }
  return first;
}

Generation moved(Generation generation, State state, WallTime now) {
  generation.state = state;
  generation.since = now;
  generation.poll_after = {};
  generation.failures = 0;
  generation.why.clear();
  return generation;
}

/// A certificate that is not (or no longer) that of this generation leaves nothing behind.
void forget_certificate(Generation& generation) {
  generation.chain.clear();
  generation.judged = false;
  generation.subject.clear();
  generation.issuer.clear();
  generation.serial.clear();
  generation.fingerprint.clear();
  generation.not_before = generation.not_after = {};
}

std::vector<Generation> replaced(const IdentityState& identity, std::int64_t number, State old_becomes,
                                 WallTime now) {
  std::vector<Generation> changed;
  const Generation* active = active_of(identity);
  if (active != nullptr && active->number != number) changed.push_back(moved(*active, old_becomes, now));
  if (const Generation* next = find(identity, number)) {
    changed.push_back(moved(*next, State::kActive, now));
    changed.back().live = false;
  }
  return changed;
}

}  // namespace

std::string_view to_string(GenerationState state) {
  return std::ranges::find(kStates, state, [](const auto& row) { return row.first; })->second;
}

std::optional<GenerationState> generation_state(std::string_view name) {
  const auto* found = std::ranges::find(kStates, name, [](const auto& row) { return row.second; });
  return found == kStates.end() ? std::nullopt : std::optional(found->first);
}

std::string_view to_string(Issuer issuer) {
  switch (issuer) {
    case Issuer::kManual:
      return "manual";
    case Issuer::kEst:
      return "est";
    case Issuer::kLocal:
      return "local";
  }
  return "?";
}

std::string_view to_string(Step::Kind kind) {
  constexpr std::array<std::string_view, 13> kNames{
      "generate", "make-csr",  "submit",     "wait-for-human", "wait-until", "judge",  "probe",
      "activate", "roll-back", "prove-live", "retire",         "give-up",    "nothing"};
  return kNames.at(static_cast<std::size_t>(kind));
}

std::string words_of(const Generation& generation) {
  std::string words =
      "generation " + std::to_string(generation.number) + " (" + std::string(to_string(generation.state));
  if (generation.judged) words += ", serial " + generation.serial + ", SHA-256 " + generation.fingerprint;
  return words + ")";
}

Step next_step(const IdentityState& identity, WallTime now) {
  const std::array wanted{repair_step(identity), live_step(identity), candidate_step(identity, now),
                          renewal_step(identity), retire_step(identity)};
  bool needs_human = false;
  std::int64_t human_generation = 0;
  WallTime first = WallTime::max();
  for (const auto& next : wanted) {
    if (!next) continue;
    const bool is_now = next->at <= now;
    if (is_now && next->step.kind != Kind::kWaitForHuman) return next->step;
    if (is_now) {
      needs_human = true;
      human_generation = next->step.generation;
    } else {
      first = std::min(first, next->at);
    }
  }
  if (needs_human) return {.kind = Kind::kWaitForHuman, .generation = human_generation, .until = first};
  if (first == WallTime::max()) return {};
  return {.kind = Kind::kWaitUntil, .until = first};
}

WallTime renew_at(const Generation& active, const Rules& rules) {
  const auto life = std::max(active.not_after - active.not_before, milliseconds(0));
  const auto spread = life / 20 * std::clamp<std::int64_t>(active.jitter_permille, 0, 1000) / 1000;
  const milliseconds before = rules.renew_before.count() > 0 ? milliseconds(rules.renew_before) : life / 3;
  // A setting longer than the whole life would renew for ever: then two thirds after all.
  return active.not_after - (before < life ? before : life / 3) - spread;
}

milliseconds retry_after(std::int64_t failures, std::int64_t jitter_permille, milliseconds first) {
  milliseconds wait = std::max(first, milliseconds(1));
  for (std::int64_t i = 1; i < failures && wait < kLongestRetry; ++i) wait *= 2;
  wait = std::min(wait, kLongestRetry);
  return wait * (750 + std::clamp<std::int64_t>(jitter_permille, 0, 1000) / 2) / 1000;
}

const Generation* active_of(const IdentityState& identity) {
  return youngest(identity, [](const Generation& g) { return g.state == State::kActive; });
}

const Generation* unfinished_of(const IdentityState& identity) { return youngest(identity, is_unfinished); }

const Generation* importable_of(const IdentityState& identity) {
  const Generation* candidate = unfinished_of(identity);
  if (candidate == nullptr || candidate->state == State::kGenerating) return nullptr;
  // The link is ahead of the record: others may serve it already.
  return identity.active_on_disk == candidate->number ? nullptr : candidate;
}

const Generation* previous_of(const IdentityState& identity) {
  return youngest(identity,
                  [](const Generation& g) { return g.state == State::kRetiring && !g.key_retired; });
}

const Generation* find(const IdentityState& identity, std::int64_t number) {
  return youngest(identity, [number](const Generation& g) { return g.number == number; });
}

Result<Generation> started(const IdentityState& identity, std::string_view identity_name,
                           std::int64_t least_number, std::int64_t jitter_permille, WallTime now) {
  if (const Generation* candidate = unfinished_of(identity))
    return fail(ErrorCode::kConflict, std::string(identity_name) + ": generation " +
                                          std::to_string(candidate->number) + " is under way (" +
                                          std::string(to_string(candidate->state)) + ")");
  const std::int64_t last = identity.generations.empty() ? 0 : identity.generations.back().number;
  const std::int64_t number = std::max(last + 1, least_number);
  return Generation{.number = number,
                    .key = std::string(identity_name) + "-" + std::to_string(number),
                    .since = now,
                    .jitter_permille = jitter_permille};
}

Result<std::vector<Generation>> started_instead_of(const IdentityState& identity, std::int64_t number,
                                                   std::string why, std::string_view identity_name,
                                                   std::int64_t least_number, std::int64_t jitter_permille,
                                                   WallTime now) {
  const Generation* candidate = unfinished_of(identity);
  const std::string its_name = std::string(identity_name) + ": generation " + std::to_string(number);
  if (candidate == nullptr || candidate->number != number)
    return fail(ErrorCode::kConflict, its_name + " is not under way");
  // A key that keyd may have made without our knowing would never be retired.
  if (!candidate->key_made) return fail(ErrorCode::kConflict, its_name + ": its key is being made");
  if (identity.active_on_disk == number)
    return fail(ErrorCode::kConflict, its_name + " is on its way into service");
  Generation ended = given_up(*candidate, std::move(why), now);
  IdentityState without = identity;
  *std::ranges::find(without.generations, number, &Generation::number) = ended;
  auto next = started(without, identity_name, least_number, jitter_permille, now);
  if (!next) return std::unexpected(next.error());
  return std::vector{std::move(ended), std::move(*next)};
}

Generation with_key(Generation generation) {
  generation.key_made = true;
  generation.failures = 0;
  generation.why.clear();
  generation.poll_after = {};
  return generation;
}

Generation requested(Generation generation, std::string csr, WallTime now) {
  generation.csr = std::move(csr);
  return moved(std::move(generation), State::kRequested, now);
}

Generation submitted(Generation generation, WallTime poll_after, WallTime now) {
  // The time of the first submission is kept: it says how long the issuer has let us wait.
  const WallTime since = generation.state == State::kSubmitted ? generation.since : now;
  generation = moved(std::move(generation), State::kSubmitted, since);
  generation.poll_after = poll_after;
  return generation;
}

Generation answered(Generation generation, std::string chain, WallTime now) {
  // A server that answers nonsense every time is still failing: only a good certificate ends the count.
  const auto failures = generation.failures;
  std::string why = std::move(generation.why);
  generation = moved(std::move(generation), State::kIssued, now);
  generation.failures = failures;
  generation.why = std::move(why);
  forget_certificate(generation);
  generation.chain = std::move(chain);
  return generation;
}

Generation refused(Generation generation, std::string why, WallTime poll_after, WallTime now) {
  const auto failures = generation.failures;
  forget_certificate(generation);
  generation = moved(std::move(generation), State::kRequested, now);
  generation.failures = failures;
  return delayed(std::move(generation), std::move(why), poll_after);
}

Generation refused_in_trial(Generation generation, Issuer issuer, std::string why, WallTime poll_after,
                            WallTime now) {
  ++generation.refused_trials;
  const bool is_worn_out = generation.refused_trials % kTrialsOfOneCertificate == 0;
  if (issuer == Issuer::kManual || !is_worn_out)
    return delayed(std::move(generation), std::move(why), poll_after);
  return refused(std::move(generation), std::move(why), poll_after, now);
}

Generation proven(Generation generation, WallTime now) {
  generation.refused_trials = 0;
  return moved(std::move(generation), State::kProven, now);
}

Generation seen_live(Generation generation) {
  generation.live = true;
  generation.failures = 0;
  generation.why.clear();
  generation.poll_after = {};
  return generation;
}

Generation retired(Generation generation, WallTime now) {
  generation.key_retired = true;
  // Why a generation failed, or that it was taken back, stays to be seen.
  if (generation.state == State::kRetiring) return moved(std::move(generation), State::kRetired, now);
  return generation;
}

Generation given_up(Generation generation, std::string why, WallTime now) {
  generation = moved(std::move(generation), State::kFailed, now);
  generation.why = std::move(why);
  return generation;
}

Generation delayed(Generation generation, std::string why, WallTime poll_after) {
  ++generation.failures;
  generation.why = std::move(why);
  generation.poll_after = poll_after;
  return generation;
}

std::vector<Generation> activated(const IdentityState& identity, std::int64_t number, WallTime now) {
  return replaced(identity, number, State::kRetiring, now);
}

std::vector<Generation> rolled_back(const IdentityState& identity, std::int64_t number, WallTime now) {
  return replaced(identity, number, State::kRolledBack, now);
}

}  // namespace privyseal::ca
