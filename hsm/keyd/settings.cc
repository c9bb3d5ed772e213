#include "hsm/keyd/settings.h"

#include <sys/stat.h>
#include <sys/utsname.h>

#include <algorithm>
#include <cerrno>
#include <charconv>

#include "firmware/base/config_reader.h"
#include "firmware/base/file.h"
#include "firmware/base/user.h"
#include "hsm/approvers.h"
#include "hsm/keyd/checkpoint.h"

namespace privyseal::keyd {
namespace {

std::map<uid_t, Caller> read_callers(ConfigReader& reader) {
  std::map<uid_t, Caller> callers;
  for (const Caller caller : kCallers) {
    const std::string key = "callers." + std::string(to_string(caller));
    for (const std::string& user : reader.texts(key))
      if (!callers.emplace(reader.taken(key, user_id(user)), caller).second)
        reader.refuse(key, "must not have a user that is listed elsewhere: " + user);
  }
  return callers;
}

mode_t read_mode(ConfigReader& reader, std::string_view key) {
  const std::string text = reader.text(key, "0660");
  const char* const end = text.data() + text.size();
  mode_t mode = 0;
  if (std::from_chars(text.data(), end, mode, 8) != std::from_chars_result{end, {}} || mode > 0777)
    reader.refuse(key, "must be octal, as \"0660\"");
  return mode;
}

std::optional<gid_t> read_group(ConfigReader& reader, std::string_view key) {
  const std::string group = reader.text(key, "");
  if (group.empty()) return std::nullopt;
  return reader.taken(key, group_id(group));
}

std::optional<std::filesystem::path> read_optional_path(ConfigReader& reader, std::string_view key) {
  std::string path = reader.text(key, "");
  if (path.empty()) return std::nullopt;
  return path;
}

/// The module and the token: by path and label, or by URI.
void read_token_name(ConfigReader& reader, Settings& settings) {
  const std::string uri = reader.text("pkcs11.uri", "");
  if (uri.empty()) {
    settings.module = reader.text("pkcs11.module");
    settings.token.label = reader.text("pkcs11.token");
    return;
  }
  const std::string module = reader.text("pkcs11.module", "");
  const auto named = reader.taken("pkcs11.uri", pkcs11::parse_token_uri(uri));
  if (!reader.text("pkcs11.token", "").empty())
    reader.refuse("pkcs11.token", "must not stand beside pkcs11.uri");
  if (module.empty() == named.module_path.empty())
    reader.refuse("pkcs11.module", "or the URI's module-path, one of them, must name the module");
  settings.module = module.empty() ? named.module_path : module;
  settings.token = named.token;
}

std::optional<Tls12Exception> read_tls12_exception(ConfigReader& reader) {
  constexpr std::size_t kMostReasonBytes = 200;
  if (!reader.has("tls12_exception")) return std::nullopt;
  Tls12Exception exception{.reason = reader.text("tls12_exception.reason"),
                           .roles = {},
                           .until = reader.day("tls12_exception.until")};
  if (exception.reason.empty() || exception.reason.size() > kMostReasonBytes)
    reader.refuse("tls12_exception.reason", "must say for whom it is, in 1 to 200 bytes");
  for (const std::string& name : reader.texts("tls12_exception.roles")) {
    const auto role =
        std::ranges::find(kRoleKinds, name, [](const RoleKinds& row) { return to_string(row.role); });
    const bool may_sign = role != kRoleKinds.end() && std::ranges::any_of(kCallers, [&](Caller caller) {
                            return may(caller, Operation::kSignTls12Server, role->role);
                          });
    if (may_sign)
      exception.roles.push_back(role->role);
    else
      reader.refuse("tls12_exception.roles", "has a role whose keys never sign TLS 1.2: " + name);
  }
  if (exception.roles.empty()) reader.refuse("tls12_exception.roles", "must name a role");
  return exception;
}

/// A file that is no list of approvers stops no mail: then nobody approves.
Result<std::vector<Approver>> read_approvers(const std::filesystem::path& file) {
  struct stat status{};
  if (::stat(file.c_str(), &status) != 0 && errno == ENOENT) return std::vector<Approver>{};
  if (status.st_uid != 0 || (status.st_mode & (S_IWGRP | S_IWOTH)) != 0)
    return fail(ErrorCode::kDenied, file.string() + ": others than root may write to it");
  const auto content = read_file(file, hsm::kMaxApproversBytes);
  if (!content) return std::unexpected(content.error());
  auto approvers = parse_approvers(text_of(*content));
  if (!approvers) return fail(file.string(), approvers.error());
  return approvers;
}

void read_approvals(ConfigReader& reader, Settings& settings) {
  if (!reader.has("approvals")) return;
  settings.approvals.site = reader.text("approvals.site");
  settings.approvals.origins = reader.texts("approvals.origins");
  if (settings.approvals.origins.empty()) reader.refuse("approvals.origins", "must name the console's");
  auto approvers = read_approvers(reader.text("approvals.approvers"));
  if (approvers)
    settings.approvals.approvers = std::move(*approvers);
  else
    settings.approvers_fault = approvers.error().message;
}

/// A host without a usable name is the local one.
std::string own_origin() {
  utsname names{};
  if (::uname(&names) == 0)
    if (std::string origin = std::string(names.nodename) + "/keyd"; log_name_of(origin)) return origin;
  return "localhost/keyd";
}

std::string read_origin(ConfigReader& reader) {
  const std::string host = reader.text("audit.host", "");
  if (host.empty()) return own_origin();
  if (!log_name_of(host + "/keyd")) reader.refuse("audit.host", "must be a host name");
  return host + "/keyd";
}

}  // namespace

Result<Settings> load_settings(const std::filesystem::path& file) {
  auto config = Config::load(file);
  if (!config) return std::unexpected(config.error());
  ConfigReader reader(std::move(*config));
  Settings settings{
      .state = reader.text("state"),
      .workers = reader.number<std::size_t>("workers", 4, 1, 64),
      .signatures_per_second = reader.number<std::uint32_t>("signatures_per_second", 5000, 1, 1'000'000),
      .socket = reader.text("socket.path"),
      .socket_mode = read_mode(reader, "socket.mode"),
      .socket_group = read_group(reader, "socket.group"),
      .module = {},
      .token = {},
      .pin_file = reader.text("pkcs11.pin_file"),
      .softhsm_conf = read_optional_path(reader, "pkcs11.softhsm_conf"),
      .module_parameters = reader.text("pkcs11.parameters", ""),
      .callers = read_callers(reader),
      .audit_origin = read_origin(reader),
      .tls12_exception = read_tls12_exception(reader)};
  read_token_name(reader, settings);
  read_approvals(reader, settings);
  if (auto sound = reader.finish(); !sound) return std::unexpected(sound.error());
  return settings;
}

}  // namespace privyseal::keyd
