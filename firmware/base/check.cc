#include "firmware/base/check.h"

#include <cstdio>
#include <cstdlib>

namespace privyseal {

void check_failed(const char* condition, const char* file, int line) {
  std::fprintf(stderr, "<2>check-failed condition=\"%s\" at=%s:%d\n", condition, file, line);
  std::abort();
}

}  // namespace privyseal
