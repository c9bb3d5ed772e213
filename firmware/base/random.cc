#include "firmware/base/random.h"

#include <sys/random.h>

#include "firmware/base/check.h"

namespace privyseal {

Bytes random_bytes(std::size_t count) {
  // Up to so many bytes a call is never interrupted and never short (getrandom(2)).
  constexpr std::size_t kMostAtOnce = 256;
  CHECK(count <= kMostAtOnce);
  Bytes bytes(count);
  CHECK(::getrandom(bytes.data(), bytes.size(), 0) == static_cast<ssize_t>(count));
  return bytes;
}

}  // namespace privyseal
