#include "firmware/tls/job_stack.h"

#include <openssl/async.h>
#include <sys/mman.h>

#include <cstddef>

#include "firmware/base/check.h"

namespace privyseal::tls {
namespace {

constexpr std::size_t kStackBytes = 128 * 1024;
constexpr std::size_t kGuardBytes = 4096;

void* allocate(std::size_t* bytes) {
  void* whole = ::mmap(nullptr, kGuardBytes + kStackBytes, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK | MAP_NORESERVE, -1, 0);
  if (whole == MAP_FAILED) return nullptr;
  if (::mprotect(whole, kGuardBytes, PROT_NONE) != 0) {
    ::munmap(whole, kGuardBytes + kStackBytes);
    return nullptr;
  }
  *bytes = kStackBytes;
  return static_cast<std::byte*>(whole) + kGuardBytes;
}

void release(void* stack) {
  if (stack == nullptr) return;
  CHECK(::munmap(static_cast<std::byte*>(stack) - kGuardBytes, kGuardBytes + kStackBytes) == 0);
}

}  // namespace

Result<void> use_guarded_job_stacks() {
  if (ASYNC_set_mem_functions(allocate, release) != 1)
    return fail(ErrorCode::kUnavailable, "job stacks: OpenSSL has begun to use its own");
  return {};
}

}  // namespace privyseal::tls
