/// The last hour's mail as a drawing (SVG) and, for those who do not see it, as a table.
///
/// Pure.
#pragma once

#include <string>
#include <vector>

#include "firmware/base/json.h"
#include "web-admin/server/html.h"

namespace privyseal::web {

struct FlowMinute {
  std::string at;  ///< RFC 3339
  std::int64_t delivered = 0;
  std::int64_t refused = 0;
  std::int64_t deferred = 0;

  [[nodiscard]] std::int64_t all() const { return delivered + refused + deferred; }
};

/// The "minutes" of a mail-flow answer, oldest first.
[[nodiscard]] std::vector<FlowMinute> flow_of(const JsonObject& answer);

[[nodiscard]] Html flow_chart(const std::vector<FlowMinute>& minutes);
[[nodiscard]] Html flow_table(const std::vector<FlowMinute>& minutes);

}  // namespace privyseal::web
