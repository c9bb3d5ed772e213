#include "ca/renewd/view.h"

namespace privyseal::renewd {

using ca::GenerationState;
using Kind = ca::Step::Kind;

namespace {

Json generation_or_null(const ca::Generation* generation) {
  return generation == nullptr ? Json(nullptr) : Json(generation_json(*generation));
}

Json alarm_json(const std::optional<ca::StandingAlarm>& alarm) {
  if (!alarm) return nullptr;
  return JsonObject{{"since", to_rfc3339(alarm->since)},
                    {"why", alarm->alarm.why},
                    {"cause", alarm->alarm.cause},
                    {"level", alarm->alarm.is_critical ? "critical" : "warning"}};
}

std::string human_sentence(const ca::IdentityState& identity, const ca::Step& step) {
  const std::string number = std::to_string(step.generation);
  const ca::Generation* candidate = ca::find(identity, step.generation);
  if (candidate != nullptr && candidate->state == GenerationState::kProven)
    return "Generation " + number + " has passed its trial: activate it.";
  if (candidate != nullptr)
    return "Give the request of generation " + number + " to the issuer and import the certificate.";
  if (ca::active_of(identity) == nullptr) return "Ask for a certificate request to begin.";
  return "The certificate is due for renewal: ask for a certificate request.";
}

/// "2026-03-01 09:01 UTC", for sentences.
std::string minute_of(WallTime time) {
  constexpr std::size_t kDay = 10;
  constexpr std::size_t kMinute = 16;
  const std::string text = to_rfc3339(time);
  return text.substr(0, kDay) + " " + text.substr(kDay + 1, kMinute - kDay - 1) + " UTC";
}

std::string waiting_sentence(const ca::IdentityState& identity, const ca::Step& step) {
  const std::string at = minute_of(step.until);
  const ca::Generation* active = ca::active_of(identity);
  const ca::Generation* candidate = ca::unfinished_of(identity);
  if (candidate != nullptr && candidate->state == GenerationState::kIssued && candidate->judged &&
      identity.rules.issuer == ca::Issuer::kManual)
    return "Generation " + std::to_string(candidate->number) +
           " did not pass its trial, which is repeated at " + at +
           "; a corrected certificate can be imported over it.";
  if (candidate != nullptr) return "The next attempt is at " + at + ".";
  if (active != nullptr && step.until == ca::renew_at(*active, identity.rules))
    return "The certificate is due for renewal at " + at + ".";
  if (active != nullptr && !active->live) return "Our own port is looked at again at " + at + ".";
  if (ca::previous_of(identity) != nullptr) return "The previous key is retired at " + at + ".";
  return "The next step is at " + at + ".";
}

std::string_view now_sentence(Kind kind) {
  switch (kind) {
    case Kind::kGenerate:
      return "A new key is being made.";
    case Kind::kMakeCsr:
      return "The request is being made.";
    case Kind::kSubmit:
      return "The request is being sent to the issuer.";
    case Kind::kJudge:
      return "The certificate that came is being checked.";
    case Kind::kProbe:
      return "The new certificate is being tried.";
    case Kind::kActivate:
      return "The new certificate is being activated.";
    case Kind::kRollBack:
      return "The earlier certificate is being brought back.";
    case Kind::kProveLive:
      return "Our own port is being looked at.";
    case Kind::kRetire:
      return "An old key is being retired.";
    case Kind::kGiveUp:
      return "The new certificate ran out and is being given up.";
    default:
      return "Nothing is to be done.";
  }
}

}  // namespace

JsonObject generation_json(const ca::Generation& generation) {
  JsonObject json{{"generation", generation.number},
                  {"state", to_string(generation.state)},
                  {"key", generation.key},
                  {"since", to_rfc3339(generation.since)}};
  if (generation.judged) {
    json["subject"] = generation.subject;
    json["issuer"] = generation.issuer;
    json["serial"] = generation.serial;
    json["not_before"] = to_rfc3339(generation.not_before);
    json["not_after"] = to_rfc3339(generation.not_after);
    json["fingerprint"] = generation.fingerprint;
    json["live"] = generation.live;
  }
  if (!generation.why.empty()) json["why"] = generation.why;
  return json;
}

std::string next_sentence(const ca::IdentityState& identity, WallTime now) {
  const ca::Step step = ca::next_step(identity, now);
  if (step.kind == Kind::kWaitForHuman) return human_sentence(identity, step);
  if (step.kind == Kind::kWaitUntil) return waiting_sentence(identity, step);
  return std::string(now_sentence(step.kind));
}

JsonObject identity_json(const std::string& name, const ca::IdentityState& identity,
                         const std::optional<ca::StandingAlarm>& alarm, WallTime now) {
  const ca::Generation* active = ca::active_of(identity);
  const ca::Generation* candidate = ca::unfinished_of(identity);
  // A failed one stays in sight until something comes after it.
  if (candidate == nullptr && !identity.generations.empty() &&
      identity.generations.back().state == GenerationState::kFailed)
    candidate = &identity.generations.back();
  JsonObject json{{"name", name},
                  {"issuer", to_string(identity.rules.issuer)},
                  {"active", generation_or_null(active)},
                  {"previous", generation_or_null(ca::previous_of(identity))},
                  {"candidate", generation_or_null(candidate)},
                  {"alarm", alarm_json(alarm)},
                  {"next", next_sentence(identity, now)}};
  if (active != nullptr) json["renew_at"] = to_rfc3339(ca::renew_at(*active, identity.rules));
  return json;
}

JsonObject issued_json(const authority::IssuedRow& row) {
  JsonObject json{{"id", row.id},
                  {"serial", row.serial},
                  {"profile", row.profile},
                  {"subject", row.subject},
                  {"not_after", to_rfc3339(row.not_after)}};
  if (row.revoked_at) json["revoked_at"] = to_rfc3339(*row.revoked_at);
  return json;
}

}  // namespace privyseal::renewd
