#include "web-admin/pages/lights.h"

#include <array>

namespace privyseal::web {
namespace {

std::string count_and_noun(std::int64_t count, std::string_view one, std::string_view many) {
  return std::to_string(count) + " " + std::string(count == 1 ? one : many);
}

/// The identity whose alarm is the worst, or the first of the others.
const JsonObject* worst_alarm(const JsonArray& identities) {
  const JsonObject* worst = nullptr;
  for (const Json& entry : identities) {
    const JsonObject* alarm = entry.is_object() ? json_object(entry.get_object(), "alarm") : nullptr;
    if (alarm != nullptr && (worst == nullptr || shown(*alarm, "level") == "critical")) worst = alarm;
  }
  return worst;
}

/// The earliest end of an active certificate; empty: none is active.
std::string first_end(const JsonArray& identities) {
  std::string earliest;
  for (const Json& entry : identities) {
    const JsonObject* active = entry.is_object() ? json_object(entry.get_object(), "active") : nullptr;
    if (active == nullptr) continue;
    const std::string end = shown(*active, "not_after");
    if (earliest.empty() || end < earliest) earliest = end;  // RFC 3339 in UTC sorts as text
  }
  return earliest;
}

bool has_active(const JsonArray& identities, std::string_view name) {
  for (const Json& entry : identities)
    if (entry.is_object() && shown(entry.get_object(), "name") == name)
      return json_object(entry.get_object(), "active") != nullptr;
  return false;
}

}  // namespace

Light relay_light(const Result<JsonObject>& status) {
  Light light{.name = "Relay", .action = "Look at the mail", .path = "/mail"};
  if (!status) {
    light.tone = Tone::kBad;
    light.word = "Not running";
    light.sentence =
        "The mail gateway is not answering. Nothing is lost: your mail server holds the mail until it is "
        "back.";
    light.action = "See what it did last";
    light.path = "/audit/gatewayd";
    return light;
  }
  const JsonObject* relay = json_object(*status, "relay");
  const std::string delivered = relay == nullptr ? "" : shown(*relay, "last_delivered_at");
  const std::string failed = relay == nullptr ? "" : shown(*relay, "last_failure_at");
  if (failed > delivered) {
    light.tone = Tone::kBad;
    light.word = "Not delivering";
    light.sentence = "The last attempt failed on " + friendly_time(failed) + ": " +
                     shown(*relay, "last_failure") +
                     ". Nothing is lost: the sending mail server holds the mail and tries again.";
    light.action = "See what was turned away";
    light.path = "/mail?outcome=deferred";
  } else if (!delivered.empty()) {
    light.tone = Tone::kGood;
    light.word = "Working";
    light.sentence = "Mail reaches CJSM. The last message was taken on " + friendly_time(delivered) + ".";
    if (const std::string waits = shown(*status, "hop_waits"); !waits.empty()) {
      light.tone = Tone::kAttention;
      light.word = "By another way";
      light.sentence = waits + ".";
    }
  } else {
    light.word = "Waiting";
    light.sentence = "The gateway is ready. No mail has passed yet.";
  }
  const JsonObject* policy = json_object(*status, "policy");
  if (const std::string line = policy == nullptr ? "" : shown(*policy, "line");
      !line.empty() && line != "active") {
    light.tone = Tone::kBad;
    light.word = line == "suspended" ? "Suspended" : "Ended";
    light.sentence = line == "suspended" ? "Somebody here has suspended all mail. Nothing is lost: the mail "
                                           "servers hold it until it may pass again."
                                         : "The connection to CJSM has ended. Mail is refused.";
    light.action = "See the line";
    light.path = "/line";
  }
  if (shown(*status, "state") == "draining") {
    light.tone = Tone::kAttention;
    light.word = "Stopping";
    light.sentence = "The gateway is stopping: it finishes what is in transit and takes no new mail.";
  }
  return light;
}

Light certificate_light(const Result<JsonObject>& certificates) {
  Light light{.name = "Certificate", .action = "See the certificates", .path = "/certificates"};
  const JsonArray* identities = certificates ? json_array(*certificates, "identities") : nullptr;
  if (identities == nullptr) {
    light.tone = Tone::kAttention;
    light.word = "Not known";
    light.sentence = "The certificate service is not answering. Mail goes on with the certificates in use.";
    return light;
  }
  if (const JsonObject* alarm = worst_alarm(*identities)) {
    const bool is_critical = shown(*alarm, "level") == "critical";
    light.tone = is_critical ? Tone::kBad : Tone::kAttention;
    light.word = is_critical ? "Act now" : "Needs you";
    light.sentence = shown(*alarm, "why");
    if (!light.sentence.ends_with('.')) light.sentence += '.';
    light.action = "Put it right";
    return light;
  }
  if (!has_active(*identities, "cjsm")) {
    light.tone = Tone::kAttention;
    light.word = "Not there yet";
    light.sentence = "There is no CJSM certificate yet, so no mail can pass.";
    light.action = "Request one";
    light.path = "/certificates/cjsm";
    return light;
  }
  light.tone = Tone::kGood;
  light.word = "Valid";
  light.sentence =
      "All certificates are good. The first to end does so on " + friendly_time(first_end(*identities)) + ".";
  return light;
}

Light keys_light(const Result<bool>& ready, std::size_t count) {
  Light light{.name = "Keys", .action = "See the keys", .path = "/keys"};
  if (ready && *ready) {
    light.tone = Tone::kGood;
    light.word = "In the HSM";
    light.sentence = "The HSM answers and holds " +
                     count_and_noun(static_cast<std::int64_t>(count), "key", "keys") +
                     ". None of them can leave it.";
    return light;
  }
  light.tone = Tone::kBad;
  light.word = ready ? "HSM away" : "Not running";
  light.sentence = ready ? "The HSM does not answer, so no mail can pass. Check its power and its cable."
                         : "The key service is not answering, so no mail can pass.";
  light.sentence += " Nothing is lost: your mail server holds the mail.";
  return light;
}

Light evidence_light(const Result<JsonObject>& gateway, const Result<JsonObject>& renewal,
                     std::int64_t mails) {
  Light light{.name = "Evidence", .action = "Verify the audit logs", .path = "/audit"};
  if (!gateway || !renewal) {
    light.tone = Tone::kAttention;
    light.word = "Incomplete";
    light.sentence = "Not every service could show its audit log just now. What was written is still there.";
    return light;
  }
  const std::array logs{&*gateway, &*renewal};
  for (const JsonObject* log : logs) {
    if (!shown(*log, "note").empty() || count_of(*log, "size") == 0) continue;
    light.tone = Tone::kAttention;
    light.word = "Not signed yet";
    light.sentence =
        "An audit log was not signed by the HSM yet. This happens within a minute of its first entry.";
    return light;
  }
  light.tone = Tone::kGood;
  light.word = "Complete";
  light.sentence =
      count_and_noun(mails, "message", "messages") + " on record. The audit logs are signed by the HSM.";
  return light;
}

}  // namespace privyseal::web
