/// Who is at the other end of a connection, as the kernel says (SO_PEERCRED).
#pragma once

#include <sys/types.h>

#include "hsm/keyd/policy.h"

namespace privyseal::keyd {

struct Peer {
  Caller caller;
  pid_t pid;
  uid_t uid;
};

}  // namespace privyseal::keyd
