#include "firmware/policy/disclaimer.h"

#include <gmock/gmock.h>

#include "firmware/policy/rules.h"

namespace privyseal::policy {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;

constexpr const char* kWords = "For the person it is addressed to.";

TEST(Disclaimer, HasEveryFormOfItsText) {
  const auto form = plain_disclaimer("\n.For you = only. \r\nJos\xC3\xA9\n\n");
  ASSERT_TRUE(form) << form.error().message;
  EXPECT_EQ(form->raw, "\r\n..For you = only.\r\nJos\xC3\xA9\r\n");
  EXPECT_EQ(form->quoted, "\r\n=2EFor you =3D only.\r\nJos=C3=A9\r\n");
  EXPECT_FALSE(form->is_ascii);
  EXPECT_EQ(form->phrase.signs(), ".Foryou=only.Jos\xC3\xA9");
  EXPECT_TRUE(plain_disclaimer(kWords)->is_ascii);
}

TEST(Disclaimer, QuotedLinesAreShortAndNoneLooksLikeABoundary) {
  const std::string line =
      std::string(70, 'x') + " a " + std::string(5, '-') + "--boundary " + std::string(90, '.');
  const auto form = plain_disclaimer(line);
  ASSERT_TRUE(form) << form.error().message;
  std::string_view rest = form->quoted;
  while (!rest.empty()) {
    const std::string_view one = rest.substr(0, rest.find("\r\n"));
    EXPECT_LE(one.size(), 76U);
    EXPECT_THAT(std::string(one), Not(testing::StartsWith("-")));
    EXPECT_THAT(std::string(one), Not(testing::StartsWith(".")));
    rest.remove_prefix(one.size() + 2);
  }
  EXPECT_EQ(signs_of(form->quoted, TextKind::kPlain, TextEncoding::kQuotedPrintable), form->phrase.signs());
}

TEST(Disclaimer, HtmlIsMadeOfTheText) {
  EXPECT_EQ(html_of("A & B <c>\nJos\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x94\x92\n\nlast\n"),
            "<p>A &amp; B &lt;c&gt;<br>\nJos&#233; &#8364; &#128274;<br>\n<br>\nlast</p>");
  std::string longest;
  while (longest.size() + 191 <= 2000) longest += std::string(190, '&') + "\n";
  ASSERT_TRUE(plain_disclaimer(longest));
  const auto form = html_disclaimer(html_of(longest));
  ASSERT_TRUE(form) << form.error().message;
  EXPECT_TRUE(form->is_ascii);
}

TEST(Disclaimer, ComesFromThePolicyFile) {
  const auto in = [](const std::string& toml) {
    const auto options = parse_options("[disclaimer]\n" + toml, "policy.toml");
    return options ? options->disclaimer : std::nullopt;
  };
  EXPECT_FALSE(in(""));
  EXPECT_FALSE(in("text = \"\"\n"));
  const Disclaimer one =
      in("text = \"\"\"\nFor you & me alone.\nSee our site.\n\"\"\"\n").value_or(Disclaimer{});
  EXPECT_EQ(one.plain.raw, "\r\nFor you & me alone.\r\nSee our site.\r\n");
  EXPECT_EQ(one.html.raw, "\r\n<p>For you &amp; me alone.<br>\r\nSee our site.</p>\r\n");
  const Disclaimer both =
      in("text = \"For you alone.\"\nhtml = \"<hr><b>For you alone.</b>\"").value_or(Disclaimer{});
  EXPECT_EQ(both.html.raw, "\r\n<hr><b>For you alone.</b>\r\n");
  EXPECT_EQ(both.growth_bytes(), 2U + 14 + 2 + 2 + 25 + 2);
}

TEST(Disclaimer, IsRefusedByName) {
  const auto why = [](const std::string& toml) {
    const auto options = parse_options("[disclaimer]\n" + toml, "policy.toml");
    return options ? "taken" : options.error().message;
  };
  const std::string text = "text = \"For you alone.\"\n";
  for (const auto& [toml, expected] : std::vector<std::pair<std::string, std::string>>{
           {"text = 1", "disclaimer.text"},
           {"texts = \"For you alone.\"", "disclaimer.texts is no known setting"},
           {"html = \"For you alone.\"", "disclaimer.text is needed beside disclaimer.html"},
           {"text = \"  \"", "disclaimer.text must have at least 12 letters or signs"},
           {"text = \"> > > > > > OFFICIAL\"", "disclaimer.text must have at least 12"},
           {"text = \"For you\\talone.\"", "disclaimer.text must be UTF-8 without control characters"},
           {"text = \"For you\\ralone.\"", "disclaimer.text must be UTF-8 without control characters"},
           {"text = \"For you\\u0000alone.\"", "disclaimer.text must be UTF-8 without control characters"},
           {"text = \"For you\\u0085alone.\"", "disclaimer.text must be UTF-8 without control characters"},
           {"text = \"For you alone.\\n--\\nX\"", "disclaimer.text must have no line that begins with --"},
           {"text = \"" + std::string(191, 'x') + "\"", "disclaimer.text must have no line of more than 190"},
           {"text = \"\"\"" + std::string(2010, '\n') + "\"\"\"",
            "disclaimer.text must have at most 2000 bytes"},
           {text + "html = \"<hr>\"", "disclaimer.html must have at least 12"},
           {text + "html = \"For you alone. <b\"", "disclaimer.html must have no tag that is left open"},
           {text + "html = \"<!-- For you\\n--> alone, nobody else\"",
            "disclaimer.html must have no line that"},
       })
    EXPECT_THAT(why(toml), HasSubstr(expected)) << toml;
  EXPECT_EQ(why("text = \"" + std::string(190, 'x') + "\""), "taken");
}

}  // namespace
}  // namespace privyseal::policy
