#include "provisioning/evidence/checks.h"

#include <algorithm>
#include <array>
#include <format>

#include "firmware/base/check.h"
#include "provisioning/evidence/evidence_checks.h"
#include "provisioning/evidence/text.h"

namespace privyseal::evidence {
namespace {

std::string day_text(WallTime day) {
  return std::format("{:%F}", std::chrono::floor<std::chrono::days>(day));
}

Finding declared(std::string_view name, const Facts& facts) {
  Finding finding{.check = std::string(kDeclaration) + std::string(name),
                  .standing = Standing::kDeclarationDue,
                  .sentence = "The organisation has not declared this yet."};
  const auto found = facts.declarations.find(name);
  if (found == facts.declarations.end()) return finding;
  const Declaration& declaration = found->second;
  if (declaration.signed_on > facts.now) {
    finding.sentence = "The declaration bears a date that has not come yet.";
    return finding;
  }
  const bool is_due = declaration.review <= facts.now;
  if (!is_due) finding.standing = Standing::kDeclared;
  finding.sentence =
      std::format("Declared on {} by {}; {} {}.{}", day_text(declaration.signed_on), declaration.by,
                  is_due ? "its review was due on" : "to be reviewed by", day_text(declaration.review),
                  declaration.note.empty() ? "" : " " + declaration.note);
  return finding;
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
