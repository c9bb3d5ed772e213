// What was read is written so that it is read the same; no register takes harm from any file.
#include "firmware/base/check.h"
#include "firmware/policy/csv.h"
#include "firmware/policy/directory.h"
#include "firmware/policy/registers.h"
#include "firmware/policy/rules.h"

using namespace privyseal;

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto rows = policy::parse_csv(text)) {
    std::string again;
    for (const policy::CsvRow& row : *rows) again += policy::csv_line(row);
    const auto read_again = policy::parse_csv(again);
    CHECK(read_again && *read_again == *rows);
  }
  (void)policy::Commitments::parse(text);
  (void)policy::Permissions::parse(text);
  (void)policy::AssuredDomains::parse(text);
  (void)policy::Maintenance::parse(text);
  (void)policy::parse_options(text, "fuzz");
  (void)policy::parse_profile(text, "fuzz");
  if (const auto directory = policy::Directory::parse(text)) {
    using enum policy::Directory::Format;
    const auto again = policy::Directory::parse(directory->to_file(kCsv));
    CHECK(again && again->to_file(kCsv) == directory->to_file(kCsv));
    (void)directory->to_file(kLdif);
  }
  return 0;
}
