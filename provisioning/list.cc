#include "provisioning/list.h"

#include "hsm/client.h"
#include "provisioning/key_text.h"

namespace privyseal::provisioning {
namespace {

Result<void> list(const Arguments& arguments, std::ostream& out) {
  hsm::Client keyd(arguments.text("socket"));
  const auto keys = keyd.list_keys();
  if (!keys) return std::unexpected(keys.error());
  out << table_of(*keys);
  return {};
}

}  // namespace

Command list_command() {
  return {.name = "list", .summary = "show the keys in the token", .options = {socket_option()}, .run = list};
}

}  // namespace privyseal::provisioning
