/// One thing that privyseal-provision can do. A command's file makes one of these, and
/// commands.cc lists it: that is all there is to adding one.
#pragma once

#include <functional>
#include <ostream>
#include <string>
#include <vector>

#include "firmware/base/result.h"
#include "provisioning/arguments.h"

namespace privyseal::provisioning {

struct Command {
  std::string name;
  std::string summary;  ///< one line, without a dot
  std::vector<Option> options;
  /// Results go to `out`; an error is printed by the caller, who names the command.
  std::function<Result<void>(const Arguments& arguments, std::ostream& out)> run;
};

/// The option that every command has that talks to keyd.
[[nodiscard]] inline Option socket_option() {
  return {.name = "socket", .value = "PATH", .help = "keyd's socket"};
}

}  // namespace privyseal::provisioning
