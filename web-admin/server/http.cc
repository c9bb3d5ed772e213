#include "web-admin/server/http.h"

#include <algorithm>
#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/serializer.hpp>
#include <boost/beast/http/string_body.hpp>
#include <optional>

#include "firmware/base/check.h"

namespace privyseal::web {
namespace http = boost::beast::http;
namespace {

constexpr std::string_view kHeaderEnd = "\r\n\r\n";
constexpr std::array kAtMostOnce{"host",   "content-length", "origin",
                                 "cookie", "content-type",   "x-csrf-token"};

constexpr Status kBadRequest = 400;
constexpr Status kTooLarge = 413;
constexpr Status kHeadersTooLarge = 431;
constexpr Status kNotImplemented = 501;
constexpr Status kVersionNotSupported = 505;

std::string lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return out;
}

/// Everything up to the empty line: lines end in CRLF and nothing else, none is folded, no byte is a control.
bool is_strict(std::string_view head) {
  for (std::size_t i = 0; i < head.size(); ++i) {
    const char c = head[i];
    if (c == '\r') {
      if (i + 1 == head.size() || head[i + 1] != '\n') return false;
      if (i + 2 < head.size() && (head[i + 2] == ' ' || head[i + 2] == '\t')) return false;  // obs-fold
      ++i;
    } else if ((static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f) {
      return false;
    }
  }
  return true;
}

Status status_of(const boost::system::error_code& error) {
  if (error == http::error::body_limit) return kTooLarge;
  if (error == http::error::header_limit) return kHeadersTooLarge;
  if (error == http::error::bad_version) return kVersionNotSupported;
  return kBadRequest;
}

Method method_of(http::verb verb) {
  switch (verb) {
    case http::verb::get:
      return Method::kGet;
    case http::verb::head:
      return Method::kHead;
    case http::verb::post:
      return Method::kPost;
    default:
      return Method::kOther;
  }
}

bool is_header_text(std::string_view value) {
  return std::ranges::all_of(value,
                             [](char c) { return static_cast<unsigned char>(c) >= 0x20 && c != 0x7f; });
}

}  // namespace

std::string_view Request::header(std::string_view lower_case_name) const {
  const auto found = headers.find(lower_case_name);
  return found == headers.end() ? std::string_view() : std::string_view(found->second);
}

struct RequestParser::State {
  State() {
    parser.header_limit(static_cast<std::uint32_t>(kMaxHeaderBytes));
    parser.body_limit(kMaxBodyBytes);
    parser.eager(true);
  }

  /// Collects up to the empty line; then looks at the head and lets Beast have it.
  std::expected<std::size_t, Status> feed_head(std::string_view text) {
    const std::size_t before = head.size();
    head += text;
    const auto end = head.find(kHeaderEnd, before < kHeaderEnd.size() ? 0 : before - kHeaderEnd.size());
    if (end == std::string::npos) {
      if (head.size() > kMaxHeaderBytes) return std::unexpected(kHeadersTooLarge);
      return text.size();
    }
    head.resize(end + kHeaderEnd.size());
    if (head.size() > kMaxHeaderBytes) return std::unexpected(kHeadersTooLarge);
    if (!is_strict(head)) return std::unexpected(kBadRequest);
    boost::system::error_code error;
    parser.put(boost::asio::buffer(head), error);
    if (error && error != http::error::need_more) return std::unexpected(status_of(error));
    if (!parser.is_header_done()) return std::unexpected(kBadRequest);
    if (const Status refused = look_at_head(); refused != 0) return std::unexpected(refused);
    return head.size() - before;
  }

  /// 0: it may stand.
  Status look_at_head() const {
    const auto& message = parser.get();
    if (message.version() != 11) return kVersionNotSupported;
    if (message.find(http::field::transfer_encoding) != message.end()) return kNotImplemented;
    for (const char* name : kAtMostOnce)
      if (message.count(name) > 1) return kBadRequest;
    if (message.count(http::field::host) != 1) return kBadRequest;
    // Beast takes "5, 5" for 5 (RFC 9112 section 6.3 allows that); somebody else may take it for something
    // else.
    if (!std::ranges::all_of(message[http::field::content_length],
                             [](char c) { return c >= '0' && c <= '9'; }))
      return kBadRequest;
    const std::string_view target(message.target());
    const bool is_clean =
        std::ranges::all_of(target, [](char c) { return c > 0x20 && c < 0x7f && c != '#'; });
    return target.starts_with('/') && is_clean ? 0 : kBadRequest;
  }

  std::string head;
  http::request_parser<http::string_body> parser;
};

RequestParser::RequestParser() : state_(std::make_unique<State>()) {}
RequestParser::~RequestParser() = default;

bool RequestParser::is_done() const { return state_->parser.is_done(); }
bool RequestParser::has_begun() const { return !state_->head.empty(); }

std::expected<std::size_t, Status> RequestParser::feed(ByteView bytes) {
  std::size_t used = 0;
  if (!state_->parser.is_header_done()) {
    const auto head = state_->feed_head(text_of(bytes));
    if (!head) return head;
    used = *head;
  }
  while (used < bytes.size() && state_->parser.is_header_done() && !state_->parser.is_done()) {
    boost::system::error_code error;
    const ByteView rest = bytes.subspan(used);
    const std::size_t put = state_->parser.put(boost::asio::buffer(rest.data(), rest.size()), error);
    if (error && error != http::error::need_more) return std::unexpected(status_of(error));
    used += put;
    if (put == 0) break;
  }
  return used;
}

Request RequestParser::take() {
  CHECK(is_done());
  auto message = state_->parser.release();
  Request request;
  request.method = method_of(message.method());
  const std::string_view target(message.target());
  const auto mark = target.find('?');
  request.path = target.substr(0, mark);
  if (mark != std::string_view::npos) request.query = target.substr(mark + 1);
  for (const auto& field : message) request.headers.emplace(lower(field.name_string()), field.value());
  request.keep_alive = message.keep_alive();
  request.body = std::move(message.body());
  return request;
}

Bytes to_bytes(const Response& response, bool keep_alive, bool head_only) {
  http::response<http::string_body> message;
  message.version(11);
  message.result(static_cast<unsigned>(response.status));
  for (const auto& [name, value] : response.headers)
    if (is_header_text(value)) message.insert(name, value);
  message.keep_alive(keep_alive);
  message.body() = response.body;
  message.prepare_payload();
  if (response.long_body) {
    message.content_length(response.long_body->size_bytes);
    head_only = true;
  }
  if (head_only) message.body().clear();
  http::response_serializer<http::string_body> serializer(message);
  serializer.split(head_only);
  Bytes bytes;
  boost::system::error_code error;
  while (!error && !(head_only ? serializer.is_header_done() : serializer.is_done())) {
    serializer.next(error, [&](boost::system::error_code&, const auto& buffers) {
      for (auto it = boost::asio::buffer_sequence_begin(buffers);
           it != boost::asio::buffer_sequence_end(buffers); ++it) {
        const boost::asio::const_buffer piece = *it;
        append(bytes, {static_cast<const std::byte*>(piece.data()), piece.size()});
      }
      serializer.consume(boost::asio::buffer_size(buffers));
    });
  }
  CHECK(!error);
  return bytes;
}

}  // namespace privyseal::web
