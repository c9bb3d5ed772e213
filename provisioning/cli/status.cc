#include "provisioning/cli/status.h"

#include <algorithm>
#include <format>

#include "provisioning/cli/reading.h"
#include "provisioning/cli/text.h"
#include "provisioning/evidence/token_standing.h"

namespace privyseal::cli {
namespace {

constexpr std::chrono::minutes kSignedWithin{5};  // a log is signed once a minute
constexpr std::chrono::days kSoon{14};            // a certificate that ends sooner wants a person

Light no_answer(std::string name, std::string_view daemon, const Error& error) {
  return {.name = std::move(name),
          .colour = Colour::kRed,
          .sentence = escaped(error.message) + ".",
          .action = std::format("systemctl status privyseal-{}", daemon),
          .answered = false};
}

/// Whether `later` is a time after `earlier`; a missing one is before all others.
bool is_after(const JsonObject& object, std::string_view later, std::string_view earlier) {
  const auto a = parse_time(shown(object, later));
  const auto b = parse_time(shown(object, earlier));
  return a && (!b || *a > *b);
}

std::string today_text(const JsonObject& today) {
  return std::format("today {} delivered, {} refused, {} deferred, {} failed", count_at(today, "delivered"),
                     count_at(today, "refused"), count_at(today, "deferred"), count_at(today, "failed"));
}

/// Mail flows on without checkpoints, but the evidence of it grows weaker.
std::string audit_trouble(const JsonObject& audit, WallTime now) {
  const auto since = parse_time(shown(audit, "unsigned_since"));
  if (!since || now - *since < kSignedWithin) return {};
  const std::string failure = escaped(shown(audit, "failure"));
  return std::format("Mail flows, but its audit log has not been signed since {}{}.", london(*since),
                     failure.empty() ? "" : ": " + failure);
}

/// One identity's part in the light; the worst one speaks.
Light identity_light(const JsonObject& identity, WallTime now) {
  const std::string name = escaped(shown(identity, "name"));
  const std::string next = escaped(shown(identity, "next"));
  Light light{.name = "certificates", .colour = Colour::kGreen, .sentence = "", .action = ""};
  const auto say = [&](Colour colour, std::string sentence, std::string action) {
    light.colour = colour;
    light.sentence = std::move(sentence);
    light.action = std::move(action);
    return light;
  };
  const JsonObject* active = json_object(identity, "active");
  const auto end = active == nullptr ? std::nullopt : parse_time(shown(*active, "not_after"));
  if (active == nullptr)
    return say(Colour::kRed, std::format("'{}' has no certificate in use. {}", name, next),
               "privyseal cert list");
  if (end && *end <= now)
    return say(Colour::kRed, std::format("The certificate of '{}' ended on {}. {}", name, london(*end), next),
               "privyseal cert renew " + name);
  if (const JsonObject* alarm = json_object(identity, "alarm"))
    return say(shown(*alarm, "level") == "critical" ? Colour::kRed : Colour::kAmber,
               std::format("'{}' since {}: {}. {}", name, shown_time(*alarm, "since"),
                           escaped(shown(*alarm, "why")), next),
               "privyseal cert list");
  if (!end)
    return say(Colour::kAmber,
               std::format("It is not known how long the certificate of '{}' is valid.", name),
               "privyseal cert list");
  if (*end - now < kSoon)
    return say(Colour::kAmber,
               std::format("The certificate of '{}' ends on {}. {}", name, london(*end), next),
               "privyseal cert list");
  return light;
}

std::string soonest_text(const std::vector<const JsonObject*>& identities) {
  std::optional<WallTime> soonest;
  std::string name;
  for (const JsonObject* identity : identities) {
    const auto end = parse_time(shown(object_at(*identity, "active"), "not_after"));
    if (!end || (soonest && *soonest <= *end)) continue;
    soonest = end;
    name = escaped(shown(*identity, "name"));
  }
  return soonest ? std::format("the first to end is '{}', on {}", name, london(*soonest)) : "none has an end";
}

std::string cpu_sentence(const std::string& cpu) {
  if (cpu == "unknown") return "what the processor does for cryptography is not known";
  if (cpu.starts_with("AES-NI")) return "uses " + cpu;
  return "no AES instructions in use (only " + cpu + "): mail is carried, but slowly";
}

}  // namespace

std::string_view to_string(Colour colour) {
  switch (colour) {
    case Colour::kGreen:
      return "green";
    case Colour::kAmber:
      return "amber";
    case Colour::kRed:
      return "red";
  }
  return "red";
}

/// Lists of revoked certificates still count after their day, but somebody should bring newer ones.
std::string revocation_trouble(const JsonObject& status, WallTime now) {
  for (const JsonObject* list : objects_at(status, "revocations"))
    if (const auto until = parse_time(shown(*list, "next_update")); until && *until <= now)
      return std::format(
          "Mail flows, but the list of revoked certificates of {} was meant to be used until {}.",
          escaped(shown(*list, "issuer")), london(*until));
  return "";
}

/// CJSM is down and has said so before: nobody has to do anything. Else empty.
std::string planned_outage(const JsonObject& status) {
  const JsonObject& window = object_at(object_at(status, "policy"), "maintenance");
  const bool is_out = is_after(object_at(status, "relay"), "last_failure_at", "last_delivered_at") ||
                      std::ranges::any_of(objects_at(status, "relays"), [](const JsonObject* hop) {
                        return shown(*hop, "state") != "in-use";
                      });
  if (window.empty() || !is_out) return "";
  return std::format("CJSM is down for planned maintenance until {}. What is not taken waits at its sender",
                     shown_time(window, "until"));
}

/// Newer rules are not in use, or old ones still are; else empty.
std::string rules_trouble(const JsonObject& policy) {
  if (const std::string failure = shown(policy, "failure"); !failure.empty())
    return std::format("Newer rules are not in use: {}.", escaped(failure));
  const JsonObject& registers = object_at(policy, "registers");
  if (!json_flag(registers, "assured_is_old", false).value_or(false)) return "";
  return std::format("Mail flows, but the list of assured domains is {} old.",
                     counted(count_at(registers, "assured_days"), "day"));
}

/// Empty: it is up and always was, or none is watched here.
std::string firewall_trouble(const JsonObject& firewall) {
  if (firewall.empty()) return "";
  if (shown(firewall, "state") != "up")
    return std::format("No mail passes, because the firewall is not in order: {}.",
                       escaped(shown(firewall, "why")));
  const std::uint64_t changes = count_at(firewall, "changes");
  if (changes == 0) return "";
  return std::format(
      "Mail flows, but since the start other firewall rules than ours were found {} and replaced.",
      counted(changes, "time"));
}

/// Who may send in clear now, until when and why; else empty.
std::string clear_trouble(const JsonObject& status) {
  std::string hosts;
  for (const JsonObject* exception : objects_at(status, "clear"))
    if (shown(*exception, "state") == "in-force")
      hosts +=
          std::format("{}{} until {} ({})", hosts.empty() ? "" : ", ", escaped(shown(*exception, "host")),
                      shown_time(*exception, "until"), escaped(shown(*exception, "reason")));
  return hosts.empty() ? "" : std::format("Mail flows, but may come without TLS from {}.", hosts);
}

Light mail_light(const Result<JsonObject>& status, WallTime now) {
  if (!status) return no_answer("mail", "gatewayd", status.error());
  const JsonObject& relay = object_at(*status, "relay");
  const std::string today = today_text(object_at(*status, "today"));
  const auto amber = [](std::string sentence, std::string action) {
    return Light{.name = "mail",
                 .colour = Colour::kAmber,
                 .sentence = std::move(sentence),
                 .action = std::move(action)};
  };
  if (shown(*status, "state") != "running")
    return amber(
        std::format("The gateway is {}: it takes no new mail; {}.", escaped(shown(*status, "state")), today),
        "systemctl status privyseal-gatewayd");
  const JsonObject& policy = object_at(*status, "policy");
  if (const std::string line = shown(policy, "line"); !line.empty() && line != "active")
    return {.name = "mail",
            .colour = Colour::kRed,
            .sentence = std::format("The line is {}: no mail passes; {}.", escaped(line), today),
            .action = "privyseal line show"};
  const JsonObject& firewall = object_at(*status, "firewall");
  if (!firewall.empty() && shown(firewall, "state") != "up")
    return {.name = "mail",
            .colour = Colour::kRed,
            .sentence = firewall_trouble(firewall),
            .action = "journalctl -u privyseal-firewall"};
  if (const std::string planned = planned_outage(*status); !planned.empty())
    return {.name = "mail",
            .colour = Colour::kGreen,
            .sentence = std::format("{}; {}.", planned, today),
            .action = ""};
  if (is_after(relay, "last_failure_at", "last_delivered_at"))
    return amber(
        std::format("The last mail to {} failed at {}: {}. What was not taken waits at its sender; {}.",
                    escaped(shown(relay, "host")), shown_time(relay, "last_failure_at"),
                    escaped(shown(relay, "last_failure")), today),
        "privyseal mail find --outcome deferred");
  if (std::string trouble = audit_trouble(object_at(*status, "audit"), now); !trouble.empty())
    return amber(std::move(trouble), "privyseal audit verify gatewayd");
  if (const auto waits = shown(*status, "hop_waits"); !waits.empty())
    return amber(escaped(waits) + ".", "journalctl -u privyseal-gatewayd -g next-hop");
  if (const auto waits = shown(object_at(*status, "ledger"), "purge_waits"); !waits.empty())
    return amber(std::format("Mail flows, but nothing is purged: {}.", escaped(waits)), "timedatectl");
  if (std::string trouble = firewall_trouble(firewall); !trouble.empty())
    return amber(std::move(trouble), "journalctl -u privyseal-firewall");
  if (std::string trouble = rules_trouble(policy); !trouble.empty())
    return amber(std::move(trouble), "privyseal policy show");
  if (std::string trouble = revocation_trouble(*status, now); !trouble.empty())
    return amber(std::move(trouble), "privyseal cert revoked FILE --reason TEXT");
  if (std::string trouble = clear_trouble(*status); !trouble.empty())
    return amber(std::move(trouble), "journalctl -u privyseal-gatewayd -g mail-in-clear");
  const std::string last = shown_time(relay, "last_delivered_at");
  return {.name = "mail",
          .colour = Colour::kGreen,
          .sentence = std::format("Mail flows: {}; the relay {}.", today,
                                  last.empty() ? "has not taken one yet" : "last took one at " + last),
          .action = ""};
}

Light key_light(const Result<hsm::Health>& health, const Result<std::vector<hsm::KeyInfo>>& keys,
                const Result<std::vector<hsm::KeyUses>>& uses) {
  if (!health) return no_answer("keys", "keyd", health.error());
  if (!health->ready)
    return {.name = "keys",
            .colour = Colour::kRed,
            .sentence = "keyd runs, but the token cannot sign now; mail is deferred until it can.",
            .action = "journalctl -u privyseal-keyd"};
  if (!keys) return no_answer("keys", "keyd", keys.error());
  if (!uses) return no_answer("keys", "keyd", uses.error());
  std::uint64_t signatures = 0;
  std::uint64_t refused = 0;
  for (const hsm::KeyUses& use : *uses) {
    signatures += use.tls_client + use.tls_server + use.tls12_server;
    refused += use.refused;
  }
  const std::string facts =
      std::format("{}, {} for TLS", counted(keys->size(), "key"), counted(signatures, "signature"));
  if (keys->empty())
    return {.name = "keys",
            .colour = Colour::kRed,
            .sentence = "The token holds no key.",
            .action = "privyseal cert request cjsm"};
  if (refused > 0)
    return {.name = "keys",
            .colour = Colour::kAmber,
            .sentence =
                std::format("The token signs, but keyd refused {}: {}.", counted(refused, "request"), facts),
            .action = "privyseal audit tail keyd"};
  return {.name = "keys",
          .colour = Colour::kGreen,
          .sentence = std::format("The token signs: {}.", facts),
          .action = ""};
}

Light certificate_light(const Result<JsonObject>& list, WallTime now) {
  if (!list) return no_answer("certificates", "renewd", list.error());
  const auto identities = objects_at(*list, "identities");
  if (identities.empty())
    return {.name = "certificates",
            .colour = Colour::kRed,
            .sentence = "There is no certificate yet.",
            .action = "privyseal cert request cjsm"};
  Light worst = identity_light(*identities.front(), now);
  for (const JsonObject* identity : identities)
    if (Light light = identity_light(*identity, now); light.colour > worst.colour) worst = std::move(light);
  if (worst.colour == Colour::kGreen)
    worst.sentence =
        std::format("{} in use; {}.", counted(identities.size(), "certificate"), soonest_text(identities));
  return worst;
}

Light console_light(const Result<JsonObject>& status) {
  if (!status) return no_answer("console", "admind", status.error());
  if (!json_flag(*status, "officer", true).value_or(true))
    return {.name = "console",
            .colour = Colour::kAmber,
            .sentence = "The console runs, but nobody has taken it over yet.",
            .action = "privyseal console claim"};
  return {.name = "console",
          .colour = Colour::kGreen,
          .sentence = std::format("The console runs at {}; {}.", escaped(shown(*status, "url")),
                                  counted(count_at(*status, "users"), "account")),
          .action = ""};
}

Colour worst_of(const std::vector<Light>& lights) {
  Colour worst = Colour::kGreen;
  for (const Light& light : lights) worst = std::max(worst, light.colour);
  return worst;
}

Crypto crypto_of(const Result<hsm::Health>& health, const Result<JsonObject>& status,
                 const Result<JsonObject>& console) {
  const auto token = evidence::judge_token(evidence::claims_validated_token(console), health);
  return {.token = escaped(token.name),
          .standing = std::string(token.in_words()),
          .keyd_cpu = health ? escaped(health->cpu) : "",
          .gatewayd_cpu = status ? escaped(shown(*status, "cpu")) : ""};
}

std::string status_text(const std::vector<Light>& lights, const Crypto& crypto, WallTime now) {
  std::string text;
  for (const Light& light : lights) {
    text += std::format("{:<12}  {:<5}  {}\n", light.name, to_string(light.colour), light.sentence);
    if (!light.action.empty()) text += std::format("{:<12}  {:<5}  -> {}\n", "", "", light.action);
  }
  text += '\n';
  if (!crypto.token.empty())
    text += std::format("{:<12}  every private key signs in the token: {} ({})\n", "signing", crypto.token,
                        crypto.standing);
  for (const auto& [daemon, cpu] : {std::pair{"gatewayd", crypto.gatewayd_cpu}, {"keyd", crypto.keyd_cpu}})
    if (!cpu.empty()) text += std::format("{:<12}  {}: {}\n", "processor", daemon, cpu_sentence(cpu));
  return text + std::format("\nAs of {}; times are Europe/London.\n", london(now));
}

JsonObject status_json(const std::vector<Light>& lights, const Crypto& crypto, WallTime now) {
  JsonArray list;
  for (const Light& light : lights)
    list.push_back(JsonObject{{"name", light.name},
                              {"colour", to_string(light.colour)},
                              {"sentence", light.sentence},
                              {"action", light.action}});
  return {{"ok", true},
          {"at", to_rfc3339(now)},
          {"colour", to_string(worst_of(lights))},
          {"lights", std::move(list)},
          {"crypto", JsonObject{{"token", crypto.token},
                                {"token_standing", crypto.standing},
                                {"keyd_cpu", crypto.keyd_cpu},
                                {"gatewayd_cpu", crypto.gatewayd_cpu}}}};
}

}  // namespace privyseal::cli
