#include "ca/renewd/http_client.h"

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <sstream>

#include "firmware/base/base64.h"

namespace privyseal::renewd {
namespace {

namespace http = boost::beast::http;
using boost::system::error_code;
using SteadyTime = std::chrono::steady_clock::time_point;

constexpr std::uint32_t kMaxHeadBytes = 16 * 1024;
constexpr int kHttp11 = 11;

std::string head_and_body(const HttpRequest& request) {
  http::request<http::string_body> message(http::string_to_verb(request.method), request.target, kHttp11);
  message.set(http::field::host, request.host);
  message.set(http::field::connection, "close");
  message.set(http::field::accept, "*/*");
  if (!request.content_type.empty()) message.set(http::field::content_type, request.content_type);
  if (!request.transfer_encoding.empty())
    message.set(http::field::content_transfer_encoding, request.transfer_encoding);
  message.body() = request.body;
  message.prepare_payload();
  std::ostringstream text;
  text << message;
  return std::move(text).str();
}

/// The bytes of the request, in memory that is reserved once and wiped at the end; the credentials' field
/// goes behind the request line's.
Secret wire_bytes(const HttpRequest& request, Secret credentials) {
  const std::string text = head_and_body(request);
  constexpr std::string_view kField = "Authorization: Basic ";
  Bytes wire;
  wire.reserve(text.size() + kField.size() + base64_size(credentials.reveal()) + 2);
  const auto first_field = text.find("\r\n") + 2;
  append(wire, bytes_of(text.substr(0, first_field)));
  if (!credentials.empty()) {
    append(wire, bytes_of(kField));
    append_base64(wire, credentials.reveal());
    append(wire, bytes_of("\r\n"));
  }
  append(wire, bytes_of(text.substr(first_field)));
  return Secret(std::move(wire));
}

using Parser = http::response_parser<http::string_body>;

std::unexpected<Error> fail_http(const error_code& error) {
  return fail(ErrorCode::kInvalid, "the answer is no HTTP: " + error.message());
}

HttpAnswer answer_of(const Parser& parser) {
  const auto& message = parser.get();
  const auto field = [&](http::field name) {
    return message.count(name) == 0 ? std::string() : std::string(message[name]);
  };
  return {.status = static_cast<int>(message.result_int()),
          .content_type = field(http::field::content_type),
          .retry_after = field(http::field::retry_after),
          .body = message.body()};
}

/// What the parser has not taken yet: it wants the head in one piece.
Result<void> feed(Parser& parser, Bytes& unread) {
  error_code error;
  const std::size_t used = parser.put(boost::asio::const_buffer(unread.data(), unread.size()), error);
  if (error == http::error::body_limit || error == http::error::header_limit)
    return fail(ErrorCode::kInvalid, "the answer is too long");
  if (error && error != http::error::need_more) return fail_http(error);
  unread.erase(unread.begin(), unread.begin() + static_cast<std::ptrdiff_t>(used));
  return {};
}

/// The server has ended the connection: so ends an answer of HTTP/1.0.
Result<void> finish(Parser& parser) {
  error_code error;
  if (parser.is_header_done()) parser.put_eof(error);
  if (!error && parser.is_done()) return {};
  return fail(ErrorCode::kClosed, "the server ended the connection before its answer was whole");
}

}  // namespace

net::awaitable<Result<HttpAnswer>> http_exchange(tls::Stream* stream, HttpRequest request, Secret credentials,
                                                 SteadyTime until) {
  const auto left = [until] { return until - std::chrono::steady_clock::now(); };
  {
    Secret wire = wire_bytes(request, std::move(credentials));
    if (auto sent = co_await stream->write(wire.reveal(), left()); !sent)
      co_return std::unexpected(sent.error());
  }
  Parser parser;
  parser.header_limit(kMaxHeadBytes);
  parser.body_limit(kMaxHttpAnswerBytes - kMaxHeadBytes);
  parser.eager(true);
  Bytes unread;
  std::array<std::byte, 4096> chunk;
  std::size_t total = 0;
  while (!parser.is_done()) {
    const auto got = co_await stream->read_some(chunk, left());
    Result<void> taken;
    if (got) {
      total += *got;
      if (total > kMaxHttpAnswerBytes) co_return fail(ErrorCode::kInvalid, "the answer is too long");
      append(unread, std::span(chunk).first(*got));
      taken = feed(parser, unread);
    } else if (got.error().code == ErrorCode::kClosed) {
      taken = finish(parser);
    } else {
      taken = std::unexpected(got.error());
    }
    if (!taken) co_return std::unexpected(taken.error());
  }
  co_return answer_of(parser);
}

}  // namespace privyseal::renewd
