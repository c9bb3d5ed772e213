/// The self test of the software that keyd checks its token with, before the first request is taken.
///
/// keyd hashes what is to be signed and verifies what the token gives back. If either were broken, a wrong
/// signature would leave unseen. The vectors are RFC 6979 sections A.2.5 and A.2.6.
///
/// Threads: any.
#pragma once

#include "firmware/base/result.h"

namespace privyseal::keyd {

/// kInvalid: an answer is not the known one; keyd must not serve.
[[nodiscard]] Result<void> check_known_answers();

}  // namespace privyseal::keyd
