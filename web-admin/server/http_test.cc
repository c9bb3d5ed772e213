#include "web-admin/server/http.h"

#include <gtest/gtest.h>

namespace privyseal::web {
namespace {

std::expected<Request, Status> parsed(std::string_view text, std::size_t piece = SIZE_MAX) {
  RequestParser parser;
  ByteView bytes = bytes_of(text);
  while (!bytes.empty() && !parser.is_done()) {
    const auto used = parser.feed(bytes.first(std::min(piece, bytes.size())));
    if (!used) return std::unexpected(used.error());
    if (*used == 0) break;
    bytes = bytes.subspan(*used);
  }
  if (!parser.is_done()) return std::unexpected(0);
  return parser.take();
}

constexpr std::string_view kPost =
    "POST /mail/7?a=b HTTP/1.1\r\nHost: box.example:8443\r\nOrigin: https://box.example\r\n"
    "Cookie: __Host-session=aa\r\nContent-Length: 5\r\n\r\nhello";

TEST(Http, TakesARequestApartInAnyPieces) {
  for (const std::size_t piece : {std::size_t{1}, std::size_t{3}, std::size_t{1000}}) {
    const auto request = parsed(kPost, piece);
    ASSERT_TRUE(request) << request.error();
    EXPECT_EQ(request->method, Method::kPost);
    EXPECT_EQ(request->path, "/mail/7");
    EXPECT_EQ(request->query, "a=b");
    EXPECT_EQ(request->header("host"), "box.example:8443");
    EXPECT_EQ(request->header("origin"), "https://box.example");
    EXPECT_EQ(request->header("accept"), "");
    EXPECT_EQ(request->body, "hello");
    EXPECT_TRUE(request->keep_alive);
  }
}

TEST(Http, LeavesTheNextRequestAlone) {
  RequestParser parser;
  const std::string two = std::string(kPost) + "GET / HTTP/1.1\r\n";
  EXPECT_EQ(parser.feed(bytes_of(two)), kPost.size());
  EXPECT_TRUE(parser.is_done());
}

struct BadRequest {
  const char* name;
  std::string text;
  Status status;  ///< 0: it never ends
};
class BadHttp : public testing::TestWithParam<BadRequest> {};

TEST_P(BadHttp, IsRefused) {
  for (const std::size_t piece : {std::size_t{1}, std::size_t{100'000}}) {
    const auto request = parsed(GetParam().text, piece);
    ASSERT_FALSE(request);
    EXPECT_EQ(request.error(), GetParam().status);
  }
}

std::string with(std::string_view header) {
  return "GET / HTTP/1.1\r\nHost: a\r\n" + std::string(header) + "\r\n";
}

INSTANTIATE_TEST_SUITE_P(
    , BadHttp,
    testing::ValuesIn(std::vector<BadRequest>{
        {"FoldedHeader", with("X: a\r\n b\r\n"), 400},
        {"FoldedWithTab", with("X: a\r\n\tb\r\n"), 400},
        {"FoldedFirstHeader", "GET / HTTP/1.1\r\n Host: a\r\n\r\n", 400},
        {"TwoContentLengths", with("Content-Length: 1\r\nContent-Length: 1\r\n") + "a", 400},
        {"TwoDifferentContentLengths", with("Content-Length: 1\r\nContent-Length: 2\r\n") + "ab", 400},
        {"ListOfContentLengths", with("Content-Length: 1, 1\r\n") + "a", 400},
        {"SignedContentLength", with("Content-Length: +1\r\n") + "a", 400},
        {"HugeContentLength", with("Content-Length: 99999999999999999999\r\n"), 400},
        {"Chunked", with("Transfer-Encoding: chunked\r\n") + "0\r\n\r\n", 501},
        {"TransferEncodingIdentity", with("Transfer-Encoding: identity\r\n"), 501},
        {"LengthAndChunked", with("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n") + "0\r\n\r\n", 400},
        {"NoHost", "GET / HTTP/1.1\r\n\r\n", 400},
        {"TwoHosts", with("Host: b\r\n"), 400},
        {"TwoOrigins", with("Origin: https://a\r\nOrigin: https://b\r\n"), 400},
        {"TwoCookies", with("Cookie: a=1\r\nCookie: a=2\r\n"), 400},
        {"BareLineFeed", "GET / HTTP/1.1\nHost: a\r\n\r\n", 400},
        {"BareCarriageReturn", with("X: a\rb\r\n"), 400},
        {"NulByte", with(std::string_view("X: \0\r\n", 6)), 400},
        {"BlankBeforeColon", with("Content-Length : 1\r\n") + "a", 400},
        {"AbsoluteTarget", "GET https://evil.example/ HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        {"Asterisk", "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        {"HighBytesInTarget", "GET /\xC3\xA9 HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        {"Http10", "GET / HTTP/1.0\r\nHost: a\r\n\r\n", 505},
        {"Http2Preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505},
        {"HeaderTooLong", with("X: " + std::string(kMaxHeaderBytes, 'a') + "\r\n"), 431},
        {"HeaderWithoutEnd", "GET / HTTP/1.1\r\nX: " + std::string(kMaxHeaderBytes, 'a'), 431},
        {"BodyTooLong", with("Content-Length: 262145\r\n"), 413},
        {"BodyCutOff", with("Content-Length: 5\r\n") + "abc", 0},
    }),
    [](const auto& c) { return std::string(c.param.name); });

TEST(Http, WritesAResponse) {
  const Response response{.status = 404, .headers = {{"X-A", "b"}}, .body = "no"};
  EXPECT_EQ(text_of(to_bytes(response, true, false)),
            "HTTP/1.1 404 Not Found\r\nX-A: b\r\nContent-Length: 2\r\n\r\nno");
  EXPECT_EQ(text_of(to_bytes(response, false, true)),
            "HTTP/1.1 404 Not Found\r\nX-A: b\r\nConnection: close\r\nContent-Length: 2\r\n\r\n");
}

TEST(Http, OfALongBodyTheHeadAloneIsWritten) {
  const Response response{
      .status = 200,
      .headers = {},
      .body = "",
      .long_body = std::make_shared<LongBody>(LongBody{.size_bytes = 5'000'000'000, .next = {}})};
  EXPECT_EQ(text_of(to_bytes(response, true, false)),
            "HTTP/1.1 200 OK\r\nContent-Length: 5000000000\r\n\r\n");
}

TEST(Http, NothingSplitsAResponse) {
  const Response response{.status = 200, .headers = {{"X-A", "b\r\nSet-Cookie: c=d"}}, .body = ""};
  EXPECT_EQ(text_of(to_bytes(response, true, false)), "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
}

TEST(Http, KeepsEverySetCookie) {
  const Response response{
      .status = 200, .headers = {{"Set-Cookie", "a=1"}, {"Set-Cookie", "b=2"}}, .body = ""};
  const auto bytes = to_bytes(response, true, false);
  EXPECT_TRUE(text_of(bytes).contains("Set-Cookie: a=1\r\nSet-Cookie: b=2\r\n"));
}

}  // namespace
}  // namespace privyseal::web
