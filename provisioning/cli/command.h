/// One thing that `privyseal` can do. A noun's file makes its commands, and program.cc lists them.
#pragma once

#include <functional>
#include <ostream>
#include <string>
#include <variant>
#include <vector>

#include "firmware/base/clock.h"
#include "firmware/base/json.h"
#include "firmware/base/result.h"
#include "provisioning/arguments.h"
#include "provisioning/cli/exit_status.h"
#include "provisioning/evidence/appliance.h"

namespace privyseal::cli {

using evidence::Appliance;
using evidence::Daemon;
using evidence::kDaemons;
using evidence::name_of;
using provisioning::Arguments;
using provisioning::Option;

/// What a command has to say: to people as `text`, to programs as `json`.
struct Report {
  JsonObject json;
  std::string text;
  ExitStatus status = ExitStatus::kOk;
};

/// What a command may use besides its arguments.
struct Surroundings {
  Appliance& appliance;
  const Clock& clock;
  std::ostream& notes;  ///< for a person who waits; never part of the answer
};

/// The usual command: one question at one door. Both functions are pure.
struct Question {
  Daemon daemon;
  /// The request. An error means that the command line was wrong; nothing is asked then.
  std::function<Result<JsonObject>(const Arguments& arguments)> request;
  std::function<std::string(const JsonObject& answer)> text;
};

/// Any other command.
struct Task {
  /// Pure. An error means that the command line was wrong; `run` is not called then.
  std::function<Result<void>(const Arguments& arguments)> check;
  std::function<Result<Report>(const Arguments& arguments, Surroundings& at)> run;
};

struct Command {
  std::string words;    ///< "mail track"
  std::string summary;  ///< one line, without a dot
  /// The options that may also stand as bare words right behind the command's own words, in this order.
  std::vector<std::string> bare;
  std::vector<Option> options;
  std::variant<Question, Task> what;
};

[[nodiscard]] inline Result<void> nothing_to_check(const Arguments&) { return {}; }

}  // namespace privyseal::cli
