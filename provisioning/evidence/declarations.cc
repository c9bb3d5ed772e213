#include "provisioning/evidence/declarations.h"

#include "firmware/base/config.h"
#include "firmware/base/file.h"
#include "provisioning/evidence/text.h"

namespace privyseal::evidence {
namespace {

constexpr std::size_t kMaxFileBytes = 1 << 20;

Result<WallTime> day(Config& config, std::string_view file, const std::string& key) {
  const auto text = config.text(key);
  if (!text) return std::unexpected(text.error());
  const auto time = text->size() == 10 ? parse_date_or_time(*text) : std::nullopt;
  if (!time)
    return fail(ErrorCode::kInvalid, std::string(file) + ": " + key + " must be a day, as \"2026-03-01\"");
  return *time;
}

Result<Declaration> declaration(Config& config, std::string_view file, const std::string& name) {
  const auto signed_on = day(config, file, name + ".signed");
  if (!signed_on) return std::unexpected(signed_on.error());
  const auto review = day(config, file, name + ".review");
  if (!review) return std::unexpected(review.error());
  auto by = config.text(name + ".by");
  if (!by) return std::unexpected(by.error());
  auto note = config.text(name + ".note", "");
  if (!note) return std::unexpected(note.error());
  return Declaration{*signed_on, std::move(*by), *review, std::move(*note)};
}

}  // namespace

Result<Declarations> parse_declarations(std::string_view text, std::string_view file,
                                        const std::vector<std::string>& names) {
  auto config = Config::parse(text, file);
  if (!config) return std::unexpected(config.error());
  Declarations declarations;
  for (const std::string& name : names) {
    const auto given = config->text(name + ".signed", "");
    if (!given) return std::unexpected(given.error());
    if (given->empty()) continue;
    auto read = declaration(*config, file, name);
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
