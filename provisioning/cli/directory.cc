#include "provisioning/cli/directory.h"

#include <format>

#include "firmware/base/file.h"
#include "provisioning/cli/reading.h"
#include "provisioning/cli/table.h"
#include "provisioning/cli/text.h"

namespace privyseal::cli {
namespace {

constexpr mode_t kPeople = 0640;  // the file names them

Result<JsonObject> search_request(const Arguments& arguments) {
  return JsonObject{{"op", "directory-search"}, {"text", arguments.text("text")}};
}

/// The whole file, part by part. The door says of how many entries the directory consists, so that a new
/// import meanwhile is seen.
Result<std::string> fetch(const Appliance& appliance, const std::string& format) {
  std::string text;
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
    text += *piece;
    after = *next;
    if (after == *count) return text;
  }
}

Result<Report> export_directory(const Arguments& arguments, Surroundings& at) {
  const auto text = fetch(at.appliance, arguments.text("format"));
  if (!text) return std::unexpected(text.error());
  const std::string& out = arguments.text("out");
  if (auto written = replace_file(out, bytes_of(*text), kPeople); !written)
    return std::unexpected(written.error());
  return Report{.json = {{"ok", true}, {"file", out}, {"bytes", text->size()}},
                .text = std::format("{}: {} bytes, active people only.\n", escaped(out), text->size())};
}

}  // namespace

std::string directory_search_text(const JsonObject& answer) {
  Table table({"NAME", "ORGANISATION", "ADDRESS"});
  for (const JsonObject* entry : objects_at(answer, "entries"))
    table.add({shown(*entry, "name"), shown(*entry, "organisation"), shown(*entry, "address")});
  return table.text("Nobody active in the directory matches.");
}

std::vector<Command> directory_commands() {
  return {
      {.words = "directory search",
       .summary = "active people of the CJSM directory whose entry has all these words",
       .bare = {"text"},
       .options = {{.name = "text", .value = "TEXT", .help = "of a name, an organisation or an address"}},
       .what = Question{Daemon::kGatewayd, search_request, directory_search_text}},
      {.words = "directory export",
       .summary = "the active people of the CJSM directory as an address list",
       .bare = {},
       .options = {{.name = "format", .value = "ldif|csv", .help = "of the file", .choices = {"ldif", "csv"}},
                   {.name = "out", .value = "FILE", .help = "where it goes"}},
       .what = Task{nothing_to_check, export_directory}},
  };
}

}  // namespace privyseal::cli
