// Whatever the mail, bytes are only put in, any cut gives the same, and a second pass adds nothing.
#include "firmware/base/check.h"
#include "firmware/policy/disclaimer_stream.h"

using namespace privyseal;
using namespace privyseal::policy;

namespace {

const Disclaimer& disclaimer() {
  constexpr std::string_view kText = "For you alone.\n.Jos\xC3\xA9";
  static const Disclaimer made{.plain = plain_disclaimer(kText).value(),
                               .html = html_disclaimer(html_of(kText)).value()};
  return made;
}

struct Passed {
  std::string body;
  DisclaimerStream::Outcome outcome;
  bool operator==(const Passed&) const = default;
};

/// Cuts into pieces of 1 to `step` bytes; 0 is no cut.
Passed run(const Header& header, std::string_view body, std::size_t step) {
  DisclaimerStream stream(disclaimer(), header, 100, {.eight_bit = true});
  std::string out;
  std::size_t turn = 0;
  while (!body.empty()) {
    const std::string_view piece = body.substr(0, step == 0 ? body.size() : 1 + turn++ % step);
    out += stream.feed(piece);
    body.remove_prefix(piece.size());
  }
  out += stream.end();
  CHECK(stream.end().empty());
  return {.body = out, .outcome = stream.outcome()};
}

/// Whether `longer` is `text` with something put in.
bool holds(std::string_view longer, std::string_view text) {
  for (const char c : longer)
    if (!text.empty() && c == text.front()) text.remove_prefix(1);
  return text.empty();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view mail(reinterpret_cast<const char*>(data + 1), size - 1);
  (void)parse_media_type(mail);
  const auto at = find_body(mail, 0);
  if (!at) return 0;
  const Header header = parse_header(mail.substr(0, *at));
  const std::string_view body = mail.substr(*at);
  const Passed whole = run(header, body, 0);
  CHECK(run(header, body, 1 + data[0]) == whole);
  const bool is_added = whole.outcome == DisclaimerStream::Outcome::kAdded;
  CHECK(is_added == (whole.body != body) && holds(whole.body, body));
  const Passed again = run(header, whole.body, 0);
  CHECK(again.body == whole.body && (!is_added || again.outcome == DisclaimerStream::Outcome::kPresent));
  if (!body.contains("\r\n.\r\n") && !body.starts_with(".\r\n")) CHECK(!whole.body.contains("\r\n.\r\n"));
  // A text may be brought by an administrator, too.
  if (const auto form = plain_disclaimer(mail))
    CHECK(signs_of(form->quoted, TextKind::kPlain, TextEncoding::kQuotedPrintable) == form->phrase.signs() &&
          html_disclaimer(html_of(mail)));
  return 0;
}
