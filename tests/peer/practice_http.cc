#include "tests/peer/practice_http.h"

#include <algorithm>
#include <charconv>

#include "firmware/base/base64.h"

namespace privyseal::peer {
namespace {

constexpr std::size_t kMaxFields = 64;
constexpr std::size_t kMaxLine = 8192;

std::unexpected<Error> bad() { return fail(ErrorCode::kInvalid, "http: not a request that is understood"); }

Result<std::string> read_line(Connection& connection, std::chrono::milliseconds wait) {
  auto line = connection.read_line(wait);
  if (line && line->size() > kMaxLine) return bad();
  return line;
}

std::string trimmed_lower(std::string_view text, bool to_lower) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  std::string copy(text);
  if (to_lower)
    std::ranges::transform(copy, copy.begin(),
                           [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return copy;
}

Result<void> read_fields(Connection& connection, HttpRequest& request, std::chrono::milliseconds wait) {
  for (std::size_t i = 0; i < kMaxFields; ++i) {
    const auto line = read_line(connection, wait);
    if (!line) return std::unexpected(line.error());
    if (line->empty()) return {};
    const std::size_t colon = line->find(':');
    if (colon == std::string::npos || colon == 0) return bad();
    request.fields[trimmed_lower(line->substr(0, colon), true)] =
        trimmed_lower(line->substr(colon + 1), false);
  }
  return bad();
}

Result<std::size_t> body_length(const HttpRequest& request) {
  if (request.fields.contains("transfer-encoding")) return bad();
  const auto field = request.fields.find("content-length");
  if (field == request.fields.end()) return 0;
  std::size_t length = 0;
  const std::string& text = field->second;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), length);
  if (error != std::errc() || end != text.data() + text.size() || length > kMaxHttpBodyBytes) return bad();
  return length;
}

}  // namespace

Result<HttpRequest> read_http_request(Connection& connection, std::chrono::milliseconds wait) {
  const auto line = read_line(connection, wait);
  if (!line) return std::unexpected(line.error());
  const std::size_t first = line->find(' ');
  const std::size_t last = line->rfind(' ');
  if (first == std::string::npos || first == last || !line->substr(last + 1).starts_with("HTTP/1."))
    return bad();
  HttpRequest request{line->substr(0, first), line->substr(first + 1, last - first - 1), {}, {}};
  if (auto read = read_fields(connection, request, wait); !read) return std::unexpected(read.error());
  const auto length = body_length(request);
  if (!length) return std::unexpected(length.error());
  auto body = connection.read_bytes(*length, wait);
  if (!body) return std::unexpected(body.error());
  request.body = std::move(*body);
  return request;
}

std::string to_text(const HttpReply& reply) {
  std::string text = "HTTP/1.1 " + std::to_string(reply.status) + " -\r\n";
  for (const auto& [name, value] : reply.fields)
    if (!value.empty()) text += name + ": " + value + "\r\n";
  if (reply.status != 204) text += "Content-Length: " + std::to_string(reply.body.size()) + "\r\n";
  return text + "Connection: close\r\n\r\n" + reply.body;
}

std::pair<std::string, std::string> basic_credentials(const std::string& field) {
  constexpr std::string_view kScheme = "basic ";
  if (trimmed_lower(field.substr(0, kScheme.size() + 1), true).find("basic") != 0 ||
      field.size() <= kScheme.size())
    return {};
  const auto decoded = from_base64_lines(std::string_view(field).substr(kScheme.size()));
  if (!decoded) return {};
  const std::string text(text_of(*decoded));
  const std::size_t colon = text.find(':');
  if (colon == std::string::npos) return {};
  return {text.substr(0, colon), text.substr(colon + 1)};
}

}  // namespace privyseal::peer
