#include "provisioning/cli/directory.h"

#include <format>

#include "provisioning/cli/growing_file.h"
#include "provisioning/cli/reading.h"
#include "provisioning/cli/table.h"
#include "provisioning/cli/text.h"
#include "provisioning/evidence/directory_file.h"

namespace privyseal::cli {
namespace {

constexpr mode_t kPeople = 0640;  // the file names them

Result<JsonObject> search_request(const Arguments& arguments) {
  return JsonObject{{"op", "directory-search"}, {"text", arguments.text("text")}};
}

Result<Report> export_directory(const Arguments& arguments, Surroundings& at) {
  const std::filesystem::path out = arguments.text("out");
  const auto people = evidence::directory_file(at.appliance, arguments.text("format"), folder_of(out));
  if (!people) return std::unexpected(people.error());
  if (auto written = write_content(*people, out, kPeople); !written) return std::unexpected(written.error());
  return Report{.json = {{"ok", true}, {"file", out.string()}, {"bytes", people->size_bytes()}},
                .text = std::format("{}: {} bytes, active people only.\n", escaped(out.string()),
                                    people->size_bytes())};
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
