#pragma once
#include "provisioning/cli/command.h"
namespace privyseal::cli {
inline Command pack_command() {
  return {.words = "audit pack",
          .summary = "x",
          .bare = {},
          .options = {},
          .what = Task{nothing_to_check,
                       [](const Arguments&, Surroundings&) -> Result<Report> { return Report{}; }}};
}
}  // namespace privyseal::cli
