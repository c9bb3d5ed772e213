#include "provisioning/evidence/appliance.h"

#include <algorithm>
#include <format>

#include "firmware/base/check.h"
#include "firmware/base/door.h"
#include "provisioning/evidence/reading.h"

namespace privyseal::evidence {
namespace {

struct Place {
  std::string_view name;
  std::string_view socket;  // below the folder of run-time files
};

constexpr Place place_of(Daemon daemon) {
  switch (daemon) {
    case Daemon::kKeyd:
      return {"keyd", "privyseal-keyd/socket"};
    case Daemon::kGatewayd:
      return {"gatewayd", "privyseal-gateway/door"};
    case Daemon::kRenewd:
      return {"renewd", "privyseal-renewd/door"};
    case Daemon::kAdmind:
      return {"admind", "privyseal-console/door"};
  }
  return {};
}

}  // namespace

std::string_view name_of(Daemon daemon) { return place_of(daemon).name; }

namespace {

/// Without this, a missing socket could not be told from a missing mail or key: both are kNotFound.
Result<void> look_for(Daemon daemon, const std::filesystem::path& socket) {
  std::error_code unreadable;
  if (std::filesystem::exists(socket, unreadable) || unreadable) return {};
  return fail(ErrorCode::kUnavailable,
              std::format("{} does not answer: there is no {}", name_of(daemon), socket.string()));
}

Appliance::Ask at_doors_below(const std::filesystem::path& run) {
  return [run](Daemon daemon, const JsonObject& request,
               std::chrono::milliseconds deadline) -> Result<JsonObject> {
    const auto door = run / place_of(daemon).socket;
    if (auto found = look_for(daemon, door); !found) return std::unexpected(found.error());
    auto answer = ask_door(door, request, deadline);
    if (!answer) return fail(name_of(daemon), answer.error());
    return answer;
  };
}

}  // namespace

Appliance::Appliance(const std::filesystem::path& run, std::chrono::milliseconds deadline)
    : Appliance(at_doors_below(run), run / place_of(Daemon::kKeyd).socket, deadline) {}

Appliance::Appliance(Ask ask, std::filesystem::path keyd_socket, std::chrono::milliseconds deadline)
    : ask_(std::move(ask)),
      deadline_(deadline),
      keyd_socket_(std::move(keyd_socket)),
      keyd_(keyd_socket_, deadline) {}

Result<void> Appliance::look_for_keyd() const { return look_for(Daemon::kKeyd, keyd_socket_); }

Result<JsonObject> Appliance::ask(Daemon daemon, const JsonObject& request,
                                  std::optional<std::chrono::milliseconds> deadline) const {
  CHECK(daemon != Daemon::kKeyd);
  return ask_(daemon, request, deadline.value_or(deadline_));
}

// The client names keyd in its errors itself.
Result<hsm::Health> Appliance::keyd_health() {
  return look_for_keyd().and_then([&] { return keyd_.condition(); });
}

Result<std::vector<hsm::KeyInfo>> Appliance::keys() {
  return look_for_keyd().and_then([&] { return keyd_.list_keys(); });
}

Result<std::vector<hsm::KeyUses>> Appliance::key_uses() {
  return look_for_keyd().and_then([&] { return keyd_.uses(); });
}

Result<Bytes> Appliance::audit_key() {
  const auto held = keys();
  if (!held) return std::unexpected(held.error());
  const auto key = std::ranges::find(*held, hsm::KeyRole::kAudit, &hsm::KeyInfo::role);
  if (key == held->end()) return fail(ErrorCode::kNotFound, "keyd: the token holds no audit key");
  audit_key_name_ = key->name;
  return key->public_key;
}

Result<Bytes> Appliance::sign_checkpoint(std::string_view text) {
  if (audit_key_name_.empty())
    if (auto found = audit_key(); !found) return found;
  return keyd_.sign_checkpoint(audit_key_name_, text);
}

Result<Appliance::LogState> Appliance::audit_state(Daemon daemon) {
  if (daemon == Daemon::kKeyd)
    return look_for_keyd().and_then([&] { return keyd_.audit_checkpoint(); }).transform([](auto&& answer) {
      return LogState{answer.size, answer.note};
    });
  const auto answer = ask(daemon, {{"op", "audit-checkpoint"}});
  if (!answer) return std::unexpected(answer.error());
  return LogState{count_at(*answer, "size"), shown(*answer, "note")};
}

Result<std::vector<std::string>> Appliance::audit_entries(Daemon daemon, std::uint64_t after,
                                                          std::uint64_t limit) {
  const std::uint64_t asked = std::min<std::uint64_t>(limit, hsm::kMaxAuditEntries);
  if (daemon == Daemon::kKeyd)
    return look_for_keyd().and_then([&] { return keyd_.audit_entries(after, asked); });
  const auto answer = ask(daemon, {{"op", "audit-entries"}, {"after", after}, {"limit", asked}});
  if (!answer) return std::unexpected(answer.error());
  auto lines = json_texts(*answer, "entries");
  if (!lines) return fail(name_of(daemon), lines.error());
  return lines;
}

Result<void> Appliance::read_audit_log(Daemon daemon, std::uint64_t size,
                                       const std::function<Result<void>(std::string)>& take) {
  for (std::uint64_t count = 0; count < size;) {
    auto lines = audit_entries(daemon, count, size - count);
    if (!lines) return std::unexpected(lines.error());
    if (lines->empty())
      return fail(ErrorCode::kUnavailable,
                  std::format("{}: its log ends after {} entries", name_of(daemon), count));
    for (std::string& line : *lines) {
      if (count == size) break;
      if (auto taken = take(std::move(line)); !taken) return taken;
      ++count;
    }
  }
  return {};
}

}  // namespace privyseal::evidence
