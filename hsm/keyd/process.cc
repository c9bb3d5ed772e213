#include "hsm/keyd/process.h"

#include <openssl/crypto.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include <cstdlib>

#include "firmware/base/cpu_crypto.h"
#include "firmware/base/log.h"
#include "firmware/base/service.h"

namespace privyseal::keyd {
namespace {

/// Only where memory locks have no limit: under a limit, locking what comes later makes
/// ordinary allocations fail, for example the stacks of threads.
void lock_memory() {
  const rlimit unlimited{.rlim_cur = RLIM_INFINITY, .rlim_max = RLIM_INFINITY};
  if (::setrlimit(RLIMIT_MEMLOCK, &unlimited) == 0 && ::mlockall(MCL_CURRENT | MCL_FUTURE) == 0) return;
  log_event(LogLevel::kNotice, "memory-not-locked",
            {{"why", "the limit on locked memory does not allow it"}});
}

}  // namespace

Result<void> prepare_process(const Settings& settings) {
  if (auto given_up = give_up_privileges(); !given_up) return given_up;
  lock_memory();
  if (settings.softhsm_conf && ::setenv("SOFTHSM2_CONF", settings.softhsm_conf->c_str(), 1) != 0)
    return fail_errno("SOFTHSM2_CONF");
  // A configuration could load our own provider, which asks keyd, into keyd. SoftHSM would read it as well.
  if (OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, nullptr) != 1)
    return fail(ErrorCode::kUnavailable, "OpenSSL does not initialise");
  log_cpu_crypto();
  return {};
}

}  // namespace privyseal::keyd
