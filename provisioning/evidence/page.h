/// index.html of an audit pack: one file, no script, nothing loaded from elsewhere, fit for paper.
///
/// Pure. Threads: any.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "provisioning/evidence/checks.h"

namespace privyseal::evidence {

/// Text as it may stand in HTML, between tags or in a quoted attribute; control bytes are shown (escaped()),
/// but for line ends, if wanted.
[[nodiscard]] std::string html_text(std::string_view text, bool with_lines = false);

/// `hash` is the content hash.
[[nodiscard]] std::string pack_page(const Facts& facts, const Terms& terms,
                                    const std::vector<RowFindings>& findings, const std::string& hash);

}  // namespace privyseal::evidence
