// privyseal-firewall looks at the kernel's packet filter every few seconds and puts it right.
//
// Talks to: nft(8), its child; it writes one file, which gatewayd reads, and reads what root has written.
// Nothing of the network reaches it but a number of packets. An attacker inside could open the firewall and
// say that it is closed; he could read no mail, no key and no database. Gives up at start: new privileges,
// core dumps, being traced. It has one capability, CAP_NET_ADMIN.
#include <poll.h>

#include <chrono>
#include <iostream>
#include <optional>
#include <span>
#include <string_view>

#include "firmware/base/log.h"
#include "firmware/base/number.h"
#include "firmware/base/service.h"
#include "firmware/firewall/watch.h"

namespace {

using namespace privyseal;

constexpr int kFailed = 1;
constexpr int kUsage = 2;
constexpr const char* kNft = "/usr/sbin/nft";

/// Until the process is to end.
Result<void> watch(const firewall::Watch::Places& places, std::chrono::seconds every) {
  const auto stop = stop_signal();
  if (!stop) return std::unexpected(stop.error());
  const SystemClock clock;
  auto watch = firewall::Watch::open(places, firewall::Nft(kNft), clock);
  if (!watch) return std::unexpected(watch.error());
  for (bool is_first = true;; is_first = false) {
    if (auto looked = watch->look(); !looked) return looked;
    notify_systemd(is_first ? "READY=1\nWATCHDOG=1" : "WATCHDOG=1");
    pollfd entry{.fd = stop->get(), .events = POLLIN, .revents = 0};
    const auto wait = std::chrono::duration_cast<std::chrono::milliseconds>(every);
    if (::poll(&entry, 1, static_cast<int>(wait.count())) > 0) return {};
  }
}

/// Nothing: not from 1 to 30.
std::optional<std::chrono::seconds> seconds(std::string_view text) {
  const auto number = parse_number(text);
  if (!number || *number < 1 || *number > 30) return std::nullopt;
  return std::chrono::seconds(*number);
}

/// Nothing: wrong usage.
std::optional<Result<void>> perform(std::span<char* const> arguments) {
  const std::string_view word = arguments.size() > 1 ? arguments[1] : "";
  if (word == "load" && arguments.size() == 4)
    return firewall::load(firewall::Nft(kNft), arguments[2], arguments[3]);
  const auto every = word == "watch" && arguments.size() == 6 ? seconds(arguments[5]) : std::nullopt;
  if (!every) return std::nullopt;
  return watch({.rules = arguments[2], .expected = arguments[3], .state = arguments[4]}, *every);
}

int fail_with(const Error& error) {
  log_event(LogLevel::kError, "firewall-not-watched", {{"why", error.message}});
  return kFailed;
}

}  // namespace

int main(int argc, char** argv) {
  if (auto given_up = give_up_privileges(); !given_up) return fail_with(given_up.error());
  const auto done = perform(std::span<char* const>(argv, static_cast<std::size_t>(argc)));
  if (!done) {
    std::cerr << "usage: privyseal-firewall load RULES EXPECTED\n"
                 "       privyseal-firewall watch RULES EXPECTED STATE SECONDS\n";
    return kUsage;
  }
  return *done ? 0 : fail_with(done->error());
}
