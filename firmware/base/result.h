/// Success or an error, for everything a peer, a token, a disk or a clock can cause.
///
/// Broken invariants are no errors: they end the process (see check.h).
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <utility>

namespace privyseal {

/// A code exists only because some caller branches on it; the message is for people.
enum class ErrorCode {
  kInvalid,      ///< bytes, a file or a setting that breaks a rule; trying again will not help
  kDenied,       ///< not allowed: policy, wrong PIN, wrong peer
  kNotFound,     ///< no such key, file or row
  kConflict,     ///< it exists already, or is in a state that forbids this
  kUnavailable,  ///< not reachable or not working now; later it may be
  kTimeout,      ///< a deadline passed
  kClosed,       ///< the other side went away
};

/// The code's name as it stands in logs, for example "unavailable".
[[nodiscard]] std::string_view to_string(ErrorCode code);

/// Never holds a secret, a mail address or a mail body.
struct Error {
  ErrorCode code;
  std::string message;  ///< "noun: what is wrong", no trailing dot
};

template <class T>
using Result = std::expected<T, Error>;

/// `return fail(ErrorCode::kInvalid, "chain: wrong issuer");`
[[nodiscard]] inline std::unexpected<Error> fail(ErrorCode code, std::string message) {
  return std::unexpected(Error{code, std::move(message)});
}

/// Hands an error on, with what was being done put in front of its message.
[[nodiscard]] inline std::unexpected<Error> fail(std::string_view doing, const Error& cause) {
  return std::unexpected(Error{cause.code, std::string(doing) + ": " + cause.message});
}

/// The error for a failed system call: `doing` and errno's text.
[[nodiscard]] std::unexpected<Error> fail_errno(std::string_view doing);

}  // namespace privyseal
