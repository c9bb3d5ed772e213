/// Stacks for OpenSSL's ASYNC jobs with a page below them that nobody may touch: its own have 32 KiB and no
/// guard.
///
/// Only the pages that a job uses take memory (a handshake: about 12 KiB).
#pragma once

#include "firmware/base/result.h"

namespace privyseal::tls {

/// For the whole process; to be called before the first job. kUnavailable: too late.
[[nodiscard]] Result<void> use_guarded_job_stacks();

}  // namespace privyseal::tls
