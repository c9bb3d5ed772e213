/// What the organisation declares, clause by clause: for the clauses that no machine can show.
///
/// Shown to everybody who is signed in; made, and made anew before the review day, by officers.
#pragma once

#include "provisioning/evidence/declarations.h"
#include "web-admin/server/visit.h"

namespace privyseal::web {

[[nodiscard]] Response declarations_page(Visit& visit);
/// "/declarations/{}": one of them, by its name in the terms.
[[nodiscard]] Response declaration_page(Visit& visit);
[[nodiscard]] Response declaration_make(Visit& visit);

// For other pages.

/// As an auditor's pack has it.
[[nodiscard]] Result<evidence::Declarations> declarations_of(const Visit& visit);
/// How many were made whose review day has come.
[[nodiscard]] Result<std::int64_t> overdue_declarations(const Visit& visit);
/// The way to them, and how many are due.
[[nodiscard]] Html declarations_line(const Visit& visit);

}  // namespace privyseal::web
