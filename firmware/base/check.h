/// Ends the process when an invariant of our own is broken; systemd starts it again.
///
/// Never for outside causes: a peer, a disk or a token must not be able to end a process.
#pragma once

namespace privyseal {

[[noreturn]] void check_failed(const char* condition, const char* file, int line);

}  // namespace privyseal

#define CHECK(condition)                                                         \
  do {                                                                           \
    if (!(condition)) ::privyseal::check_failed(#condition, __FILE__, __LINE__); \
  } while (false)
