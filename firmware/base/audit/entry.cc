#include "firmware/base/audit/entry.h"

#include "firmware/base/audit/json_line.h"

namespace privyseal::audit {

std::string to_line(const Entry& entry, std::uint64_t seq, WallTime at, std::string_view boot) {
  return JsonLine()
      .number("v", 1)
      .number("seq", static_cast<std::int64_t>(seq))
      .text("ts", to_rfc3339(at))
      .text("boot", boot)
      .text("actor", entry.actor)
      .text("role", entry.role)
      .text("source", entry.source)
      .text("action", entry.action)
      .text("object", entry.object)
      .text("params_hash", entry.params_hash)
      .text("outcome", entry.outcome)
      .text("why", entry.why)
      .line();
}

}  // namespace privyseal::audit
