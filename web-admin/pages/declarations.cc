#include "web-admin/pages/declarations.h"

#include <algorithm>
#include <cctype>
#include <format>

#include "firmware/base/day.h"
#include "provisioning/evidence/embedded.h"
#include "provisioning/evidence/terms.h"
#include "web-admin/pages/layout.h"

namespace privyseal::web {
namespace {

using evidence::Declaration;
using evidence::Declarations;
using evidence::judge_declaration;
using evidence::Terms;
using evidence::TermsRow;

constexpr std::string_view kTitle = "What your organisation declares";
constexpr std::chrono::days kProposedUntilReview{365};

/// What the terms ask for, and what was declared of it.
struct Asked {
  Terms terms;
  std::vector<std::string> names;
  Declarations own;  ///< made in the console
  Declarations all;

  [[nodiscard]] const Declaration* find(std::string_view name) const {
    const auto found = all.find(name);
    return found == all.end() ? nullptr : &found->second;
  }
  [[nodiscard]] std::int64_t count_due(WallTime now) const {
    return std::ranges::count_if(
        names, [&](const std::string& name) { return judge_declaration(find(name), now).is_due; });
  }
};

Result<Asked> asked_of(const Visit& visit) {
  auto terms = evidence::parse_terms(evidence::kTerms, "terms v10.2");
  if (!terms) return std::unexpected(terms.error());
  auto names = terms->declarations();
  auto own = visit.at.declarations.all();
  if (!own) return std::unexpected(own.error());
  auto all = declared_here(visit.at.declarations, visit.at.settings.declarations, names);
  if (!all) return std::unexpected(all.error());
  return Asked{
      .terms = std::move(*terms), .names = std::move(names), .own = std::move(*own), .all = std::move(*all)};
}

/// "7. Users: own names, no sharing, training (user accounts)"
std::string title_of(const Asked& asked, std::string_view name) {
  std::string title;
  for (const TermsRow* row : asked.terms.asking(name))
    title += (title.empty() ? "" : "; ") + (row->number == "-" ? "" : row->number + ". ") + row->title;
  std::string words(name);
  std::ranges::replace(words, '-', ' ');
  return title + " (" + words + ")";
}

Html clause_text(const Asked& asked, std::string_view name) {
  Html lines;
  for (const TermsRow* row : asked.terms.asking(name))
    for (std::string_view rest = row->text; !rest.empty();) {
      const std::string_view line = rest.substr(0, rest.find('\n'));
      if (!line.empty()) lines += paragraph(line);
      rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    }
  return lines;
}

Html state_of(bool is_due) { return is_due ? tag(Tone::kAttention, "Due") : tag(Tone::kGood, "Declared"); }

/// Who said it, when, and what.
Html declared(const Visit& visit, const Asked& asked, const std::string& name) {
  const Declaration* declaration = asked.find(name);
  if (declaration == nullptr) return paragraph(judge_declaration(nullptr, visit.at.clock.now()).sentence);
  std::vector<Row> rows{{"Declared by", long_text(declaration->by)},
                        {"On", evidence::day_text(declaration->signed_on)},
                        {"Review day", evidence::day_text(declaration->review)},
                        {"What was said", long_text(declaration->note)}};
  if (!asked.own.contains(name))
    rows.push_back({"Where", long_text("in the file " + visit.at.settings.declarations.string() +
                                       ", which counts until an officer declares it here")});
  return summary(rows);
}

Html entry(const Visit& visit, const Asked& asked, const std::string& name) {
  const std::string title = title_of(asked, name);
  const Declaration* declaration = asked.find(name);
  Html act;
  if (visit.may(Access::kOfficer))
    act = paragraph(
        link("/declarations/" + name, (declaration == nullptr ? "Declare: " : "Declare anew: ") + title));
  return join(heading(title, name),
              paragraph(state_of(judge_declaration(declaration, visit.at.clock.now()).is_due)),
              el("details", {{"class", "govuk-details"}},
                 el("summary", {{"class", "govuk-details__summary"}},
                    el("span", {{"class", "govuk-details__summary-text"}}, "What the clause says")),
                 el("div", {{"class", "govuk-details__text"}}, clause_text(asked, name))),
              declared(visit, asked, name), act);
}

Html declare_form(const Visit& visit, const Asked& asked, const std::string& name) {
  const Declaration* before = asked.find(name);
  const auto value = [&](const char* field, const std::string& otherwise) {
    return visit.form.has(field) ? visit.form.text(field) : otherwise;
  };
  const Day today = day_of(visit.at.clock.now());
  return join(
      heading(before == nullptr ? "Declare it" : "Declare it anew"),
      paragraph(std::format("It bears today's date, {:%F}. What it says stands in the packs for auditors and "
                            "in the audit log, also after it was declared anew.",
                            today)),
      form(visit, "/declarations/" + name,
           join(input({.name = "by",
                       .label = "Who declares it",
                       .hint = "The person who answers for it, and as what: A. Smith, practice manager.",
                       .value = value("by", before == nullptr ? "" : before->by),
                       .is_wide = true}),
                text_area({.name = "text",
                           .label = "What is declared",
                           .hint = "In your own words, such as what is done and where the records of it are.",
                           .value = value("text", before == nullptr ? "" : before->note)}),
                input({.name = "review",
                       .label = "Review day",
                       .hint = "Within a year. From that day on it is due again.",
                       .value = value("review", evidence::day_text(today + kProposedUntilReview)),
                       .type = "date"}),
                button("Declare this today"))));
}

Response not_read(Visit& visit, const Error& error) {
  return page(visit, Place::kAudit, kTitle,
              problem("What was declared cannot be read, so no pack can be made", {error.message}), 503);
}

Response not_asked(Visit& visit) {
  return apology(visit, 404, "Page not found", "The terms ask for no such declaration.");
}

Response one_page(Visit& visit, const Asked& asked, const std::string& name, const Html& above, Status code) {
  const Html form = visit.may(Access::kOfficer) ? declare_form(visit, asked, name) : Html();
  const bool is_due = judge_declaration(asked.find(name), visit.at.clock.now()).is_due;
  return page(
      visit, Place::kAudit, title_of(asked, name),
      join(above, paragraph(state_of(is_due)), inset(clause_text(asked, name)), declared(visit, asked, name),
           form, paragraph(link("/declarations", "Back to all declarations"))),
      code);
}

/// The message of an error, as a sentence of its own.
std::string sentence_of(const Error& error) {
  std::string sentence = error.message + ".";
  sentence[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(sentence[0])));
  return sentence;
}

Result<Declaration> declaration_in(const Visit& visit) {
  const std::string today = evidence::day_text(visit.at.clock.now());
  const std::string by = visit.form.text("by");
  const std::string review = visit.form.text("review");
  const std::string text = visit.form.text("text");
  if (text.empty()) return fail(ErrorCode::kInvalid, "say what is declared");
  return evidence::parse_declaration({.signed_on = today, .by = by, .review = review, .note = text});
}

/// Written down before and after, as whatever changes something.
Result<void> declare(Visit& visit, const std::string& name, const Declaration& declaration) {
  const Actor who = visit.actor();
  const Act act{.action = "declaration-make",
                .object = "declaration/" + name,
                .why = judge_declaration(&declaration, visit.at.clock.now()).sentence};
  if (auto begun = visit.at.journal.begin(who, act); !begun)
    return fail(ErrorCode::kUnavailable, "it could not be written to the audit log");
  const auto kept = visit.at.declarations.put(name, declaration);
  visit.at.journal.end(who, act, kept);
  return kept;
}

}  // namespace

Result<Declarations> declarations_of(const Visit& visit) {
  auto asked = asked_of(visit);
  if (!asked) return std::unexpected(asked.error());
  return std::move(asked->all);
}

Result<std::int64_t> overdue_declarations(const Visit& visit) {
  const auto asked = asked_of(visit);
  if (!asked) return std::unexpected(asked.error());
  return std::ranges::count_if(asked->names, [&](const std::string& name) {
    const Declaration* declaration = asked->find(name);
    return declaration != nullptr && judge_declaration(declaration, visit.at.clock.now()).is_due;
  });
}

Html declarations_line(const Visit& visit) {
  const auto asked = asked_of(visit);
  const std::string due =
      asked ? std::format("{} of {} are due", asked->count_due(visit.at.clock.now()), asked->names.size())
            : "it cannot be read";
  return paragraph(link("/declarations", "What your organisation declares, clause by clause: " + due));
}

Response declarations_page(Visit& visit) {
  const auto asked = asked_of(visit);
  if (!asked) return not_read(visit, asked.error());
  Html above;
  if (const std::string done = visit.query.text("done"); asked->own.contains(done))
    above = success("It is declared: " + title_of(*asked, done) + ".");
  Html entries;
  for (const std::string& name : asked->names) entries += entry(visit, *asked, name);
  return page(
      visit, Place::kAudit, kTitle,
      join(above,
           paragraph("The appliance cannot show that these clauses of the terms are kept: your organisation "
                     "says so, with a name, a date and a day of review. An auditor's pack says of each that "
                     "it is declared, or that the declaration is due."),
           paragraph(
               std::format("{} of {} are due.", asked->count_due(visit.at.clock.now()), asked->names.size())),
           visit.may(Access::kOfficer) ? Html() : paragraph("Officers make them."), entries,
           paragraph(link("/audit-pack", "Make a pack for an auditor"))));
}

Response declaration_page(Visit& visit) {
  const auto asked = asked_of(visit);
  if (!asked) return not_read(visit, asked.error());
  const std::string& name = visit.segments[0];
  if (!std::ranges::contains(asked->names, name)) return not_asked(visit);
  return one_page(visit, *asked, name, {}, 200);
}

Response declaration_make(Visit& visit) {
  const auto asked = asked_of(visit);
  if (!asked) return not_read(visit, asked.error());
  const std::string& name = visit.segments[0];
  if (!std::ranges::contains(asked->names, name)) return not_asked(visit);
  const auto declaration = declaration_in(visit);
  if (!declaration)
    return one_page(visit, *asked, name, problem("Nothing is declared", {sentence_of(declaration.error())}),
                    422);
  if (auto kept = declare(visit, name, *declaration); !kept)
    return one_page(visit, *asked, name, problem("Nothing is declared", {sentence_of(kept.error())}), 503);
  return redirect_to("/declarations?done=" + name);
}

}  // namespace privyseal::web
