#include "hsm/keyd/syscall_filter.h"

#include <sched.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <initializer_list>
#include <memory>
#include <system_error>

namespace privyseal::keyd {
namespace {

// LeakSanitizer looks at the process from a child of its own.
#ifdef __SANITIZE_ADDRESS__
constexpr bool kMayLookAtItself = true;
#else
constexpr bool kMayLookAtItself = false;
#endif

constexpr std::array kNobodyCalls{
    // another program
    SCMP_SYS(execve), SCMP_SYS(execveat),
    // other processes
    SCMP_SYS(process_vm_readv), SCMP_SYS(process_vm_writev), SCMP_SYS(pidfd_getfd), SCMP_SYS(kcmp),
    // ways round this filter
    SCMP_SYS(io_uring_setup), SCMP_SYS(io_uring_enter), SCMP_SYS(io_uring_register),
    // the kernel, and what looks into it
    SCMP_SYS(bpf), SCMP_SYS(perf_event_open), SCMP_SYS(userfaultfd), SCMP_SYS(init_module),
    SCMP_SYS(finit_module), SCMP_SYS(kexec_load), SCMP_SYS(kexec_file_load),
    // another view of the system
    SCMP_SYS(mount), SCMP_SYS(umount2), SCMP_SYS(move_mount), SCMP_SYS(open_tree), SCMP_SYS(fsopen),
    SCMP_SYS(pivot_root), SCMP_SYS(chroot), SCMP_SYS(unshare), SCMP_SYS(setns), SCMP_SYS(open_by_handle_at),
    SCMP_SYS(add_key), SCMP_SYS(request_key), SCMP_SYS(keyctl), SCMP_SYS(personality)};

/// A call's argument `index` compared with `a`; under a mask, `a` is the mask and `b` the value. (The
/// library's macros for this are C only.)
[[nodiscard]] constexpr scmp_arg_cmp argument(unsigned index, scmp_compare how, std::uint64_t a,
                                              std::uint64_t b = 0) {
  return {.arg = index, .op = how, .datum_a = a, .datum_b = b};
}

/// Rules add up; the first error is kept.
class Rules {
 public:
  Rules() : filter_(seccomp_init(SCMP_ACT_ALLOW), seccomp_release) {
    if (!filter_) error_ = -ENOMEM;
    note(seccomp_attr_set(filter_.get(), SCMP_FLTATR_CTL_TSYNC, 1));
  }
  void add(std::uint32_t action, int call, std::initializer_list<scmp_arg_cmp> arguments = {}) {
    note(seccomp_rule_add_array(filter_.get(), action, call, static_cast<unsigned>(arguments.size()),
                                arguments.begin()));
  }
  [[nodiscard]] Result<void> load() {
    if (error_ == 0) note(seccomp_load(filter_.get()));
    if (error_ == 0) return {};
    return fail(ErrorCode::kUnavailable, "system call filter: " + std::generic_category().message(-error_));
  }

 private:
  void note(int result) {
    if (error_ == 0 && result < 0) error_ = result;
  }

  std::unique_ptr<void, void (*)(scmp_filter_ctx)> filter_;
  int error_ = 0;
};

void add_processes(Rules& rules) {
  // Its flags are in memory, where no filter sees them; the C library then takes clone.
  rules.add(SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3));
  rules.add(SCMP_ACT_KILL_PROCESS, SCMP_SYS(fork));
  rules.add(SCMP_ACT_KILL_PROCESS, SCMP_SYS(vfork));
  if (kMayLookAtItself) return;
  rules.add(SCMP_ACT_KILL_PROCESS, SCMP_SYS(ptrace));
  rules.add(SCMP_ACT_KILL_PROCESS, SCMP_SYS(clone), {argument(0, SCMP_CMP_MASKED_EQ, CLONE_THREAD, 0)});
}

void add_memory(Rules& rules) {
  constexpr auto kBoth = PROT_WRITE | PROT_EXEC;
  rules.add(SCMP_ACT_ERRNO(EACCES), SCMP_SYS(mmap), {argument(2, SCMP_CMP_MASKED_EQ, kBoth, kBoth)});
  for (const int call : {SCMP_SYS(mprotect), SCMP_SYS(pkey_mprotect)})
    rules.add(SCMP_ACT_ERRNO(EACCES), call, {argument(2, SCMP_CMP_MASKED_EQ, PROT_EXEC, PROT_EXEC)});
}

}  // namespace

Result<void> install_syscall_filter() {
  Rules rules;
  for (const int call : kNobodyCalls) rules.add(SCMP_ACT_KILL_PROCESS, call);
  add_processes(rules);
  add_memory(rules);
  rules.add(SCMP_ACT_ERRNO(EAFNOSUPPORT), SCMP_SYS(socket), {argument(0, SCMP_CMP_NE, AF_UNIX)});
  return rules.load();
}

}  // namespace privyseal::keyd
