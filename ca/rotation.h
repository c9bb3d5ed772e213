/// The life of one identity's certificates: which step comes next, and what an outcome makes of it.
///
/// A *generation* is one key pair and what becomes of it: request, certificate, use, retirement. renewd may
/// be killed between any two steps. It then reads what is recorded and asks `next_step` again; every step
/// may therefore be taken twice, and none makes a second key.
///
/// What holds in every state these functions give:
///   - at most one generation is unfinished (generating to proven), and at most one is active;
///   - a key's name is recorded before the key is made, and belongs to one generation for ever;
///   - the old key is retired only after the overlap, and after our own listener was seen serving the new
///   one.
///
/// Pure: no clock, no key, no file. Threads: any.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "firmware/base/clock.h"
#include "firmware/base/result.h"

namespace privyseal::ca {

enum class GenerationState {
  kGenerating,  ///< the key's name is chosen; key and request are being made
  kRequested,   ///< the request is there
  kSubmitted,   ///< the issuer has it and told us to come back
  kIssued,      ///< a certificate came back
  kProven,      ///< a trial with it went well
  kActive,      ///< the one that is served
  kRetiring,    ///< it was served; its key still works, for a roll-back
  kRetired,     ///< keyd refuses its key for ever
  kFailed,      ///< it will never be served
  kRolledBack,  ///< it was served and taken back
};

/// The name in the database and on the door, for example "rolled-back".
[[nodiscard]] std::string_view to_string(GenerationState state);
[[nodiscard]] std::optional<GenerationState> generation_state(std::string_view name);

enum class Issuer { kManual, kEst, kLocal };
[[nodiscard]] std::string_view to_string(Issuer issuer);

struct Generation {
  std::int64_t number = 0;
  GenerationState state = GenerationState::kGenerating;
  std::string key{};         ///< keyd's name for it, "cjsm-3"
  bool key_made = false;     ///< keyd has said so
  bool key_retired = false;  ///< keyd refuses it for ever
  std::string csr{};         ///< PEM, or empty
  std::string chain{};       ///< PEM, leaf first; as it was received until `judged`
  bool judged = false;       ///< the import policy has accepted `chain`
  bool live = false;         ///< our own listener was seen serving it since it became active
  std::string subject{}, issuer{}, serial{}, fingerprint{};  ///< of the leaf, once judged
  WallTime not_before{}, not_after{};                        ///< of the leaf, once judged
  std::string why{};                 ///< of the last failure, one sentence without its dot
  std::int64_t failures = 0;         ///< attempts in a row that failed
  std::int64_t refused_trials = 0;   ///< how often the relay refused a certificate of this key
  WallTime since{};                  ///< in this state
  WallTime poll_after{};             ///< nothing is tried before
  std::int64_t jitter_permille = 0;  ///< 0..1000: spreads renewals of many boxes; drawn once
  bool operator==(const Generation&) const = default;
};

struct Rules {
  Issuer issuer = Issuer::kManual;
  std::chrono::hours renew_before{0};  ///< before the end; 0: when two thirds of the life have passed
  std::chrono::milliseconds overlap{86400000};   ///< how long the old key stays usable
  std::chrono::milliseconds retry_first{60000};  ///< after the first failure; doubles up to kLongestRetry
};

inline constexpr std::chrono::milliseconds kLongestRetry = std::chrono::hours(6);
/// A generation that came to nothing is not followed by a new key at once, time after time.
inline constexpr std::chrono::milliseconds kPauseAfterFailure = std::chrono::hours(1);
/// A certificate that the relay has refused so often is not tried again: the issuer is asked for another one.
inline constexpr std::int64_t kTrialsOfOneCertificate = 3;

struct IdentityState {
  Rules rules{};
  std::vector<Generation> generations{};         ///< by number
  std::optional<std::int64_t> active_on_disk{};  ///< where the `active` link points
};

struct Step {
  enum class Kind {
    kGenerate,      ///< generation 0: record a new one; else have its key made, or adopt it
    kMakeCsr,       ///< have its key sign a request
    kSubmit,        ///< send the request, or ask for the answer
    kWaitForHuman,  ///< nothing is to be done before somebody acts, or before `until`
    kWaitUntil,     ///< nothing is to be done before `until`
    kJudge,         ///< is that certificate ours and good?
    kProbe,         ///< a trial with the new certificate
    kActivate,      ///< make it the served one (or finish what was begun)
    kRollBack,      ///< finish a roll-back to this generation
    kProveLive,     ///< look whether our own listener serves it
    kRetire,        ///< have keyd retire its key
    kGiveUp,        ///< its certificate ran out before it was served
    kNothing,
  };
  Kind kind = Kind::kNothing;
  std::int64_t generation = 0;
  WallTime until = WallTime::max();  ///< for the two waits
  bool operator==(const Step&) const = default;
};
[[nodiscard]] std::string_view to_string(Step::Kind kind);
/// For sentences: "generation 3 (issued, serial 0a, SHA-256 ff...)", or "generation 3 (requested)".
[[nodiscard]] std::string words_of(const Generation& generation);

[[nodiscard]] Step next_step(const IdentityState& identity, WallTime now);

/// When the certificate of `active` is to be renewed.
[[nodiscard]] WallTime renew_at(const Generation& active, const Rules& rules);
/// The wait after `failures` failures in a row: doubling, +-25 % by `jitter_permille` (0..1000).
[[nodiscard]] std::chrono::milliseconds retry_after(std::int64_t failures, std::int64_t jitter_permille,
                                                    std::chrono::milliseconds first);

// Who is who. Null: there is none. Pointers live as long as `identity`.
[[nodiscard]] const Generation* active_of(const IdentityState& identity);
[[nodiscard]] const Generation* unfinished_of(const IdentityState& identity);
/// The unfinished one, if it may take a certificate: its request is out, or it has one that is not in
/// service.
[[nodiscard]] const Generation* importable_of(const IdentityState& identity);
/// The one a roll-back would go to: the youngest that is retiring.
[[nodiscard]] const Generation* previous_of(const IdentityState& identity);
[[nodiscard]] const Generation* find(const IdentityState& identity, std::int64_t number);

// What outcomes make of a generation. Callers record the result.
/// kConflict: one is under way. `least_number`: numbers below it are taken elsewhere (keys of an older life).
[[nodiscard]] Result<Generation> started(const IdentityState& identity, std::string_view identity_name,
                                         std::int64_t least_number, std::int64_t jitter_permille,
                                         WallTime now);
/// The unfinished `number` given up for `why`, and a new one in its place. kConflict: another one is under
/// way, or none, or its key is not made yet, or it is on its way into service.
[[nodiscard]] Result<std::vector<Generation>> started_instead_of(const IdentityState& identity,
                                                                 std::int64_t number, std::string why,
                                                                 std::string_view identity_name,
                                                                 std::int64_t least_number,
                                                                 std::int64_t jitter_permille, WallTime now);
[[nodiscard]] Generation with_key(Generation generation);
[[nodiscard]] Generation requested(Generation generation, std::string csr, WallTime now);
/// The issuer said: later.
[[nodiscard]] Generation submitted(Generation generation, WallTime poll_after, WallTime now);
/// A certificate came; nobody has looked at it yet.
[[nodiscard]] Generation answered(Generation generation, std::string chain, WallTime now);
/// The certificate was refused: the request still stands, and is submitted again later.
[[nodiscard]] Generation refused(Generation generation, std::string why, WallTime poll_after, WallTime now);
/// The relay refused the certificate. By hand it is tried again, until a person acts. Else, after
/// kTrialsOfOneCertificate, the request stands again (state kRequested), and the same key gets another one.
[[nodiscard]] Generation refused_in_trial(Generation generation, Issuer issuer, std::string why,
                                          WallTime poll_after, WallTime now);
[[nodiscard]] Generation proven(Generation generation, WallTime now);
[[nodiscard]] Generation seen_live(Generation generation);
[[nodiscard]] Generation retired(Generation generation, WallTime now);
[[nodiscard]] Generation given_up(Generation generation, std::string why, WallTime now);
/// An attempt failed and will be repeated; the state stays.
[[nodiscard]] Generation delayed(Generation generation, std::string why, WallTime poll_after);
/// All generations that change when `number` becomes active; the one that stops being it comes first.
[[nodiscard]] std::vector<Generation> activated(const IdentityState& identity, std::int64_t number,
                                                WallTime now);
[[nodiscard]] std::vector<Generation> rolled_back(const IdentityState& identity, std::int64_t number,
                                                  WallTime now);

}  // namespace privyseal::ca
