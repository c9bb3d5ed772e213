/// What keyd cannot do any more once it serves (seccomp(2)): start another program, look into another
/// process, open a socket to anywhere but this machine, or make code of data.
///
/// The unit's own filter is wider, because the module is loaded and the token opened under it; this one is
/// put on afterwards, and holds as well where no unit does. It denies and does not list what is allowed: what
/// a PKCS#11 module calls in a bad hour is its maker's affair, and a keyd that is killed for it signs
/// nothing.
///
/// Modules that start programs or open TCP connections of their own while they work do not work under it.
#pragma once

#include "firmware/base/result.h"

namespace privyseal::keyd {

/// For all threads of the process, and those that they start. What only an attacker would call ends the
/// process (SIGSYS); the rest fails, as under the unit.
[[nodiscard]] Result<void> install_syscall_filter();

}  // namespace privyseal::keyd
