#include "web-admin/pages/lights.h"

#include <algorithm>
#include <array>

#include "web-admin/pages/revocations.h"

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

bool has_old_list(const Result<JsonObject>& gateway_status, WallTime now) {
  const JsonArray* lists = gateway_status ? json_array(*gateway_status, "revocations") : nullptr;
  return lists != nullptr && std::ranges::any_of(*lists, [now](const Json& list) {
           return list.is_object() && is_out_of_date(list.get_object(), now);
         });
}

/// Rules that are not in use. When mail is held because of that, nobody has suspended it.
void add_rules(const JsonObject& policy, Light& light) {
  const std::string failure = shown(policy, "failure");
  const bool is_held = json_flag(policy, "held", false).value_or(false);
  if (failure.empty() || (light.tone == Tone::kBad && !is_held)) return;
  light.tone = is_held ? Tone::kBad : Tone::kAttention;
  light.word = is_held ? "Mail waits" : "Old rules";
  light.sentence = "Newer rules are not in use: " + failure + ".";
  light.action = "See the rules";
  light.path = "/rules";
}

/// The list of assured domains still counts, but somebody should bring a newer one.
void add_old_register(const JsonObject& policy, Light& light) {
  const JsonObject* registers = json_object(policy, "registers");
  if (registers == nullptr || !json_flag(*registers, "assured_is_old", false).value_or(false) ||
      light.tone == Tone::kBad || light.tone == Tone::kAttention)
    return;
  light.tone = Tone::kAttention;
  light.word = "Old list";
  light.sentence =
      "Mail may pass. But the list of assured domains is " + shown(*registers, "assured_days") + " days old.";
  light.action = "Bring a newer list";
  light.path = "/rules";
}

/// Hosts of the organisation that may send without TLS now.
void add_clear(const JsonObject& status, Light& light) {
  const JsonArray* exceptions = json_array(status, "clear");
  if (exceptions == nullptr || light.tone == Tone::kBad || light.tone == Tone::kAttention) return;
  std::string hosts;
  for (const Json& entry : *exceptions) {
    if (!entry.is_object() || shown(entry.get_object(), "state") != "in-force") continue;
    const JsonObject& exception = entry.get_object();
    hosts += (hosts.empty() ? "" : ", ") + shown(exception, "host") + " until " +
             friendly_time(shown(exception, "until")) + " (" + shown(exception, "reason") + ")";
  }
  if (hosts.empty()) return;
  light.tone = Tone::kAttention;
  light.word = "In clear";
  light.sentence = "Mail may pass. But inside your network it may come without TLS from " + hosts + ".";
}

/// CJSM is down and has said so before: nobody has to do anything.
void add_planned_outage(const JsonObject& window, Light& light) {
  light.tone = Tone::kNeutral;
  light.word = "Planned outage";
  light.sentence = "CJSM is in planned maintenance until " + friendly_time(shown(window, "until")) +
                   ". Nothing is lost: what is not taken waits at its sender.";
}

bool is_relay_out(const JsonObject& status) {
  const JsonArray* relays = json_array(status, "relays");
  return relays != nullptr && std::ranges::any_of(*relays, [](const Json& hop) {
           return hop.is_object() && shown(hop.get_object(), "state") != "in-use";
         });
}

/// Whether mail reaches the relay.
void add_delivery(const JsonObject& status, const JsonObject* policy, Light& light) {
  const JsonObject* relay = json_object(status, "relay");
  const std::string delivered = relay == nullptr ? "" : shown(*relay, "last_delivered_at");
  const std::string failed = relay == nullptr ? "" : shown(*relay, "last_failure_at");
  const std::string waits = shown(status, "hop_waits");
  const JsonObject* window = policy == nullptr ? nullptr : json_object(*policy, "maintenance");
  if (window != nullptr && (failed > delivered || is_relay_out(status))) {
    add_planned_outage(*window, light);
  } else if (failed > delivered) {
    light.tone = Tone::kBad;
    light.word = "Not delivering";
    light.sentence = "The last attempt failed on " + friendly_time(failed) + ": " +
                     shown(*relay, "last_failure") +
                     ". Nothing is lost: the sending mail server holds the mail and tries again.";
    light.action = "See what was turned away";
    light.path = "/mail?outcome=deferred";
  } else if (delivered.empty()) {
    light.word = "Waiting";
    light.sentence = "The gateway is ready. No mail has passed yet.";
  } else if (!waits.empty()) {
    light.tone = Tone::kAttention;
    light.word = "By another way";
    light.sentence = waits + ".";
  } else {
    light.tone = Tone::kGood;
    light.word = "Working";
    light.sentence = "Mail reaches CJSM. The last message was taken on " + friendly_time(delivered) + ".";
  }
}

/// The box puts its firewall right by itself; what is for a person to do is said where it does not.
void add_firewall(const JsonObject& status, Light& light) {
  const JsonObject* firewall = json_object(status, "firewall");
  if (firewall == nullptr) return;
  const bool is_up = shown(*firewall, "state") == "up";
  const std::int64_t changes = count_of(*firewall, "changes");
  if (is_up && (changes == 0 || light.tone == Tone::kBad || light.tone == Tone::kAttention)) return;
  light.tone = is_up ? Tone::kAttention : Tone::kBad;
  light.word = is_up ? "Firewall was changed" : "Firewall";
  light.sentence =
      is_up ? "Mail may pass. But since the appliance was started, other firewall rules than its own were "
              "found " +
                  count_and_noun(changes, "time", "times") +
                  " and replaced. Find out who did that; starting the appliance anew ends this message."
            : "The firewall is not in order, so no mail passes: " + shown(*firewall, "why") +
                  ". The appliance puts it right within a minute. If this stays, switch it off and on; if it "
                  "still stays, call its vendor.";
  light.action = "See what was recorded";
  light.path = "/audit/gatewayd";
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
  const JsonObject* policy = json_object(*status, "policy");
  add_delivery(*status, policy, light);
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
  if (policy != nullptr) {
    add_rules(*policy, light);
    add_old_register(*policy, light);
  }
  add_firewall(*status, light);
  add_clear(*status, light);
  if (shown(*status, "state") == "draining") {
    light.tone = Tone::kAttention;
    light.word = "Stopping";
    light.sentence = "The gateway is stopping: it finishes what is in transit and takes no new mail.";
  }
  return light;
}

Light certificate_light(const Result<JsonObject>& certificates, const Result<JsonObject>& gateway_status,
                        WallTime now) {
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
  if (has_old_list(gateway_status, now)) {
    light.tone = Tone::kAttention;
    light.word = "Old list";
    light.sentence =
        "All certificates are good. But a list of revoked certificates is out of date: nobody "
        "here knows what CJSM's authority has revoked since.";
    light.action = "Bring a newer list";
    light.path = "/revocations";
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

Light evidence_light(const Result<JsonObject>& gateway, const Result<JsonObject>& renewal, std::int64_t mails,
                     const Result<std::int64_t>& overdue_declarations) {
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
  if (!overdue_declarations || *overdue_declarations > 0) {
    light.tone = Tone::kAttention;
    light.word = overdue_declarations ? "Review due" : "Not known";
    light.sentence =
        "The audit logs are signed by the HSM. But " +
        (overdue_declarations ? count_and_noun(*overdue_declarations, "declaration", "declarations") +
                                    " of your organisation should be made anew: the review day has come."
                              : std::string("what your organisation has declared cannot be read."));
    light.action = "See the declarations";
    light.path = "/declarations";
    return light;
  }
  light.tone = Tone::kGood;
  light.word = "Complete";
  light.sentence =
      count_and_noun(mails, "message", "messages") + " on record. The audit logs are signed by the HSM.";
  return light;
}

}  // namespace privyseal::web
