#include "hsm/keyd/settings.h"

#include <grp.h>
#include <pwd.h>
#include <sys/utsname.h>

#include <charconv>

#include "firmware/base/config.h"
#include "hsm/keyd/checkpoint.h"

namespace privyseal::keyd {
namespace {

template <class Number>
std::optional<Number> whole_number(std::string_view text, int base) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

Result<uid_t> user_id(const std::string& user) {
  if (const auto number = whole_number<uid_t>(user, 10)) return *number;
  const passwd* entry = ::getpwnam(user.c_str());
  if (entry == nullptr) return fail(ErrorCode::kInvalid, "callers: there is no user " + user);
  return entry->pw_uid;
}

Result<gid_t> group_id(const std::string& group) {
  if (const auto number = whole_number<gid_t>(group, 10)) return *number;
  const struct group* entry = ::getgrnam(group.c_str());
  if (entry == nullptr) return fail(ErrorCode::kInvalid, "socket.group: there is no group " + group);
  return entry->gr_gid;
}

Result<void> read_callers(Config& config, std::map<uid_t, Caller>& callers) {
  for (const Caller caller : kCallers) {
    const auto users = config.texts("callers." + std::string(to_string(caller)));
    if (!users) return std::unexpected(users.error());
    for (const std::string& user : *users) {
      const auto uid = user_id(user);
      if (!uid) return std::unexpected(uid.error());
      if (!callers.emplace(*uid, caller).second)
        return fail(ErrorCode::kInvalid, "callers: " + user + " is listed twice");
    }
  }
  return {};
}

Result<void> read_socket(Config& config, Settings& settings) {
  const auto path = config.text("socket.path");
  if (!path) return std::unexpected(path.error());
  settings.socket = *path;
  const auto mode = config.text("socket.mode", "0660");
  if (!mode) return std::unexpected(mode.error());
  const auto bits = whole_number<mode_t>(*mode, 8);
  if (!bits || *bits > 0777) return fail(ErrorCode::kInvalid, "socket.mode must be octal, as \"0660\"");
  settings.socket_mode = *bits;
  const auto group = config.text("socket.group", "");
  if (!group) return std::unexpected(group.error());
  if (group->empty()) return {};
  const auto gid = group_id(*group);
  if (!gid) return std::unexpected(gid.error());
  settings.socket_group = *gid;
  return {};
}

Result<void> read_token(Config& config, Settings& settings) {
  const auto module = config.text("pkcs11.module");
  if (!module) return std::unexpected(module.error());
  const auto token = config.text("pkcs11.token");
  if (!token) return std::unexpected(token.error());
  const auto pin_file = config.text("pkcs11.pin_file");
  if (!pin_file) return std::unexpected(pin_file.error());
  const auto softhsm_conf = config.text("pkcs11.softhsm_conf", "");
  if (!softhsm_conf) return std::unexpected(softhsm_conf.error());
  settings.module = *module;
  settings.token = *token;
  settings.pin_file = *pin_file;
  if (!softhsm_conf->empty()) settings.softhsm_conf = *softhsm_conf;
  return {};
}

/// A host without a usable name is the local one.
std::string own_origin() {
  utsname names{};
  if (::uname(&names) == 0)
    if (std::string origin = std::string(names.nodename) + "/keyd"; log_name_of(origin)) return origin;
  return "localhost/keyd";
}

Result<void> read_audit(Config& config, Settings& settings) {
  const auto host = config.text("audit.host", "");
  if (!host) return std::unexpected(host.error());
  settings.audit_origin = host->empty() ? own_origin() : *host + "/keyd";
  if (!log_name_of(settings.audit_origin)) return fail(ErrorCode::kInvalid, "audit.host is no host name");
  return {};
}

}  // namespace

Result<Settings> load_settings(const std::filesystem::path& file) {
  auto config = Config::load(file);
  if (!config) return std::unexpected(config.error());
  Settings settings;
  const auto state = config->text("state");
  if (!state) return std::unexpected(state.error());
  settings.state = *state;
  const auto workers = config->number("workers", 4, 1, 64);
  if (!workers) return std::unexpected(workers.error());
  settings.workers = static_cast<std::size_t>(*workers);
  if (auto read = read_socket(*config, settings); !read) return fail(file.string(), read.error());
  if (auto read = read_token(*config, settings); !read) return fail(file.string(), read.error());
  if (auto read = read_callers(*config, settings.callers); !read) return fail(file.string(), read.error());
  if (auto read = read_audit(*config, settings); !read) return fail(file.string(), read.error());
  if (auto known = config->unknown_keys(); !known) return std::unexpected(known.error());
  return settings;
}

}  // namespace privyseal::keyd
