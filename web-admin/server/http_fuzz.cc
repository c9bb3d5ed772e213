// Any bytes, in any pieces, give a request or a status; the limits hold, and the pieces make no difference.
#include <cstdlib>
#include <optional>

#include "web-admin/server/form.h"
#include "web-admin/server/http.h"

namespace {

using privyseal::ByteView;
using privyseal::web::Request;
using privyseal::web::RequestParser;

std::optional<Request> parsed(ByteView bytes, std::size_t piece) {
  RequestParser parser;
  while (!bytes.empty() && !parser.is_done()) {
    const auto used = parser.feed(bytes.first(std::min(piece, bytes.size())));
    if (!used) return {};
    if (*used == 0) return {};
    bytes = bytes.subspan(*used);
  }
  if (!parser.is_done()) return {};
  return parser.take();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView bytes = std::as_bytes(std::span(data, size));
  const auto whole = parsed(bytes, size + 1);
  const auto pieces = parsed(bytes, 3);
  if (whole.has_value() != pieces.has_value()) std::abort();
  if (!whole) return 0;
  if (whole->body != pieces->body || whole->path != pieces->path || whole->headers != pieces->headers)
    std::abort();
  if (whole->body.size() > privyseal::web::kMaxBodyBytes || !whole->path.starts_with('/')) std::abort();
  static_cast<void>(privyseal::web::parse_urlencoded(whole->query));
  static_cast<void>(privyseal::web::parse_multipart(whole->header("content-type"), whole->body));
  return 0;
}
