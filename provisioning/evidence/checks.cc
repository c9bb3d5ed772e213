#include "provisioning/evidence/checks.h"

#include <algorithm>
#include <array>

#include "firmware/base/check.h"
#include "provisioning/evidence/evidence_checks.h"

namespace privyseal::evidence {
namespace {

Finding declared(std::string_view name, const Facts& facts) {
  const auto found = facts.declarations.find(name);
  auto [is_due, sentence] =
      judge_declaration(found == facts.declarations.end() ? nullptr : &found->second, facts.now);
  return {.check = std::string(kDeclaration) + std::string(name),
          .standing = is_due ? Standing::kDeclarationDue : Standing::kDeclared,
          .sentence = std::move(sentence)};
}

RowFindings judge_row(const TermsRow& row, const Facts& facts) {
  RowFindings judged{.row = &row, .standing = Standing::kEnforced, .findings = {}};
  for (const std::string& check : row.checks) judged.findings.push_back(run_check(check, facts));
  for (const std::string& sentence : row.not_yet)
    judged.findings.push_back({.check = "not-yet", .standing = Standing::kNotYet, .sentence = sentence});
  for (const Finding& finding : judged.findings)
    judged.standing = std::min(judged.standing, finding.standing);
  return judged;
}

}  // namespace

std::string_view to_string(Standing standing) {
  constexpr std::array<std::string_view, 7> kNames{"not met",  "not shown", "declaration due", "not yet",
                                                   "declared", "evidenced", "enforced"};
  return kNames.at(static_cast<std::size_t>(standing));
}

bool is_check(std::string_view name) {
  return find_evidence_check(name) != nullptr ||
         (name.starts_with(kDeclaration) && name.size() > kDeclaration.size());
}

Finding run_check(std::string_view name, const Facts& facts) {
  if (name.starts_with(kDeclaration)) return declared(name.substr(kDeclaration.size()), facts);
  const auto check = find_evidence_check(name);
  CHECK(check != nullptr);
  auto [standing, sentence] = check(facts);
  return {.check = std::string(name), .standing = standing, .sentence = std::move(sentence)};
}

std::vector<RowFindings> judge(const Terms& terms, const Facts& facts) {
  std::vector<RowFindings> judged;
  for (const TermsRow& row : terms.rows) judged.push_back(judge_row(row, facts));
  return judged;
}

}  // namespace privyseal::evidence
