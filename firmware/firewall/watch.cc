#include "firmware/firewall/watch.h"

#include <utility>

#include "firmware/base/file.h"
#include "firmware/base/log.h"

namespace privyseal::firewall {
namespace {

constexpr mode_t kForAllToRead = 0644;
constexpr std::size_t kMostExpectedBytes = 128;

}  // namespace

Result<void> load(const Nft& nft, const std::filesystem::path& rules, const std::filesystem::path& expected) {
  if (auto loaded = nft.load(rules); !loaded) return loaded;
  const auto digest = nft.rules();
  if (!digest) return std::unexpected(digest.error());
  return replace_file(expected, bytes_of(*digest + "\n"), kForAllToRead);
}

Result<Watch> Watch::open(Places places, Nft nft, const Clock& clock) {
  const auto expected = read_file(places.expected, kMostExpectedBytes);
  if (!expected) return std::unexpected(expected.error());
  Watch watch(std::move(places), std::move(nft), clock);
  watch.expected_ = text_of(*expected);
  if (watch.expected_.ends_with('\n')) watch.expected_.pop_back();
  if (!is_digest(watch.expected_))
    return fail(ErrorCode::kInvalid, watch.places_.expected.string() + ": must be a SHA-256");
  const auto left = read_file(watch.places_.state, kMostStateBytes).and_then([](const Bytes& bytes) {
    return parse_state(text_of(bytes));
  });
  if (left) watch.state_ = *left;
  return watch;
}

/// The state first: mail stops before the rules are touched.
Result<void> Watch::look() {
  const Look look{
      .at = clock_.now(), .on = clock_.boot_time().since, .rules = nft_.rules(), .counter = nft_.dropped()};
  const State before = std::exchange(state_, after(state_, look, expected_));
  if (auto written = replace_file(places_.state, bytes_of(to_text(state_)), kForAllToRead); !written)
    return written;
  if (finds_other_rules(look, expected_)) load_again();
  if (!look.rules && state_.why != before.why)
    log_event(LogLevel::kAlert, "firewall-not-read", {{"why", look.rules.error().message}});
  return {};
}

void Watch::load_again() const {
  log_event(LogLevel::kAlert, "firewall-changed", {{"times", state_.changes}});
  if (const auto loaded = nft_.load(places_.rules); !loaded)
    log_event(LogLevel::kAlert, "firewall-not-loaded", {{"why", loaded.error().message}});
}

}  // namespace privyseal::firewall
