#include "provisioning/cli/console.h"

#include "provisioning/cli/reading.h"
#include "provisioning/cli/table.h"

namespace privyseal::cli {

std::string claim_text(const JsonObject& answer) {
  Fields fields;
  fields.add("open", shown(answer, "url"));
  fields.add("code", shown(answer, "code"));
  fields.add("until", shown_time(answer, "expires_at"));
  return fields.text() +
         "\nWhoever gives this code first becomes the first officer of the console. An older code no longer "
         "works.\n"
         "The time is Europe/London.\n";
}

Command console_claim_command() {
  return {.words = "console claim",
          .summary = "a new code for the console's first officer",
          .bare = {},
          .options = {},
          .what = Question{
              Daemon::kAdmind,
              [](const Arguments&) -> Result<JsonObject> { return JsonObject{{"op", "claim-code"}}; },
              claim_text}};
}

}  // namespace privyseal::cli
