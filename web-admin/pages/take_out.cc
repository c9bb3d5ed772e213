#include "web-admin/pages/take_out.h"

#include <format>

#include "ca/fingerprint.h"
#include "firmware/base/day.h"
#include "provisioning/evidence/tar.h"

namespace privyseal::web {

using evidence::DateRange;
using evidence::PackFiles;

Result<DateRange> days_in(const Fields& form) {
  const auto from = parse_day(form.text("from"));
  const auto to = parse_day(form.text("to"));
  if (!from || !to) return fail(ErrorCode::kInvalid, "Give both days, as 2026-03-01.");
  if (*from >= *to) return fail(ErrorCode::kInvalid, "The first day must be before the day after the last.");
  return DateRange{*from, *to};
}

Html day_inputs(const Visit& visit) {
  const auto day = [&](const char* name, const char* label) {
    return input({.name = name, .label = label, .value = visit.form.text(name), .type = "date"});
  };
  return join(day("from", "From this day (UTC)"), day("to", "Before this day (UTC)"));
}

std::string text_of(const DateRange& range) {
  return std::format("{:%F} until before {:%F}", day_of(range.from), day_of(range.to));
}

std::string object_of(std::string_view kind, const DateRange& range) {
  return std::format("{}/{:%F}/{:%F}", kind, day_of(range.from), day_of(range.to));
}

Html code_text(std::string_view id, std::string_view text) {
  return el("code", {{"class", "ps-code"}, {"id", id}}, text);
}

Row audit_key_row(ByteView public_key) {
  return {"Audit key (SHA-256)", code_text("audit-key", ca::in_groups(ca::key_fingerprint(public_key)))};
}

Row size_row(const std::shared_ptr<const PackFiles>& files, std::string_view kind) {
  const std::uint64_t bytes = evidence::TarReader(files, std::string(kind)).size_bytes();
  return {"Size", std::format("{} KiB", (bytes + 1023) / 1024)};
}

Response archive_of(const std::shared_ptr<const PackFiles>& files, std::string_view kind,
                    const DateRange& range) {
  const auto archive = std::make_shared<evidence::TarReader>(files, std::string(kind));
  Response response = file_response("application/x-tar", "");
  response.headers.emplace_back("Content-Disposition",
                                std::format("attachment; filename=\"privyseal-{}-{:%F}-{:%F}.tar\"", kind,
                                            day_of(range.from), day_of(range.to)));
  response.long_body = std::make_shared<LongBody>(
      LongBody{.size_bytes = archive->size_bytes(), .next = [archive] { return archive->next(); }});
  return response;
}

}  // namespace privyseal::web
