#include "firmware/gateway/meter.h"

#include <array>
#include <chrono>

namespace privyseal::gateway {
namespace {

using Type = MetricsText::Type;

constexpr std::array kBytes{1e3, 1e4, 1e5, 1e6, 1e7, 1e8};
constexpr std::array kSeconds{0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0};

constexpr std::array kStages{std::pair{"connect", &StageTimes::connect},
                             std::pair{"record", &StageTimes::record}, std::pair{"body", &StageTimes::body},
                             std::pair{"verdict", &StageTimes::verdict}};
constexpr std::array kRoles{"server", "client"};  // in the order of Meter::Role

double seconds_of(std::chrono::milliseconds time) { return std::chrono::duration<double>(time).count(); }

std::string name_of(Meter::Role role) { return kRoles.at(static_cast<std::size_t>(role)); }

}  // namespace

/// Every name is there from the start, so that a rate can be taken of the first one too.
Meter::Counts::Counts() : bytes(kBytes) {
  for (const auto& [stage, time] : kStages) stages.emplace(stage, Histogram(kSeconds));
  for (const char* role : kRoles) handshake_times.emplace(role, Histogram(kSeconds));
  for (const Direction direction : {Direction::kOut, Direction::kIn})
    for (const Outcome outcome :
         {Outcome::kDelivered, Outcome::kDeferred, Outcome::kRefused, Outcome::kAborted, Outcome::kUnknown})
      mails[{std::string(to_string(direction)), std::string(to_string(outcome))}] = 0;
}

void Meter::mail(Direction direction, const MailEnd& end) {
  counts_.with([&](Counts& counts) {
    ++counts.mails[{std::string(to_string(direction)), std::string(to_string(end.outcome))}];
    if (end.size_bytes > 0) counts.bytes.observe(static_cast<double>(end.size_bytes));
    for (const auto& [stage, time] : kStages)
      if (const auto& took = end.took.*time) counts.stages.at(stage).observe(seconds_of(*took));
  });
}

void Meter::handshake(Role role, const tls::SessionFacts& facts) {
  counts_.with([&](Counts& counts) {
    ++counts.handshakes[{name_of(role), facts.version, facts.group, "ok"}];
    counts.handshake_times.at(name_of(role)).observe(seconds_of(facts.handshake_took));
  });
}

void Meter::failed_handshake(Role role) {
  counts_.with([&](Counts& counts) { ++counts.handshakes[{name_of(role), "", "", "failed"}]; });
}

void Meter::refused_plaintext() {
  counts_.with([](Counts& counts) { ++counts.plaintext_refused; });
}

void Meter::took_clear() {
  counts_.with([](Counts& counts) { ++counts.clear_taken; });
}

void Meter::write(MetricsText& text) const {
  counts_.with([&](const Counts& counts) {
    text.family("privyseal_smtp_messages_total", Type::kCounter,
                "Mails by direction and what became of them.");
    for (const auto& [of, count] : counts.mails)
      text.sample({{"direction", of.first}, {"result", of.second}}, static_cast<double>(count));
    text.family("privyseal_smtp_message_bytes", Type::kHistogram, "Size of mails as they came.");
    text.histogram({}, counts.bytes);
    text.family("privyseal_smtp_stage_duration_seconds", Type::kHistogram,
                "Time of a mail's parts: to the next hop, on the disk, its body, the next hop's verdict.");
    for (const auto& [stage, times] : counts.stages) text.histogram({{"stage", stage}}, times);
    text.family("privyseal_tls_handshakes_total", Type::kCounter, "TLS handshakes, as server and as client.");
    for (const auto& [of, count] : counts.handshakes)
      text.sample({{"role", of[0]}, {"version", of[1]}, {"group", of[2]}, {"result", of[3]}},
                  static_cast<double>(count));
    text.family("privyseal_tls_plaintext_refused_total", Type::kCounter,
                "Commands before TLS that were answered 530.");
    text.sample({}, static_cast<double>(counts.plaintext_refused));
    text.family("privyseal_smtp_clear_messages_total", Type::kCounter,
                "Mails that hosts of the organisation began in clear, by a dated exception.");
    text.sample({}, static_cast<double>(counts.clear_taken));
    text.family("privyseal_tls_handshake_duration_seconds", Type::kHistogram,
                "Time of handshakes that succeeded.");
    for (const auto& [role, times] : counts.handshake_times) text.histogram({{"role", role}}, times);
  });
}

}  // namespace privyseal::gateway
