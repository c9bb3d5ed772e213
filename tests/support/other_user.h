/// This process as another user, for a while: for tests of what must not outlive a change of user.
///
/// Threads: all of them change with it. Needs root.
#pragma once

#include <unistd.h>

#include "firmware/base/check.h"

namespace privyseal::test {

class OtherUser {
 public:
  OtherUser() { CHECK(::seteuid(kNobody) == 0); }
  ~OtherUser() { CHECK(::seteuid(0) == 0); }
  OtherUser(const OtherUser&) = delete;
  OtherUser& operator=(const OtherUser&) = delete;

 private:
  static constexpr uid_t kNobody = 65534;
};

}  // namespace privyseal::test
