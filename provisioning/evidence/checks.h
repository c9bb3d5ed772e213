/// Whether a clause is kept, judged from collected facts and from nothing else.
///
/// A check never assumes: where the facts do not show it, it says so. Pure. Threads: any.
#pragma once

#include <string>
#include <string_view>

#include "provisioning/evidence/facts.h"
#include "provisioning/evidence/terms.h"

namespace privyseal::evidence {

inline constexpr std::string_view kDeclaration = "declaration:";

/// From worst to best.
enum class Standing {
  kNotMet,          ///< the facts show the contrary
  kNotShown,        ///< the facts do not say
  kDeclarationDue,  ///< the organisation has not declared it, or its declaration is overdue
  kNotYet,          ///< the appliance is meant to do it and does not
  kDeclared,        ///< the organisation has declared it
  kEvidenced,       ///< the facts show it
  kEnforced,        ///< the facts show that the appliance lets nothing else happen
};

[[nodiscard]] std::string_view to_string(Standing standing);  ///< "declaration due"

struct Finding {
  std::string check;
  Standing standing = Standing::kNotShown;
  std::string sentence;
};

struct RowFindings {
  const TermsRow* row = nullptr;
  Standing standing = Standing::kNotShown;  ///< the worst of the findings
  std::vector<Finding> findings;
};

[[nodiscard]] bool is_check(std::string_view name);
/// `name` is one (a CHECK).
[[nodiscard]] Finding run_check(std::string_view name, const Facts& facts);

/// Points into `terms`.
[[nodiscard]] std::vector<RowFindings> judge(const Terms& terms, const Facts& facts);

}  // namespace privyseal::evidence
