#include "tests/support/renewd.h"

#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <format>
#include <fstream>
#include <iterator>

#include "firmware/base/check.h"

namespace privyseal::test {
namespace {

constexpr std::chrono::seconds kStartsWithin{60};
constexpr std::chrono::seconds kEndsWithin{60};
constexpr std::chrono::seconds kAnswersWithin{30};

void write(const std::filesystem::path& file, const std::string& text) {
  std::ofstream(file, std::ios::binary) << text;
  CHECK(::chmod(file.c_str(), 0644) == 0);
}

std::string openssl_conf(const std::filesystem::path& keyd_socket) {
  return std::format(
      "openssl_conf = init\n[init]\nproviders = providers\n"
      "[providers]\ndefault = default_provider\nprivyseal = privyseal_provider\n"
      "[default_provider]\nactivate = 1\n"
      "[privyseal_provider]\nmodule = {}\nsocket = {}\nactivate = 1\n",
      PRIVYSEAL_PROVIDER, keyd_socket.string());
}

}  // namespace

Result<std::unique_ptr<TestRenewd>> TestRenewd::start(RenewdSettings settings) {
  std::unique_ptr<TestRenewd> renewd(new TestRenewd(std::move(settings)));
  if (auto written = renewd->write_files(); !written) return std::unexpected(written.error());
  if (auto launched = renewd->launch(); !launched) return std::unexpected(launched.error());
  return renewd;
}

Result<void> TestRenewd::write_files() const {
  const auto& folder = settings_.folder;
  std::filesystem::create_directories(folder);
  if (::chmod(folder.c_str(), 0755) != 0) return fail_errno("chmod");
  if (::getuid() == 0 && ::chown(folder.c_str(), kRenewalUid, kRenewalUid) != 0) return fail_errno("chown");
  write(folder / "openssl.cnf", openssl_conf(settings_.keyd_socket));
  write(folder / "renewd.toml",
        std::format("state = \"{0}\"\nhost = \"gateway.lawfirm.example\"\nkeyd_socket = \"{1}\"\n"
                    "openssl_config = \"{0}/openssl.cnf\"\nretry_seconds = 1\n{2}\n"
                    "[door]\npath = \"{3}\"\nmode = \"0666\"\n"
                    "[door.callers]\nprovisioning = [\"0\"]\nconsole = [\"{4}\"]\n",
                    folder.string(), settings_.keyd_socket.string(), settings_.toml, door().string(),
                    kConsoleUid));
  return {};
}

Result<void> TestRenewd::launch() {
  std::filesystem::remove(door());
  ProcessOptions options{.program = PRIVYSEAL_RENEWD,
                         .arguments = {(settings_.folder / "renewd.toml").string()},
                         .environment = {"TSAN_OPTIONS=halt_on_error=1"},
                         .output = settings_.folder / "renewd.log"};
  if (settings_.wrapper.empty()) {
    if (::getuid() == 0) options.run_as = Identity{.uid = kRenewalUid, .gid = kRenewalUid};
  } else {
    options.program = settings_.wrapper.front();
    options.arguments.assign(settings_.wrapper.begin() + 1, settings_.wrapper.end());
    options.arguments.emplace_back(PRIVYSEAL_RENEWD);
    options.arguments.push_back((settings_.folder / "renewd.toml").string());
    options.environment.emplace_back("ASAN_OPTIONS=detect_leaks=0");  // it looks with ptrace, as strace does
  }
  auto process = ChildProcess::start(options);
  if (!process) return std::unexpected(process.error());
  process_ = std::make_unique<ChildProcess>(std::move(*process));
  const bool settled = wait_until(
      [this] { return std::filesystem::exists(door()) || !process_->is_running(); }, kStartsWithin);
  if (!settled) return fail(ErrorCode::kTimeout, "renewd does not start: " + output());
  if (!process_->is_running()) return fail(ErrorCode::kInvalid, output());
  return {};
}

Result<JsonObject> TestRenewd::ask(const std::string& operation, JsonObject request) const {
  request["op"] = operation;
  return ask_door(door(), request, kAnswersWithin);
}

JsonObject TestRenewd::identity(const std::string& name) const {
  const auto list = ask("cert-list");
  const JsonArray* identities = list ? json_array(*list, "identities") : nullptr;
  if (identities == nullptr) return {};
  for (const Json& identity : *identities)
    if (json_text(identity.as_object(), "name") == name) return identity.as_object();
  return {};
}

bool TestRenewd::wait_for(const std::string& name, const std::function<bool(const JsonObject&)>& is_wanted,
                          std::chrono::seconds most) const {
  return wait_until(
      [&] {
        const JsonObject seen = identity(name);
        if (!seen.empty() && is_wanted(seen)) return true;
        std::this_thread::sleep_for(std::chrono::milliseconds(20));  // the door answers one at a time
        return false;
      },
      most);
}

std::string TestRenewd::output() const {
  std::ifstream stream(settings_.folder / "renewd.log", std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

std::filesystem::path TestRenewd::identity_folder(const std::string& name) const {
  return settings_.folder / "identities" / name;
}

Result<int> TestRenewd::stop() {
  process_->signal(SIGTERM);
  return process_->wait(kEndsWithin);
}

Result<void> TestRenewd::start_again(std::vector<std::string> wrapper) {
  settings_.wrapper = std::move(wrapper);
  return launch();
}

std::string text_in(const JsonObject& identity, std::string_view object, std::string_view key) {
  const JsonObject* inner = json_object(identity, object);
  return inner == nullptr ? "" : json_text(*inner, key, "").value_or("");
}

std::int64_t number_in(const JsonObject& identity, std::string_view object, std::string_view key) {
  const JsonObject* inner = json_object(identity, object);
  return inner == nullptr ? 0 : json_number(*inner, key).value_or(0);
}

}  // namespace privyseal::test
