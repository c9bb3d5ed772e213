#include "provisioning/cli/appliance.h"

#include <format>

#include "firmware/base/check.h"
#include "firmware/base/door.h"

namespace privyseal::cli {
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

Appliance::Appliance(std::filesystem::path run, std::chrono::milliseconds deadline)
    : run_(std::move(run)), deadline_(deadline), keyd_(socket_of(Daemon::kKeyd), deadline) {}

std::filesystem::path Appliance::socket_of(Daemon daemon) const { return run_ / place_of(daemon).socket; }

/// Without this, a missing socket could not be told from a missing mail or key: both are kNotFound.
Result<void> Appliance::look_for(Daemon daemon) const {
  const auto socket = socket_of(daemon);
  std::error_code unreadable;
  if (std::filesystem::exists(socket, unreadable) || unreadable) return {};
  return fail(ErrorCode::kUnavailable,
              std::format("{} does not answer: there is no {}", name_of(daemon), socket.string()));
}

Result<JsonObject> Appliance::ask(Daemon daemon, const JsonObject& request) const {
  CHECK(daemon != Daemon::kKeyd);
  if (auto found = look_for(daemon); !found) return std::unexpected(found.error());
  auto answer = ask_door(socket_of(daemon), request, deadline_);
  if (!answer) return fail(name_of(daemon), answer.error());
  return answer;
}

// The client names keyd in its errors itself.
Result<bool> Appliance::keyd_is_ready() {
  return look_for(Daemon::kKeyd).and_then([&] { return keyd_.health(); });
}

Result<std::vector<hsm::KeyInfo>> Appliance::keys() {
  return look_for(Daemon::kKeyd).and_then([&] { return keyd_.list_keys(); });
}

Result<std::vector<hsm::KeyUses>> Appliance::key_uses() {
  return look_for(Daemon::kKeyd).and_then([&] { return keyd_.uses(); });
}

}  // namespace privyseal::cli
