/// A real privyseal-keyd on a SoftHSM token of its own, in a folder of its own.
///
/// Tests must run as root (in a user namespace is enough). By default uid 0 is the
/// provisioning caller, 962 the gateway, 964 renewal and 965 the console; `as_user` lets one
/// thread be one of them.
///
///     TestKeyd keyd;
///     hsm::Client provisioning(keyd.socket());
///     provisioning.generate("egress", hsm::KeyRole::kCjsmIdentity, hsm::KeyType::kEcP256);
///     as_user(kGatewayUid, [&] { return hsm::Client(keyd.socket()).sign_tls13("egress", ...); });
///
/// Threads: one at a time. Everything is gone at the end.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "firmware/base/unique_fd.h"
#include "tests/support/process.h"
#include "tests/support/shim.h"
#include "tests/support/temp_folder.h"

namespace privyseal::test {

inline constexpr uid_t kGatewayUid = 962;  ///< image/sysusers.d
inline constexpr uid_t kRenewalUid = 964;
inline constexpr uid_t kConsoleUid = 965;
inline constexpr uid_t kProvisioningUid = 0;
inline constexpr const char* kAuditHost = "gateway.test";  ///< in the origin of keyd's log
inline constexpr const char* kSoftHsmModule = "/usr/lib/softhsm/libsofthsm2.so";

struct TestKeydOptions {
  std::optional<Identity> run_as{};  ///< as which user keyd runs; by default as the test
  std::vector<uid_t> gateway{kGatewayUid};
  std::vector<uid_t> provisioning{kProvisioningUid};
  std::vector<uid_t> renewal{kRenewalUid};
  std::vector<uid_t> console{kConsoleUid};
  int workers = 4;
  int signatures_per_second = 1'000'000;  ///< no test shall meet the limit by chance
  std::filesystem::path state{};          ///< keyd's own folder; empty: one in `folder()`
  bool shim = false;  ///< keyd loads shim_module.cc in front of SoftHSM: needed for `shim()`
  /// SoftHSM 2.6.1 loses memory with each Ed25519 signature; telling whose loss it is makes keyd slow.
  bool bears_softhsms_leak = false;
  std::string more_settings{};  ///< behind those that every keyd here has
  bool start = true;
};

class TestKeyd {
 public:
  /// Makes the token and starts keyd; a CHECK fails with keyd's log when it does not get ready.
  explicit TestKeyd(TestKeydOptions options = {});
  /// Stops keyd if it runs; a CHECK fails with its log when it does not end cleanly (sanitizers!).
  ~TestKeyd();
  TestKeyd(const TestKeyd&) = delete;
  TestKeyd& operator=(const TestKeyd&) = delete;

  [[nodiscard]] std::filesystem::path socket() const { return folder_.path() / "keyd.sock"; }
  [[nodiscard]] std::filesystem::path folder() const { return folder_.path(); }
  [[nodiscard]] std::filesystem::path pin_file() const { return folder_.path() / "pin"; }
  [[nodiscard]] std::filesystem::path softhsm_conf() const { return folder_.path() / "softhsm2.conf"; }
  [[nodiscard]] std::filesystem::path token_folder() const { return folder_.path() / "tokens"; }
  [[nodiscard]] std::filesystem::path journal() const { return state() / "keyd.db"; }
  /// All that keyd has written to its log so far.
  [[nodiscard]] std::string log() const;
  /// Counts what keyd calls and makes it fail.
  [[nodiscard]] Shim& shim();
  [[nodiscard]] pid_t pid() const;

  /// Starts keyd and waits until it is ready or has ended. True: it is ready.
  /// `in_front`: a program and its options that start it: "/usr/bin/strace". `kill` then ends that.
  [[nodiscard]] bool start(std::vector<std::string> in_front = {});
  /// Waits for keyd's own end: its exit status.
  int wait_for_end();
  /// SIGTERM; keyd's exit status.
  int stop();
  /// SIGKILL.
  void kill();
  void restart();

 private:
  [[nodiscard]] std::filesystem::path state() const {
    return options_.state.empty() ? folder_.path() / "state" : options_.state;
  }
  void make_token();
  void write_config();

  TestKeydOptions options_;
  TempFolder folder_;
  std::optional<Shim> shim_;
  std::optional<ChildProcess> process_;
};

/// Runs `act` with this thread alone having the effective user id `uid` (the kernel notes the
/// effective id of the thread that connects), and comes back to root.
template <class Act>
auto as_user(uid_t uid, Act&& act);

namespace internal {
void set_thread_user(uid_t uid);
struct BackToRoot {
  ~BackToRoot() { set_thread_user(0); }
};
}  // namespace internal

template <class Act>
auto as_user(uid_t uid, Act&& act) {
  const internal::BackToRoot back;
  internal::set_thread_user(uid);
  return act();
}

}  // namespace privyseal::test
