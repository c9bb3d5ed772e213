// Whatever the header, its fields are its bytes, and no decoded value is more than one line.
#include <algorithm>

#include "firmware/base/check.h"
#include "firmware/policy/header.h"
#include "firmware/policy/opening.h"

using namespace privyseal;

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const std::string_view mail(reinterpret_cast<const char*>(data), size);
  const auto body = policy::find_body(mail, 0);
  const std::string_view text = mail.substr(0, body.value_or(size));
  const policy::Header header = policy::parse_header(text);
  std::size_t seen = 0;
  for (const policy::Field& field : header.fields) {
    CHECK(field.raw.data() == text.data() + seen);
    seen += field.raw.size();
    CHECK(field.value.find_first_of("\r\n") == std::string::npos);
    const auto domains = policy::domains_in(policy::value_as_written(field));
    CHECK(!domains || domains->size() <= static_cast<std::size_t>(std::ranges::count(field.raw, '@')));
  }
  CHECK(seen == text.size() || text.substr(seen) == "\r\n");
  if (!body) return 0;
  CHECK(policy::first_line_of(header, mail.substr(*body), true));
  const auto early = policy::first_line_of(header, mail.substr(*body), false);
  CHECK(!early || early == policy::first_line_of(header, mail.substr(*body), true));
  return 0;
}
