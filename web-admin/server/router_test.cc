#include "web-admin/server/router.h"

#include <gtest/gtest.h>

namespace privyseal::web {
namespace {

constexpr std::array kRoutes{
    Route{Method::kGet, "/", Access::kSignedIn, nullptr},
    Route{Method::kGet, "/mail/{}", Access::kSignedIn, nullptr},
    Route{Method::kGet, "/mail/{}/more/{}", Access::kSignedIn, nullptr},
    Route{Method::kGet, "/claim", Access::kAnyone, nullptr},
    Route{Method::kPost, "/claim", Access::kAnyone, nullptr},
    Route{Method::kPost, "/only-post", Access::kAnyone, nullptr},
};

struct Case {
  const char* name;
  Method method;
  std::string_view path;
  int route;  ///< its place in the table; -1: no such path; -2: no such method
  std::vector<std::string> segments = {};
};
class Router : public testing::TestWithParam<Case> {};

TEST_P(Router, FindsTheRoute) {
  const auto match = find_route(kRoutes, GetParam().method, GetParam().path);
  if (GetParam().route == -1) {
    EXPECT_TRUE(std::holds_alternative<NoSuchPath>(match));
  } else if (GetParam().route == -2) {
    EXPECT_TRUE(std::holds_alternative<NoSuchMethod>(match));
  } else {
    ASSERT_TRUE(std::holds_alternative<Found>(match));
    EXPECT_EQ(std::get<Found>(match).route - kRoutes.data(), GetParam().route);
    EXPECT_EQ(std::get<Found>(match).segments, GetParam().segments);
  }
}

INSTANTIATE_TEST_SUITE_P(, Router,
                         testing::ValuesIn(std::vector<Case>{
                             {"Root", Method::kGet, "/", 0},
                             {"HeadIsGet", Method::kHead, "/", 0},
                             {"Segment", Method::kGet, "/mail/7", 1, {"7"}},
                             {"TwoSegments", Method::kGet, "/mail/7/more/a-b_c.d", 2, {"7", "a-b_c.d"}},
                             {"GetOfTwo", Method::kGet, "/claim", 3},
                             {"PostOfTwo", Method::kPost, "/claim", 4},
                             {"Unknown", Method::kGet, "/nothing", -1},
                             {"TrailingSlash", Method::kGet, "/claim/", -1},
                             {"EmptySegment", Method::kGet, "/mail/", -1},
                             {"DoubleSlash", Method::kGet, "//claim", -1},
                             {"DotDot", Method::kGet, "/mail/..", -1},
                             {"Escaped", Method::kGet, "/mail/%2e%2e", -1},
                             {"Deeper", Method::kGet, "/mail/7/8", -1},
                             {"Empty", Method::kGet, "", -1},
                             {"WrongMethod", Method::kGet, "/only-post", -2},
                             {"OtherMethod", Method::kOther, "/claim", -2},
                         }),
                         [](const auto& c) { return std::string(c.param.name); });

TEST(RouterAllow, NamesEveryMethodOfThePath) {
  EXPECT_EQ(std::get<NoSuchMethod>(find_route(kRoutes, Method::kOther, "/claim")).allow, "GET, HEAD, POST");
  EXPECT_EQ(std::get<NoSuchMethod>(find_route(kRoutes, Method::kGet, "/only-post")).allow, "POST");
}

}  // namespace
}  // namespace privyseal::web
