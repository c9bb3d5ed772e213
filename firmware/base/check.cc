#include "firmware/base/check.h"

#include <cstdio>
#include <cstdlib>

namespace privyseal {

void check_failed(const char* condition, const char* file, int line) {
  std::fprintf(stderr, "<2>check-failed condition=\"%s\" at=%s:%d\n", condition, file, line);
  std::abort();
}

}  // namespace privyseal

#ifdef __SANITIZE_THREAD__
// Debian's libcrypto is not built for ThreadSanitizer, which therefore does not see how its lock-free
// look-ups are synchronised. Read by the sanitizer at start; it stands here because every program of ours
// links this file.
extern "C" const char* __tsan_default_suppressions() { return "race:libcrypto.so\n"; }
#endif
