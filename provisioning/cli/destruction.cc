#include "provisioning/cli/destruction.h"

#include <algorithm>
#include <format>

#include "firmware/base/audit/checkpoint.h"
#include "hsm/destruction.h"
#include "provisioning/cli/reading.h"
#include "provisioning/cli/text.h"
#include "provisioning/destroy.h"

namespace privyseal::cli {
namespace {

constexpr std::size_t kNeeded = 2;

const Option kKey{.name = "key", .value = "KEY", .help = "the retired key's name"};

Result<void> check_key(const Arguments& arguments) {
  if (hsm::is_key_name(arguments.text("key"))) return {};
  return fail(ErrorCode::kInvalid, "--key is no key's name");
}

Result<KeyLife> life_of(Appliance& appliance, std::string_view key, std::uint64_t size) {
  KeyLife life;
  for (std::uint64_t after = 0; after < size;) {
    const auto lines = appliance.audit_entries(Daemon::kKeyd, after, size - after);
    if (!lines) return std::unexpected(lines.error());
    if (lines->empty()) break;
    for (const std::string& line : *lines) add_entry(life, key, line);
    after += lines->size();
  }
  return life;
}

/// kConflict: it is in use. kNotFound: no such key was retired.
Result<KeyLife> retired_key(Appliance& appliance, const std::string& key, std::uint64_t log_size) {
  const auto held = appliance.keys();
  if (!held) return std::unexpected(held.error());
  if (std::ranges::contains(*held, key, &hsm::KeyInfo::name))
    return fail(ErrorCode::kConflict, "this key is in use; only a retired one is destroyed");
  auto life = life_of(appliance, key, log_size);
  if (life && life->retired_at.empty())
    return fail(ErrorCode::kNotFound, "keyd's audit log knows of no retired key of this name");
  return life;
}

/// The host in the origin of keyd's audit log, which is the one that keyd wants in a request.
Result<std::string> host_of(const Appliance::LogState& log) {
  const auto note = audit::parse_note(log.note);
  if (!note)
    return fail(ErrorCode::kUnavailable, "keyd's audit log is not signed yet; try again in a minute");
  return note->checkpoint.origin.substr(0, note->checkpoint.origin.find('/'));
}

Result<Report> request(const Arguments& arguments, Surroundings& at) {
  const std::string& key = arguments.text("key");
  const auto log = at.appliance.audit_state(Daemon::kKeyd);
  if (!log) return std::unexpected(log.error());
  const auto life = retired_key(at.appliance, key, log->size);
  if (!life) return std::unexpected(life.error());
  const auto text = host_of(*log).and_then(
      [&](const std::string& host) { return provisioning::new_destruction(host, key, at.clock.now()); });
  if (!text) return std::unexpected(text.error());
  auto answer = at.appliance.ask(
      Daemon::kAdmind,
      {{"op", "destruction-ask"}, {"text", *text}, {"role", life->role}, {"retired_at", life->retired_at}});
  if (!answer) return std::unexpected(answer.error());
  std::string words = std::format(
      "{}\nWithin a day two persons approve this with their passkeys, at\n    {}\nThen: privyseal key "
      "destroy {}\n",
      *text, escaped(shown(*answer, "url")), key);
  return Report{.json = std::move(*answer), .text = std::move(words)};
}

/// Two approvals as the console has them. kConflict: there are not two yet.
Result<std::array<hsm::Approval, kNeeded>> approvals_in(const JsonObject& answer) {
  const auto given = objects_at(answer, "approvals");
  if (given.size() < kNeeded)
    return fail(ErrorCode::kConflict,
                std::format("{} of {} persons have approved it", given.size(), kNeeded));
  std::array<hsm::Approval, kNeeded> approvals;
  for (std::size_t i = 0; i < kNeeded; ++i) {
    auto approval = provisioning::parse_approval(shown(*given[i], "person"), to_text(*given[i]));
    if (!approval) return fail("admind", approval.error());
    approvals[i] = std::move(*approval);
  }
  return approvals;
}

Result<Report> destroy(const Arguments& arguments, Surroundings& at) {
  const std::string& key = arguments.text("key");
  const auto answer = at.appliance.ask(Daemon::kAdmind, {{"op", "destruction"}, {"key", key}});
  if (!answer) return std::unexpected(answer.error());
  const auto approvals = approvals_in(*answer);
  if (!approvals) return std::unexpected(approvals.error());
  const std::string text = shown(*answer, "text");
  const auto done = at.appliance.destroy(key, text, *approvals);
  const auto told =
      at.appliance.ask(Daemon::kAdmind, {{"op", "destruction-end"},
                                         {"text", text},
                                         {"outcome", done ? std::string("ok") : done.error().message}});
  if (!told) at.notes << "the console does not know how it ended: " << escaped(told.error().message) << '\n';
  if (!done) return std::unexpected(done.error());
  return Report{
      .json = {{"ok", true}, {"key", key}},
      .text = std::format("The key '{}' is no longer on the token. Its name is never given again.\n", key)};
}

}  // namespace

void add_entry(KeyLife& life, std::string_view key, std::string_view line) {
  const auto entry = parse_json_object(line);
  if (!entry || shown(*entry, "object") != "key/" + std::string(key) || shown(*entry, "outcome") != "granted")
    return;
  const std::string action = shown(*entry, "action");
  const std::string why = shown(*entry, "why");
  if (action == "generate") life.role = why.substr(0, why.find(','));
  if (action == "retire") life.retired_at = shown(*entry, "ts");
}

std::vector<Command> destruction_commands() {
  return {{.words = "key destroy-request",
           .summary = "ask that a retired key be destroyed: two persons approve it on the console",
           .bare = {"key"},
           .options = {kKey},
           .what = Task{check_key, request}},
          {.words = "key destroy",
           .summary = "take a retired key off the token, once two persons have approved it",
           .bare = {"key"},
           .options = {kKey},
           .what = Task{check_key, destroy}}};
}

}  // namespace privyseal::cli
