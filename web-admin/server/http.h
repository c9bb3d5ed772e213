/// HTTP/1.1, from bytes to a request and from a response to bytes. The one place that knows Boost.Beast.
///
/// Beast takes the message apart; what it tolerates and we do not is refused before it sees the bytes: folded
/// headers, bare CR or LF, a second Host, Content-Length, Origin or Cookie, any Transfer-Encoding.
///
/// No socket, no clock. Threads: one per parser.
#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "firmware/base/bytes.h"
#include "firmware/base/result.h"

namespace privyseal::web {

inline constexpr std::size_t kMaxHeaderBytes = 16 * 1024;
inline constexpr std::size_t kMaxBodyBytes = 256 * 1024;

enum class Method { kGet, kHead, kPost, kOther };

struct Request {
  Method method = Method::kOther;
  std::string path;   ///< "/mail/7": printable ASCII, begins with '/', not unescaped
  std::string query;  ///< what follows '?', raw
  std::map<std::string, std::string, std::less<>> headers;  ///< names in lower case
  std::string body;
  bool keep_alive = false;

  /// Empty when it was not sent.
  [[nodiscard]] std::string_view header(std::string_view lower_case_name) const;
};

/// Why a request is not taken: the status to answer with. The connection must then be closed.
using Status = int;

class RequestParser {
 public:
  RequestParser();
  ~RequestParser();

  /// Takes what belongs to this request and says how much that was. After `is_done` nothing more is taken.
  [[nodiscard]] std::expected<std::size_t, Status> feed(ByteView bytes);
  [[nodiscard]] bool is_done() const;
  /// True: some of a request has come. For telling a slow client from an idle one.
  [[nodiscard]] bool has_begun() const;
  /// Once, after `is_done`.
  [[nodiscard]] Request take();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// A body that is too long to be held.
struct LongBody {
  std::uint64_t size_bytes = 0;
  /// The next bytes, until there were so many. An error, or none too early, ends the connection.
  std::function<Result<std::string>()> next;
};

struct Response {
  Status status = 200;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  std::shared_ptr<const LongBody> long_body{};  ///< instead of `body`
};

/// Content-Length and Connection are written here. `head_only`: an answer to HEAD. Of a long body nothing is
/// written here.
/// Header values with control bytes are left out: nothing from outside splits a response.
[[nodiscard]] Bytes to_bytes(const Response& response, bool keep_alive, bool head_only);

}  // namespace privyseal::web
