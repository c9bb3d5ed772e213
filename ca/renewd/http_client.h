/// One HTTP/1.1 request and its answer on a TLS connection that is up.
///
/// The one place of this process that sees Boost.Beast, and only its parser and serializer: bytes go
/// through tls::Stream, which knows our TLS policy and its deadlines.
///
/// Threads: the stream's loop.
#pragma once

#include <chrono>
#include <string>

#include "firmware/base/bytes.h"
#include "firmware/base/result.h"
#include "firmware/base/secret.h"
#include "firmware/tls/net.h"
#include "firmware/tls/stream.h"

namespace privyseal::renewd {

inline constexpr std::size_t kMaxHttpAnswerBytes = 256 * 1024;  ///< with its head

struct HttpRequest {
  std::string method;  ///< "POST"
  std::string host;    ///< the Host field
  std::string target;  ///< the path
  std::string content_type{};
  std::string transfer_encoding{};  ///< Content-Transfer-Encoding; empty: left out
  std::string body{};
};

struct HttpAnswer {
  int status = 0;
  std::string content_type{};
  std::string retry_after{};
  std::string body{};
};

/// `credentials` ("user:password") go out as HTTP Basic (RFC 7617) when not empty; all copies of them are
/// wiped. kInvalid: that is no HTTP answer, or it is longer than kMaxHttpAnswerBytes. kTimeout: not whole
/// at `until`. kClosed: the server went away too early.
[[nodiscard]] net::awaitable<Result<HttpAnswer>> http_exchange(tls::Stream* stream, HttpRequest request,
                                                               Secret credentials,
                                                               std::chrono::steady_clock::time_point until);

}  // namespace privyseal::renewd
