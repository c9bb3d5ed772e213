#include "provisioning/evidence/directory_file.h"

#include <optional>
#include <utility>

namespace privyseal::evidence {

// The door says of how many entries the directory consists, so that a new import meanwhile is seen.
Result<Content> directory_file(const Appliance& appliance, std::string_view format,
                               const std::filesystem::path& folder) {
  Lines text(folder);
  std::int64_t after = 0;
  std::optional<std::int64_t> entries;
  for (;;) {
    const auto part =
        appliance.ask(Daemon::kGatewayd, {{"op", "directory-export"}, {"format", format}, {"after", after}});
    if (!part) return std::unexpected(part.error());
    const auto next = json_number(*part, "next");
    const auto count = json_number(*part, "entries");
    const auto piece = json_text(*part, "text");
    if (!next || !count || !piece || (*next <= after && *next != *count))
      return fail(ErrorCode::kInvalid, "gatewayd: its answer cannot be read");
    if (entries.value_or(*count) != *count)
      return fail(ErrorCode::kConflict, "the directory has changed meanwhile; ask again");
    entries = *count;
    text.append(*piece);
    after = *next;
    if (after == *count) return Content::of(std::move(text));
  }
}

}  // namespace privyseal::evidence
