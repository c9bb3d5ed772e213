/// As much HTTP/1.1 as a stand-in EST server needs: one request a connection, and its reply.
///
/// Threads: those of the connection.
#pragma once

#include <chrono>
#include <map>
#include <string>
#include <vector>

#include "firmware/base/result.h"
#include "tests/peer/connection.h"

namespace privyseal::peer {

inline constexpr std::size_t kMaxHttpBodyBytes = 65'536;

struct HttpRequest {
  std::string method;
  std::string target;
  std::map<std::string, std::string> fields;  ///< names in lower case; the last of several counts
  std::string body;
};

/// kInvalid: that is no request, or a longer one than it should be. Else as the connection.
[[nodiscard]] Result<HttpRequest> read_http_request(Connection& connection, std::chrono::milliseconds wait);

struct HttpReply {
  int status = 500;
  std::vector<std::pair<std::string, std::string>> fields;
  std::string body;
};
/// The reply's bytes; the connection is to be closed after them.
[[nodiscard]] std::string to_text(const HttpReply& reply);

/// RFC 7617: "user" and "password" of an Authorization field; two empty texts: it holds none.
[[nodiscard]] std::pair<std::string, std::string> basic_credentials(const std::string& field);

}  // namespace privyseal::peer
