#include "web-admin/server/html.h"

#include <gtest/gtest.h>

namespace privyseal::web {
namespace {

struct EscapeCase {
  const char* name;
  std::string_view text;
  std::string_view markup;
};

class HtmlText : public testing::TestWithParam<EscapeCase> {};

TEST_P(HtmlText, CannotLeaveItsPlace) {
  EXPECT_EQ(el("p", {}, GetParam().text).markup(), "<p>" + std::string(GetParam().markup) + "</p>");
  EXPECT_EQ(el("input", {{"value", GetParam().text}}).markup(),
            "<input value=\"" + std::string(GetParam().markup) + "\">");
}

INSTANTIATE_TEST_SUITE_P(, HtmlText,
                         testing::ValuesIn(std::to_array<EscapeCase>({
                             {"Plain", "alice", "alice"},
                             {"Script", "<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"},
                             {"Quotes", "\" onclick='x'", "&quot; onclick=&#39;x&#39;"},
                             {"Entity", "&lt;", "&amp;lt;"},
                             {"ControlBytes", std::string_view("a\0\x1b[2Jb", 7),
                              "a\xEF\xBF\xBD\xEF\xBF\xBD[2Jb"},
                             {"Comment", "--><b>", "--&gt;&lt;b&gt;"},
                         })),
                         [](const auto& c) { return std::string(c.param.name); });

TEST(Html, KeepsLinksInsideTheConsole) {
  EXPECT_EQ(el("a", {{"href", "/mail?text=a&b"}}).markup(), "<a href=\"/mail?text=a&amp;b\"></a>");
  EXPECT_EQ(el("a", {{"href", "#main"}}).markup(), "<a href=\"#main\"></a>");
  for (const char* outside :
       {"//evil.example", "https://evil.example", "javascript:alert(1)", "/\\evil.example", "mail", ""})
    EXPECT_EQ(el("a", {{"href", outside}}).markup(), "<a href=\"#\"></a>") << outside;
  EXPECT_EQ(el("form", {{"action", "https://evil.example"}}).markup(), "<form action=\"#\"></form>");
}

TEST(Html, LeavesOutAttributesThatDoNotStand) {
  EXPECT_EQ(el("button", {{"disabled", false}, {"autofocus", true}}).markup(),
            "<button autofocus=\"\"></button>");
}

TEST(Html, NestsMarkupWithoutEscapingItTwice) {
  EXPECT_EQ(el("p", {}, "a<", el("b", {}, "c&"), join("d", el("br", {}))).markup(),
            "<p>a&lt;<b>c&amp;</b>d<br></p>");
}

}  // namespace
}  // namespace privyseal::web
