/// What `privyseal` says to scripts: its exit statuses.
#pragma once

#include "firmware/base/result.h"

namespace privyseal::cli {

enum class ExitStatus : int {
  kOk = 0,
  kFailed = 1,      ///< the answer is no, or it could not be done; one sentence says why
  kWrongUsage = 2,  ///< the command line is not understood; nothing was asked or done
  kNoAnswer = 3,    ///< a daemon does not answer
  kDenied = 4,      ///< this user may not, or the appliance refuses
  kWarning = 5,     ///< it was done or shown, and something wants attention (status: amber or red)
};

[[nodiscard]] constexpr ExitStatus exit_status_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::kUnavailable:
    case ErrorCode::kTimeout:
    case ErrorCode::kClosed:
      return ExitStatus::kNoAnswer;
    case ErrorCode::kDenied:
      return ExitStatus::kDenied;
    case ErrorCode::kInvalid:
    case ErrorCode::kNotFound:
    case ErrorCode::kConflict:
      return ExitStatus::kFailed;
  }
  return ExitStatus::kFailed;
}

}  // namespace privyseal::cli
