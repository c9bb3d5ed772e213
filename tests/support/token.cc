#include "tests/support/token.h"

#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstring>
#include <format>

#include "firmware/base/check.h"
#include "firmware/base/file.h"

namespace privyseal::test {
namespace {

constexpr std::chrono::seconds kStartDeadline{60};  // sanitizers on a busy machine
constexpr std::size_t kMaxLogBytes = 64 << 20;
constexpr const char* kTokenLabel = "test";

std::string listed(const std::vector<uid_t>& users) {
  std::string list;
  for (const uid_t user : users) list += std::format("{}\"{}\"", list.empty() ? "" : ", ", user);
  return "[" + list + "]";
}

/// Where keyd says READY=1 (sd_notify(3)).
UniqueFd notify_socket(const std::filesystem::path& path) {
  std::filesystem::remove(path);
  UniqueFd fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  CHECK(path.string().size() < sizeof(address.sun_path));
  std::memcpy(address.sun_path, path.c_str(), path.string().size());
  CHECK(::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0);
  CHECK(::chmod(path.c_str(), 0666) == 0);
  return fd;
}

bool is_readable(int fd) {
  pollfd entry{.fd = fd, .events = POLLIN, .revents = 0};
  return ::poll(&entry, 1, 0) == 1;
}

}  // namespace

TestKeyd::TestKeyd(TestKeydOptions options) : options_(std::move(options)) {
  make_token();
  write_config();
  if (options_.shim) shim_.emplace(folder() / "shim");
  if (!options_.start) return;
  const bool ready = start();
  if (!ready) std::fprintf(stderr, "keyd did not get ready:\n%s", log().c_str());
  CHECK(ready);
}

TestKeyd::~TestKeyd() {
  if (!process_ || !process_->is_running()) return;
  const int status = stop();
  if (status != 0) std::fprintf(stderr, "keyd ended with %d:\n%s", status, log().c_str());
  CHECK(status == 0);
}

void TestKeyd::make_token() {
  const Identity owner = options_.run_as.value_or(Identity{.uid = ::geteuid(), .gid = ::getegid()});
  const auto output = folder() / "init-token.log";
  // The folder is searchable for all, so that callers of every user reach the socket.
  CHECK(::chmod(folder().c_str(), 0755) == 0);
  if (options_.state.empty()) CHECK(std::filesystem::create_directory(state()));
  CHECK(::chown(state().c_str(), owner.uid, owner.gid) == 0);
  CHECK(::chown(folder().c_str(), owner.uid, owner.gid) == 0);
  // In a process of its own, as on day one: the module must not be loaded into the test.
  auto maker = ChildProcess::start(
      {.program = PRIVYSEAL_PROVISION,
       .arguments = {"init-token", "--module", kSoftHsmModule, "--label", kTokenLabel, "--pin-file",
                     pin_file(), "--so-pin-file", folder() / "so-pin", "--softhsm-conf", softhsm_conf(),
                     "--token-folder", token_folder(), "--owner", std::format("{}:{}", owner.uid, owner.gid)},
       .environment = {},
       .output = output});
  CHECK(maker.has_value());
  const auto status = maker->wait(kStartDeadline);
  if (status != 0) std::fprintf(stderr, "%s", std::string(text_of(*read_file(output, kMaxLogBytes))).c_str());
  CHECK(status == 0);
}

void TestKeyd::write_config() {
  const std::string config = std::format(
      "state = \"{0}\"\nworkers = {1}\nsignatures_per_second = {12}\n[socket]\npath = \"{2}\"\nmode = "
      "\"0666\"\n"
      "[pkcs11]\nmodule = \"{3}\"\ntoken = \"{4}\"\npin_file = \"{5}\"\nsofthsm_conf = \"{6}\"\n"
      "[callers]\ngateway = {7}\nprovisioning = {8}\nrenewal = {9}\nconsole = {10}\n"
      "[audit]\nhost = \"{11}\"\n{13}",
      state().string(), options_.workers, socket().string(),
      options_.shim ? PRIVYSEAL_SHIM_MODULE : kSoftHsmModule, kTokenLabel, pin_file().string(),
      softhsm_conf().string(), listed(options_.gateway), listed(options_.provisioning),
      listed(options_.renewal), listed(options_.console), kAuditHost, options_.signatures_per_second,
      options_.more_settings);
  CHECK(replace_file(folder() / "keyd.toml", bytes_of(config), 0644).has_value());
}

std::string TestKeyd::log() const {
  const auto content = read_file(folder() / "keyd.log", kMaxLogBytes);
  return content ? std::string(text_of(*content)) : std::string();
}

Shim& TestKeyd::shim() {
  CHECK(shim_.has_value());
  return *shim_;
}

bool TestKeyd::start(std::vector<std::string> in_front) {
  in_front.insert(in_front.end(), {PRIVYSEAL_KEYD, (folder() / "keyd.toml").string()});
  const auto notify = folder() / "notify";
  const UniqueFd ready = notify_socket(notify);
  std::vector<std::string> environment{"NOTIFY_SOCKET=" + notify.string(),
                                       std::string("PRIVYSEAL_REAL_MODULE=") + kSoftHsmModule,
                                       "PRIVYSEAL_SHIM=" + (folder() / "shim").string()};
  if (options_.bears_softhsms_leak) {
    environment.emplace_back("ASAN_OPTIONS=fast_unwind_on_malloc=0");
    environment.emplace_back("LSAN_OPTIONS=suppressions=" PRIVYSEAL_SOFTHSM_LEAK);
  }
  auto started = ChildProcess::start({.program = in_front.front(),
                                      .arguments = {in_front.begin() + 1, in_front.end()},
                                      .environment = std::move(environment),
                                      .run_as = options_.run_as,
                                      .output = folder() / "keyd.log"});
  CHECK(started.has_value());
  process_ = std::move(*started);
  CHECK(wait_until([&] { return is_readable(ready.get()) || !process_->is_running(); }, kStartDeadline));
  return is_readable(ready.get());
}

pid_t TestKeyd::pid() const {
  CHECK(process_.has_value());
  return process_->pid();
}

int TestKeyd::wait_for_end() {
  CHECK(process_.has_value());
  const auto status = process_->wait(kStartDeadline);
  CHECK(status.has_value());
  return *status;
}

int TestKeyd::stop() {
  CHECK(process_.has_value());
  process_->signal(SIGTERM);
  return wait_for_end();
}

void TestKeyd::kill() {
  CHECK(process_.has_value());
  process_->kill();
}

void TestKeyd::restart() {
  stop();
  CHECK(start());
}

namespace internal {

void set_thread_user(uid_t uid) {
  // The bare system call: glibc's seteuid would change every thread of the process.
  constexpr auto kKeep = static_cast<uid_t>(-1);
  CHECK(::syscall(SYS_setresuid, kKeep, uid, kKeep) == 0);
}

}  // namespace internal
}  // namespace privyseal::test
