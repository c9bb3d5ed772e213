/// Looks at a text in Prometheus' exposition format as its own parser does, strictly.
///
/// Checked: each line's form; HELP and TYPE before a family's samples, each family once; label names; no two
/// samples alike; numbers; of histograms that buckets rise to +Inf, which is _count, and that there is a
/// _sum.
#pragma once

#include <string>

namespace privyseal::test {

/// What is wrong first; empty: nothing.
[[nodiscard]] std::string wrong_in_metrics(const std::string& text);

}  // namespace privyseal::test
