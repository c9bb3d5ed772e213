#include "ca/rotation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>

namespace privyseal::ca {
namespace {

using State = GenerationState;
using Kind = Step::Kind;
using namespace std::chrono_literals;

constexpr WallTime kNow{std::chrono::sys_days{std::chrono::year{2026} / 3 / 1}};

/// One generation in `state` as it usually is there: valid from 30 days ago to 60 days from now.
Generation in(State state, std::int64_t number = 1) {
  Generation made{.number = number, .state = state, .key = "cjsm-" + std::to_string(number), .since = kNow};
  made.key_made = state != State::kGenerating;
  made.judged = state >= State::kIssued;
  made.live = state == State::kActive;
  made.not_before = kNow - std::chrono::days(30);
  made.not_after = kNow + std::chrono::days(60);
  if (state < State::kIssued) made.not_before = made.not_after = {};
  return made;
}

template <class Change>
Generation in(State state, std::int64_t number, Change change) {
  Generation made = in(state, number);
  change(made);
  return made;
}

IdentityState identity(Issuer issuer, std::vector<Generation> generations) {
  IdentityState made{.rules = {.issuer = issuer}, .generations = std::move(generations)};
  for (const Generation& generation : made.generations)
    if (generation.state == State::kActive) made.active_on_disk = generation.number;
  return made;
}

struct Case {
  std::string name;
  IdentityState identity;
  Step expected;
};

class NextStep : public testing::TestWithParam<Case> {};

TEST_P(NextStep, IsTheOneInTheTable) {
  const Step step = next_step(GetParam().identity, kNow);
  EXPECT_EQ(step, GetParam().expected) << to_string(step.kind) << " " << step.generation;
}

Step step(Kind kind, std::int64_t generation, WallTime until = WallTime::max()) {
  return {.kind = kind, .generation = generation, .until = until};
}

constexpr auto kLater = kNow + 1h;
// Two thirds of 90 days, from 30 days ago: 30 days from now.
constexpr auto kRenewal = kNow + std::chrono::days(30);

std::vector<Case> cases() {
  const auto est = Issuer::kEst;
  const auto local = Issuer::kLocal;
  const auto manual = Issuer::kManual;
  const auto waits = [](Generation& g) { g.poll_after = kLater; };
  const auto ran_out = [](Generation& g) { g.not_after = kNow; };
  return {
      {"NothingYetByEst", identity(est, {}), step(Kind::kGenerate, 0)},
      {"NothingYetByOurOwnAuthority", identity(local, {}), step(Kind::kGenerate, 0)},
      {"NothingYetByHand", identity(manual, {}), step(Kind::kWaitForHuman, 0)},
      {"KeyToMake", identity(est, {in(State::kGenerating)}), step(Kind::kGenerate, 1)},
      {"KeyToMakeByHand", identity(manual, {in(State::kGenerating)}), step(Kind::kGenerate, 1)},
      {"KeyToMakeLater", identity(est, {in(State::kGenerating, 1, waits)}),
       step(Kind::kWaitUntil, 0, kLater)},
      {"RequestToMake", identity(est, {in(State::kGenerating, 1, [](auto& g) { g.key_made = true; })}),
       step(Kind::kMakeCsr, 1)},
      {"ToSubmit", identity(est, {in(State::kRequested)}), step(Kind::kSubmit, 1)},
      {"ToSubmitToOurselves", identity(local, {in(State::kRequested)}), step(Kind::kSubmit, 1)},
      {"ToSubmitAgainLater", identity(est, {in(State::kRequested, 1, waits)}),
       step(Kind::kWaitUntil, 0, kLater)},
      {"RequestIsOut", identity(manual, {in(State::kRequested)}), step(Kind::kWaitForHuman, 1)},
      {"AnswerDue", identity(est, {in(State::kSubmitted)}), step(Kind::kSubmit, 1)},
      {"AnswerNotDueYet", identity(est, {in(State::kSubmitted, 1, waits)}),
       step(Kind::kWaitUntil, 0, kLater)},
      {"ToJudge", identity(est, {in(State::kIssued, 1, [](auto& g) { g.judged = false; })}),
       step(Kind::kJudge, 1)},
      {"ToProbe", identity(est, {in(State::kIssued)}), step(Kind::kProbe, 1)},
      {"ToProbeByHand", identity(manual, {in(State::kIssued)}), step(Kind::kProbe, 1)},
      {"ToProbeLater", identity(est, {in(State::kIssued, 1, waits)}), step(Kind::kWaitUntil, 0, kLater)},
      {"RanOutBeforeTheProbe", identity(est, {in(State::kIssued, 1, ran_out)}), step(Kind::kGiveUp, 1)},
      {"ToActivate", identity(est, {in(State::kProven)}), step(Kind::kActivate, 1)},
      {"ToActivateByHand", identity(manual, {in(State::kProven)}), step(Kind::kWaitForHuman, 1)},
      {"RanOutBeforeActivation", identity(manual, {in(State::kProven, 1, ran_out)}), step(Kind::kGiveUp, 1)},
      {"ToProveLive", identity(est, {in(State::kActive, 1, [](auto& g) { g.live = false; })}),
       step(Kind::kProveLive, 1)},
      {"ServedAndYoung", identity(est, {in(State::kActive)}), step(Kind::kWaitUntil, 0, kRenewal)},
      {"ServedAndYoungByHand", identity(manual, {in(State::kActive)}), step(Kind::kWaitUntil, 0, kRenewal)},
      {"RenewalDue",
       identity(est, {in(State::kActive, 4, [](auto& g) { g.not_after = kNow + std::chrono::days(14); })}),
       step(Kind::kGenerate, 0)},
      {"RenewalDueByHand",
       identity(manual, {in(State::kActive, 4, [](auto& g) { g.not_after = kNow + std::chrono::days(14); })}),
       step(Kind::kWaitForHuman, 0)},
      {"RenewalUnderWay", identity(est, {in(State::kActive, 4, ran_out), in(State::kRequested, 5)}),
       step(Kind::kSubmit, 5)},
      {"OldKeyInItsOverlap", identity(est, {in(State::kRetiring, 1), in(State::kActive, 2)}),
       step(Kind::kWaitUntil, 0, kNow + 24h)},
      {"OldKeyPastItsOverlap",
       identity(est, {in(State::kRetiring, 1, [](auto& g) { g.since = kNow - 24h; }), in(State::kActive, 2)}),
       step(Kind::kRetire, 1)},
      {"OldKeyPastItsOverlapButTheNewOneIsNotSeenLive",
       identity(est, {in(State::kRetiring, 1, [](auto& g) { g.since = kNow - 48h; }), in(State::kActive, 2,
                                                                                         [](auto& g) {
                                                                                           g.live = false;
                                                                                           g.poll_after =
                                                                                               kLater;
                                                                                         })}),
       step(Kind::kWaitUntil, 0, kLater)},
      {"RetiringFailedBefore",
       identity(est, {in(State::kRetiring, 1,
                         [](auto& g) {
                           g.since = kNow - 48h;
                           g.poll_after = kLater;
                         }),
                      in(State::kActive, 2)}),
       step(Kind::kWaitUntil, 0, kLater)},
      {"Retired",
       identity(est, {in(State::kRetired, 1, [](auto& g) { g.key_retired = true; }), in(State::kActive, 2)}),
       step(Kind::kWaitUntil, 0, kRenewal)},
      {"TheKeyOfAFailureGoesAtOnce", identity(est, {in(State::kActive, 1), in(State::kFailed, 2)}),
       step(Kind::kRetire, 2)},
      {"AfterAFailureThereIsAPause",
       identity(est, {in(State::kFailed, 1, [](auto& g) { g.key_retired = true; })}),
       step(Kind::kWaitUntil, 0, kNow + kPauseAfterFailure)},
      {"AfterARollBackThereIsAPause",
       identity(est, {in(State::kActive, 1, ran_out), in(State::kRolledBack, 2)}),
       step(Kind::kWaitUntil, 0, kNow + 24h)},
      {"TheKeyOfARollBackGoesAfterTheOverlap",
       identity(est,
                {in(State::kActive, 1), in(State::kRolledBack, 2, [](auto& g) { g.since = kNow - 24h; })}),
       step(Kind::kRetire, 2)},
      {"KilledBetweenLinkAndRecord",
       [&] {
         auto made = identity(manual, {in(State::kActive, 1), in(State::kProven, 2)});
         made.active_on_disk = 2;
         return made;
       }(),
       step(Kind::kActivate, 2)},
      {"KilledInARollBack",
       [&] {
         auto made = identity(est, {in(State::kRetiring, 1), in(State::kActive, 2)});
         made.active_on_disk = 1;
         return made;
       }(),
       step(Kind::kRollBack, 1)},
      {"TheLinkIsGone",
       [&] {
         auto made = identity(est, {in(State::kActive, 2)});
         made.active_on_disk.reset();
         return made;
       }(),
       step(Kind::kActivate, 2)},
      {"TheLinkLeadsToAnUnknownPlace",
       [&] {
         auto made = identity(est, {in(State::kActive, 2)});
         made.active_on_disk = 77;
         return made;
       }(),
       step(Kind::kActivate, 2)},
  };
}

INSTANTIATE_TEST_SUITE_P(, NextStep, testing::ValuesIn(cases()),
                         [](const auto& made) { return made.param.name; });

TEST(Rotation, EveryStateHasItsName) {
  for (int number = 0; number <= static_cast<int>(State::kRolledBack); ++number) {
    const auto state = static_cast<State>(number);
    EXPECT_EQ(generation_state(to_string(state)), state);
  }
  EXPECT_EQ(generation_state("tired"), std::nullopt);
}

TEST(Rotation, RenewsWhenTwoThirdsOfTheLifeHavePassed) {
  const Generation active = in(State::kActive);
  EXPECT_EQ(renew_at(active, {}), kRenewal);
}

TEST(Rotation, RenewsSoManyHoursBeforeTheEndWhenTold) {
  const Generation active = in(State::kActive);
  EXPECT_EQ(renew_at(active, {.renew_before = 48h}), active.not_after - 48h);
}

TEST(Rotation, ASettingLongerThanTheLifeDoesNotRenewForEver) {
  const Generation active = in(State::kActive);
  EXPECT_EQ(renew_at(active, {.renew_before = 24h * 365}), kRenewal);
}

TEST(Rotation, SpreadsRenewalsOverATwentiethOfTheLife) {
  const Generation active = in(State::kActive, 1, [](auto& g) { g.jitter_permille = 1000; });
  EXPECT_EQ(renew_at(active, {}), kRenewal - 24h * 90 / 20);
}

TEST(Rotation, WaitsTwiceAsLongAfterEachFailureUpToALimit) {
  EXPECT_EQ(retry_after(1, 500, 1min), 1min);
  EXPECT_EQ(retry_after(2, 500, 1min), 2min);
  EXPECT_EQ(retry_after(5, 500, 1min), 16min);
  EXPECT_EQ(retry_after(1000, 500, 1min), kLongestRetry);
  EXPECT_EQ(retry_after(1, 0, 1min), 45s);
  EXPECT_EQ(retry_after(1, 1000, 1min), 75s);
}

TEST(Rotation, DoesNotStartASecondGenerationBesideAnUnfinishedOne) {
  for (const State state :
       {State::kGenerating, State::kRequested, State::kSubmitted, State::kIssued, State::kProven}) {
    const auto second = started(identity(Issuer::kEst, {in(state)}), "cjsm", 0, 0, kNow);
    ASSERT_FALSE(second) << to_string(state);
    EXPECT_EQ(second.error().code, ErrorCode::kConflict);
  }
}

TEST(Rotation, NumbersThatKeysOfAnOlderLifeHaveAreNotUsedAgain) {
  EXPECT_EQ(started(identity(Issuer::kEst, {}), "lan", 5, 0, kNow)->key, "lan-5");
  EXPECT_EQ(started(identity(Issuer::kEst, {in(State::kActive, 7)}), "lan", 5, 0, kNow)->key, "lan-8");
}

TEST(Rotation, ARefusedCertificateLeavesTheRequestStandingAndNothingElse) {
  auto issued = in(State::kIssued, 3, [](auto& g) {
    g.csr = "request";
    g.chain = "certificate";
    g.subject = "CN=other";
    g.failures = 2;
  });
  const auto back = refused(issued, "the certificate is for another key", kLater, kNow);
  EXPECT_EQ(back.state, State::kRequested);
  EXPECT_EQ(back.csr, "request");
  EXPECT_EQ(back.key, issued.key);
  EXPECT_EQ(back.chain + back.subject, "");
  EXPECT_FALSE(back.judged);
  EXPECT_EQ(back.failures, 3);
  EXPECT_EQ(back.poll_after, kLater);
}

TEST(Rotation, ACertificateThatTheRelayRefusesIsTriedAFewTimesAndThenAskedForAgainWithTheSameKey) {
  for (const Issuer issuer : {Issuer::kEst, Issuer::kLocal}) {
    Generation tried = in(State::kIssued, 3, [](auto& g) { g.csr = "request"; });
    for (std::int64_t trial = 1; trial < kTrialsOfOneCertificate; ++trial) {
      tried = refused_in_trial(tried, issuer, "revoked", kLater, kNow);
      EXPECT_EQ(tried.state, State::kIssued);
      EXPECT_EQ(tried.failures, trial);
    }
    tried = refused_in_trial(tried, issuer, "revoked", kLater, kNow);
    EXPECT_EQ(next_step(identity(issuer, {tried}), kNow), step(Kind::kWaitUntil, 0, kLater));
    EXPECT_EQ(next_step(identity(issuer, {tried}), kLater), step(Kind::kSubmit, 3));
    EXPECT_EQ(tried.csr, "request");
    EXPECT_EQ(tried.key, "cjsm-3");
    EXPECT_EQ(tried.why, "revoked");
    EXPECT_FALSE(tried.judged);

    Generation second = answered(tried, "another", kNow);
    second.judged = true;
    EXPECT_EQ(refused_in_trial(second, issuer, "revoked", kLater, kNow).state, State::kIssued)
        << "the next one has its trials too";
    EXPECT_EQ(second.refused_trials, kTrialsOfOneCertificate) << "the wait before the next question grows";
    EXPECT_EQ(proven(second, kNow).refused_trials, 0);
  }
}

TEST(Rotation, ByHandARefusedCertificateIsKeptUntilAPersonActs) {
  Generation tried = in(State::kIssued);
  for (int i = 0; i < 10; ++i) tried = refused_in_trial(tried, Issuer::kManual, "revoked", kLater, kNow);
  EXPECT_EQ(tried.state, State::kIssued);
  EXPECT_EQ(next_step(identity(Issuer::kManual, {tried}), kLater), step(Kind::kProbe, 1));
}

TEST(Rotation, ACertificateMayComeUntilItsGenerationIsInService) {
  const auto manual = Issuer::kManual;
  EXPECT_EQ(importable_of(identity(manual, {})), nullptr);
  for (const State state : {State::kGenerating, State::kActive, State::kRetiring, State::kRetired,
                            State::kFailed, State::kRolledBack})
    EXPECT_EQ(importable_of(identity(manual, {in(state)})), nullptr) << to_string(state);
  for (const State state : {State::kRequested, State::kSubmitted, State::kIssued, State::kProven}) {
    auto made = identity(manual, {in(State::kActive, 1), in(state, 2)});
    ASSERT_NE(importable_of(made), nullptr) << to_string(state);
    EXPECT_EQ(importable_of(made)->number, 2);
    made.active_on_disk = 2;
    EXPECT_EQ(importable_of(made), nullptr) << "others serve it already";
  }
}

TEST(Rotation, ANewRequestTakesThePlaceOfTheOneThatIsNamed) {
  const auto instead_of = [](const IdentityState& made, std::int64_t number) {
    return started_instead_of(made, number, "given up", "cjsm", 0, 0, kNow);
  };
  for (const State state : {State::kRequested, State::kSubmitted, State::kIssued, State::kProven}) {
    SCOPED_TRACE(to_string(state));
    auto made = identity(Issuer::kManual, {in(State::kActive, 1), in(state, 2)});
    const auto changed = instead_of(made, 2);
    ASSERT_TRUE(changed) << changed.error().message;
    ASSERT_EQ(changed->size(), 2U);
    EXPECT_EQ(changed->front().number, 2);
    EXPECT_EQ(changed->front().state, State::kFailed);
    EXPECT_EQ(changed->front().why, "given up");
    EXPECT_EQ(changed->back().key, "cjsm-3");
    EXPECT_EQ(changed->back().state, State::kGenerating);
    EXPECT_FALSE(instead_of(made, 1)) << "it is in service";
    EXPECT_FALSE(instead_of(made, 3)) << "there is none";
    made.active_on_disk = 2;
    EXPECT_FALSE(instead_of(made, 2)) << "it is on its way into service";
  }
  EXPECT_FALSE(instead_of(identity(Issuer::kManual, {in(State::kGenerating)}), 1))
      << "keyd may be making its key, which nobody would retire";
  EXPECT_TRUE(instead_of(
      identity(Issuer::kManual, {in(State::kGenerating, 1, [](auto& g) { g.key_made = true; })}), 1));
  EXPECT_EQ(instead_of(identity(Issuer::kManual, {in(State::kActive)}), 1).error().code,
            ErrorCode::kConflict);
}

TEST(Rotation, WordsSayWhichCertificateItWas) {
  EXPECT_EQ(words_of(in(State::kRequested, 2)), "generation 2 (requested)");
  EXPECT_EQ(words_of(in(State::kIssued, 2,
                        [](auto& g) {
                          g.serial = "0a";
                          g.fingerprint = "ff";
                        })),
            "generation 2 (issued, serial 0a, SHA-256 ff)");
}

/// A world in which steps fail, are killed before or after their effect, and people act: rotation's own
/// functions are what moves it.
class World {
 public:
  World(std::uint32_t seed, Issuer issuer) : random_(seed) { identity_.rules.issuer = issuer; }

  void live_through(int turns) {
    for (int i = 0; i < turns; ++i) {
      if (one_in(12)) act_as_human();
      take(next_step(identity_, now_));
      check();
    }
  }
  [[nodiscard]] int activations() const { return activations_; }

 private:
  bool one_in(int n) { return random_() % static_cast<unsigned>(n) == 0; }
  Generation current(std::int64_t number) { return *find(identity_, number); }
  std::int64_t jitter() { return static_cast<std::int64_t>(random_() % 1001); }

  void record(const std::vector<Generation>& changed) {
    if (one_in(6)) return;  // killed before the record
    for (const Generation& generation : changed) {
      auto& all = identity_.generations;
      const auto at = std::ranges::find(all, generation.number, &Generation::number);
      if (at == all.end())
        all.push_back(generation);
      else
        *at = generation;
    }
  }

  Generation failed(const Generation& generation) {
    return delayed(generation, "it failed", now_ + retry_after(generation.failures + 1, jitter(), 1min));
  }

  void start() {
    if (auto made = started(identity_, "cjsm", 0, jitter(), now_)) record({*made});
  }

  void start_instead_of(const Generation& candidate) {
    if (auto changed = started_instead_of(identity_, candidate.number, "given up", "cjsm", 0, jitter(), now_))
      record(*changed);
  }

  void make_key(const Generation& generation) {
    if (one_in(4)) return record({failed(generation)});
    if (keys_.insert(generation.key).second) ++keys_made_[generation.number];  // else it is adopted
    record({with_key(generation)});
  }

  void submit(const Generation& generation) {
    if (one_in(3)) return record({failed(generation)});
    if (one_in(3)) return record({submitted(generation, now_ + 1h, now_)});
    record({answered(generation, "chain", now_)});
  }

  void judge(Generation generation) {
    if (one_in(3)) return record({refused(generation, "wrong", now_ + 1h, now_)});
    generation.judged = true;
    generation.not_before = now_;
    generation.not_after = now_ + std::chrono::days(1 + random_() % 90);
    record({generation});
  }

  void probe(const Generation& generation) {
    if (one_in(4)) return record({failed(generation)});
    if (one_in(2)) return record({proven(generation, now_)});
    record({refused_in_trial(generation, identity_.rules.issuer, "refused", now_ + 1h, now_)});
  }

  void take(const Step& next) {
    const auto number = next.generation;
    if (next.kind == Kind::kWaitUntil || next.kind == Kind::kNothing || next.kind == Kind::kWaitForHuman) {
      ASSERT_GT(next.until, now_);
      now_ = std::min(next.until, now_ + std::chrono::days(3));
      return;
    }
    if (next.kind == Kind::kGenerate && number == 0) return start();
    const Generation generation = current(number);
    switch (next.kind) {
      case Kind::kGenerate:
        return make_key(generation);
      case Kind::kMakeCsr:
        return record({one_in(4) ? failed(generation) : requested(generation, "csr", now_)});
      case Kind::kSubmit:
        return submit(generation);
      case Kind::kJudge:
        return judge(generation);
      case Kind::kProbe:
        return probe(generation);
      case Kind::kActivate:
        identity_.active_on_disk = number;
        ++activations_;
        return record(activated(identity_, number, now_));
      case Kind::kRollBack:
        identity_.active_on_disk = number;
        return record(rolled_back(identity_, number, now_));
      case Kind::kProveLive:
        return record({one_in(3) ? failed(generation) : seen_live(generation)});
      case Kind::kRetire:
        EXPECT_NE(generation.state, State::kActive);
        EXPECT_TRUE(generation.state != State::kRetiring || active_of(identity_)->live);
        return record({one_in(4) ? failed(generation) : retired(generation, now_)});
      case Kind::kGiveUp:
        return record({given_up(generation, "it ran out", now_)});
      default:
        FAIL() << to_string(next.kind);
    }
  }

  void act_as_human() {
    const Generation* candidate = unfinished_of(identity_);
    if (candidate == nullptr && one_in(3)) return start();
    const Generation* previous = previous_of(identity_);
    if (previous != nullptr && active_of(identity_) != nullptr && one_in(4))
      return take({.kind = Kind::kRollBack, .generation = previous->number});
    if (candidate != nullptr && one_in(6)) return start_instead_of(*candidate);
    if (candidate == nullptr || identity_.rules.issuer != Issuer::kManual) return;
    const bool is_again = candidate->state >= State::kIssued && one_in(3);
    if (importable_of(identity_) != nullptr && (candidate->state == State::kRequested || is_again))
      return import(*candidate);
    if (candidate->state == State::kProven) take({.kind = Kind::kActivate, .generation = candidate->number});
  }

  /// By hand a certificate is judged before anything of it is kept.
  void import(const Generation& candidate) {
    Generation issued = answered(candidate, "chain", now_);
    issued.judged = true;
    issued.not_before = now_;
    issued.not_after = now_ + std::chrono::days(60);
    record({issued});
  }

  void check() {
    std::set<std::string> names;
    int unfinished = 0;
    int active = 0;
    for (const Generation& generation : identity_.generations) {
      EXPECT_TRUE(names.insert(generation.key).second) << "two generations with key " << generation.key;
      unfinished += generation.state <= State::kProven ? 1 : 0;
      active += generation.state == State::kActive ? 1 : 0;
      EXPECT_TRUE(generation.state != State::kActive || (generation.key_made && !generation.key_retired));
      EXPECT_LE(keys_made_[generation.number], 1);
    }
    EXPECT_LE(unfinished, 1);
    EXPECT_LE(active, 1);
    EXPECT_LE(keys_.size(), identity_.generations.size()) << "a key that no generation knows";
  }

  std::mt19937 random_;
  IdentityState identity_;
  WallTime now_ = kNow;
  std::set<std::string> keys_;
  std::map<std::int64_t, int> keys_made_;
  int activations_ = 0;
};

TEST(Rotation, InWhateverOrderThingsFailNothingIsDoubled) {
  int activations = 0;
  for (const Issuer issuer : {Issuer::kManual, Issuer::kEst, Issuer::kLocal})
    for (std::uint32_t seed = 1; seed <= 60 && !testing::Test::HasFailure(); ++seed) {
      SCOPED_TRACE(seed);
      World world(seed, issuer);
      world.live_through(300);
      activations += world.activations();
    }
  EXPECT_GT(activations, 180) << "the world stood still: nothing was tested";
}

}  // namespace
}  // namespace privyseal::ca
