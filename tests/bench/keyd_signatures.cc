// TLS 1.3 signatures of a SoftHSM token: through keyd, pipelined on one connection, or by C_Sign in this
// process.
//
//   keyd_signatures MODE SIGNATURES DEPTH SIGN_MS
//
// MODE: keyd (DEPTH questions are open at any time), direct (DEPTH threads, a session each). Prints one JSON
// object: the rate, and the CPU time of both processes for each signature, in microseconds. Needs root, or
// the user namespace of ./dev.
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <semaphore>
#include <string>
#include <thread>
#include <vector>

#include "firmware/base/check.h"
#include "firmware/base/file.h"
#include "hsm/async_client.h"
#include "hsm/client.h"
#include "hsm/pkcs11/session.h"
#include "tests/support/token.h"

namespace {

using namespace privyseal;
using Clock = std::chrono::steady_clock;

constexpr uid_t kMe = 0;
constexpr uid_t kProvisioner = test::kGatewayUid;
constexpr int kWorkers = 4;  // keyd's default
constexpr std::ptrdiff_t kMostDepth = 1024;

/// CPU time of a process and all its threads so far.
double cpu_of(pid_t pid) {
  clockid_t clock{};
  timespec time{};
  CHECK(::clock_getcpuclockid(pid, &clock) == 0 && ::clock_gettime(clock, &time) == 0);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

struct Measured {
  double seconds;
  double cpu_seconds;
};

double seconds_since(Clock::time_point begun) {
  return std::chrono::duration<double>(Clock::now() - begun).count();
}

/// RFC 8446 section 4.4.3, as a server's.
Bytes certificate_verify() {
  std::string text = std::string(64, ' ') + "TLS 1.3, server CertificateVerify";
  text.push_back('\0');
  return copy_of(bytes_of(text + std::string(32, 'h')));
}

Measured through_keyd(test::TestKeyd& keyd, int signatures, int depth) {
  using Free = std::counting_semaphore<kMostDepth>;
  Free free(depth);
  const hsm::Wake wake{.function =
                           [](void* raw) {
                             static_cast<Free*>(raw)->release();
                             return 1;
                           },
                       .argument = &free};
  hsm::AsyncClient client(keyd.socket(), {.deadline = std::chrono::seconds(30)});
  const Bytes message = certificate_verify();
  std::vector<hsm::QuestionRef> asked;
  asked.reserve(static_cast<std::size_t>(signatures));
  const double idle = cpu_of(keyd.pid());
  const double own = cpu_of(::getpid());
  const auto begun = Clock::now();
  for (int i = 0; i < signatures; ++i) {
    free.acquire();
    asked.push_back(client.sign_tls13("bench", message, hsm::Hash::kOfKey, wake).value());
  }
  for (int i = 0; i < depth; ++i) free.acquire();
  const Measured measured{.seconds = seconds_since(begun),
                          .cpu_seconds = cpu_of(::getpid()) - own + cpu_of(keyd.pid()) - idle};
  for (const auto& question : asked) CHECK(question->signature().has_value());
  return measured;
}

Measured directly(test::TestKeyd& keyd, int signatures, int depth) {
  CHECK(keyd.stop() == 0);
  const auto set = [](const char* name, const char* value) { CHECK(::setenv(name, value, 1) == 0); };
  set("SOFTHSM2_CONF", keyd.softhsm_conf().c_str());
  set("PRIVYSEAL_REAL_MODULE", test::kSoftHsmModule);
  set("PRIVYSEAL_SHIM", (keyd.folder() / "shim").c_str());
  const auto module = pkcs11::Module::load(PRIVYSEAL_SHIM_MODULE).value();
  const auto slot = module.find_token("test").value();
  std::vector<pkcs11::Session> sessions;
  for (int i = 0; i < depth; ++i)
    sessions.push_back(pkcs11::Session::open(module, slot, pkcs11::Session::Mode::kReadOnly).value());
  Secret pin = read_secret_file(keyd.pin_file()).value();
  CHECK(sessions.front().login(CKU_USER, pin));
  pkcs11::Attributes wanted;
  wanted.number(CKA_CLASS, CKO_PRIVATE_KEY).text(CKA_LABEL, "privyseal:lan-identity:bench");
  const auto key = sessions.front().find(wanted).value().at(0);
  const Bytes digest(32, std::byte{'d'});
  std::atomic<int> left = signatures;
  std::vector<std::jthread> threads;
  const double before = cpu_of(::getpid());
  const auto begun = Clock::now();
  for (const auto& session : sessions)
    threads.emplace_back([&] {
      while (--left >= 0) CHECK(session.sign(key, CKM_ECDSA, digest));
    });
  threads.clear();  // waits for each
  return {.seconds = seconds_since(begun), .cpu_seconds = cpu_of(::getpid()) - before};
}

}  // namespace

int main(int argc, char** argv) {
  CHECK(argc == 5);
  const std::string mode = argv[1];
  const int signatures = std::stoi(argv[2]);
  test::TestKeyd keyd({.gateway = {kMe}, .provisioning = {kProvisioner}, .workers = kWorkers, .shim = true});
  const auto made = test::as_user(kProvisioner, [&] {
    return hsm::Client(keyd.socket(), std::chrono::seconds(20))
        .generate("bench", hsm::KeyRole::kLanIdentity, hsm::KeyType::kEcP256);
  });
  CHECK(made.has_value());
  keyd.shim().set_latency({}, std::chrono::milliseconds(std::stoi(argv[4])));
  const int depth = std::stoi(argv[3]);
  const Measured measured =
      mode == "keyd" ? through_keyd(keyd, signatures, depth) : directly(keyd, signatures, depth);
  std::cout << "{\"rate\": " << signatures / measured.seconds
            << ", \"cpu_us\": " << measured.cpu_seconds / signatures * 1e6 << "}\n";
}
