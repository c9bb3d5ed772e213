#include "provisioning/evidence/declarations.h"

#include <algorithm>
#include <format>

#include "firmware/base/config.h"
#include "firmware/base/file.h"
#include "provisioning/evidence/text.h"

namespace privyseal::evidence {
namespace {

constexpr std::size_t kMaxFileBytes = 1 << 20;

/// Without blanks at both ends, and each run of blanks and line breaks as one blank: people write paragraphs,
/// and a finding is one line.
std::string one_line(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n";
  std::string line;
  for (;;) {
    text.remove_prefix(std::min(text.find_first_not_of(kBlanks), text.size()));
    if (text.empty()) return line;
    const std::string_view word = text.substr(0, text.find_first_of(kBlanks));
    line += (line.empty() ? "" : " ") + std::string(word);
    text.remove_prefix(word.size());
  }
}

Result<Declaration> declaration(Config& config, const std::string& name) {
  const auto signed_on = config.text(name + ".signed");
  if (!signed_on) return std::unexpected(signed_on.error());
  const auto review = config.text(name + ".review");
  if (!review) return std::unexpected(review.error());
  const auto by = config.text(name + ".by");
  if (!by) return std::unexpected(by.error());
  const auto note = config.text(name + ".note", "");
  if (!note) return std::unexpected(note.error());
  auto read = parse_declaration({.signed_on = *signed_on, .by = *by, .review = *review, .note = *note});
  if (!read) return std::unexpected(config.refusal(name + ":", read.error().message));
  return read;
}

}  // namespace

Result<Declaration> parse_declaration(const WrittenDeclaration& written) {
  const auto signed_on = parse_day(written.signed_on);
  if (!signed_on) return fail(ErrorCode::kInvalid, "the day of the declaration must be a day, as 2026-03-01");
  const auto review = parse_day(written.review);
  if (!review) return fail(ErrorCode::kInvalid, "the review day must be a day, as 2026-03-01");
  if (*review <= *signed_on || *review - *signed_on > kLongestUntilReview)
    return fail(ErrorCode::kInvalid,
                "the review day must come after the day of the declaration, and within a year of it");
  Declaration read{
      .signed_on = *signed_on, .by = one_line(written.by), .review = *review, .note = one_line(written.note)};
  if (read.by.empty()) return fail(ErrorCode::kInvalid, "the name of the person who declares it is missing");
  if (read.by.size() > kMaxDeclarerBytes)
    return fail(ErrorCode::kInvalid, std::format("the name may have {} bytes at most", kMaxDeclarerBytes));
  if (read.note.size() > kMaxDeclaredBytes)
    return fail(ErrorCode::kInvalid, std::format("the text may have {} bytes at most", kMaxDeclaredBytes));
  if (!is_visible(read.by) || !is_visible(read.note))
    return fail(ErrorCode::kInvalid, "name and text may have no invisible characters");
  return read;
}

DeclarationVerdict judge_declaration(const Declaration* declaration, WallTime now) {
  if (declaration == nullptr)
    return {.is_due = true, .sentence = "The organisation has not declared this yet."};
  if (declaration->signed_on > now)
    return {.is_due = true, .sentence = "The declaration bears a date that has not come yet."};
  const bool is_due = declaration->review <= now;
  return {.is_due = is_due,
          .sentence = std::format("Declared on {} by {}; {} {}.{}", day_text(declaration->signed_on),
                                  declaration->by, is_due ? "its review was due on" : "to be reviewed by",
                                  day_text(declaration->review),
                                  declaration->note.empty() ? "" : " " + declaration->note)};
}

std::string day_text(WallTime day) { return std::format("{:%F}", day_of(day)); }

Result<Declarations> parse_declarations(std::string_view text, std::string_view file,
                                        const std::vector<std::string>& names) {
  auto config = Config::parse(text, file);
  if (!config) return std::unexpected(config.error());
  Declarations declarations;
  for (const std::string& name : names) {
    const auto given = config->text(name + ".signed", "");
    if (!given) return std::unexpected(given.error());
    if (given->empty()) continue;
    auto read = declaration(*config, name);
    if (!read) return std::unexpected(read.error());
    declarations.emplace(name, std::move(*read));
  }
  if (auto known = config->unknown_keys(); !known) return std::unexpected(known.error());
  return declarations;
}

Result<Declarations> read_declarations(const std::filesystem::path& file,
                                       const std::vector<std::string>& names) {
  const auto text = read_file(file, kMaxFileBytes);
  if (!text && text.error().code == ErrorCode::kNotFound) return Declarations{};
  if (!text) return std::unexpected(text.error());
  return parse_declarations(text_of(*text), file.string(), names);
}

}  // namespace privyseal::evidence
