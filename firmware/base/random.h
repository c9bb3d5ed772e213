/// Random bytes from the kernel (getrandom(2)).
///
/// Threads: any.
#pragma once

#include <cstddef>

#include "firmware/base/bytes.h"

namespace privyseal {

[[nodiscard]] Bytes random_bytes(std::size_t count);

}  // namespace privyseal
