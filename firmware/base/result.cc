#include "firmware/base/result.h"

#include <cerrno>
#include <system_error>

namespace privyseal {

std::string_view to_string(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInvalid:
      return "invalid";
    case ErrorCode::kDenied:
      return "denied";
    case ErrorCode::kNotFound:
      return "not-found";
    case ErrorCode::kConflict:
      return "conflict";
    case ErrorCode::kUnavailable:
      return "unavailable";
    case ErrorCode::kTimeout:
      return "timeout";
    case ErrorCode::kClosed:
      return "closed";
  }
  return "unknown";
}

namespace {

ErrorCode code_of(int error) {
  switch (error) {
    case ENOENT:
      return ErrorCode::kNotFound;
    case EACCES:
    case EPERM:
      return ErrorCode::kDenied;
    case ETIMEDOUT:
    case EAGAIN:
      return ErrorCode::kTimeout;
    case EPIPE:
    case ECONNRESET:
      return ErrorCode::kClosed;
    default:
      return ErrorCode::kUnavailable;
  }
}

}  // namespace

std::unexpected<Error> fail_errno(std::string_view doing) {
  const int error = errno;
  return fail(code_of(error), std::string(doing) + ": " + std::generic_category().message(error));
}

}  // namespace privyseal
