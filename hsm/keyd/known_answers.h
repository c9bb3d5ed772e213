/// The self test of the software that keyd checks its token with, before the first request is taken.
///
/// keyd hashes what is to be signed and verifies what the token gives back. If either were broken, a wrong
/// signature would leave unseen. The vectors are those of RFC 6979 (sections A.2.5 and
/// A.2.6), RFC 8032 (section 7.1, TEST 2) and Project Wycheproof.
///
/// Threads: any.
#pragma once

#include "firmware/base/result.h"

namespace privyseal::keyd {

/// kInvalid: an answer is not the known one; keyd must not serve.
[[nodiscard]] Result<void> check_known_answers();

}  // namespace privyseal::keyd
