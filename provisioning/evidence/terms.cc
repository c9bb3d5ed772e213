#include "provisioning/evidence/terms.h"

#include <algorithm>
#include <format>

#include "firmware/base/config.h"
#include "provisioning/evidence/checks.h"

namespace privyseal::evidence {
namespace {

/// Reads texts into members until the first failure.
class Reader {
 public:
  explicit Reader(Config& config) : config_(config) {}

  void text(const std::string& key, std::string& value) {
    if (failed_) return;
    if (auto read = config_.text(key))
      value = std::move(*read);
    else
      failed_ = read.error();
  }
  void texts(const std::string& key, std::vector<std::string>& values) {
    if (failed_) return;
    if (auto read = config_.texts(key))
      values = std::move(*read);
    else
      failed_ = read.error();
  }
  [[nodiscard]] const std::optional<Error>& failed() const { return failed_; }

 private:
  Config& config_;
  std::optional<Error> failed_;
};

Result<void> check_row(const TermsRow& row) {
  if (row.checks.empty() && row.not_yet.empty())
    return fail(ErrorCode::kInvalid, std::format("row {}: nothing shows whether it is kept", row.id));
  for (const std::string& check : row.checks)
    if (!is_check(check))
      return fail(ErrorCode::kInvalid, std::format("row {}: there is no check '{}'", row.id, check));
  return {};
}

}  // namespace

std::vector<std::string> Terms::declarations() const {
  std::vector<std::string> names;
  for (const TermsRow& row : rows)
    for (std::string_view check : row.checks) {
      if (!check.starts_with(kDeclaration)) continue;
      check.remove_prefix(kDeclaration.size());
      if (!std::ranges::contains(names, check)) names.emplace_back(check);
    }
  return names;
}

std::vector<const TermsRow*> Terms::asking(std::string_view declaration) const {
  const std::string check = std::string(kDeclaration) + std::string(declaration);
  std::vector<const TermsRow*> all;
  for (const TermsRow& row : rows)
    if (std::ranges::contains(row.checks, check)) all.push_back(&row);
  return all;
}

Result<Terms> parse_terms(std::string_view text, std::string_view name) {
  auto config = Config::parse(text, name);
  if (!config) return std::unexpected(config.error());
  Reader reader(*config);
  Terms terms;
  std::vector<std::string> ids;
  reader.text("version", terms.version);
  reader.text("date", terms.date);
  reader.text("title", terms.title);
  reader.texts("rows", ids);
  for (const std::string& id : ids) {
    TermsRow row{.id = id, .number = {}, .title = {}, .text = {}, .checks = {}, .not_yet = {}};
    reader.text("row." + id + ".number", row.number);
    reader.text("row." + id + ".title", row.title);
    reader.text("row." + id + ".text", row.text);
    reader.texts("row." + id + ".checks", row.checks);
    reader.texts("row." + id + ".not_yet", row.not_yet);
    if (reader.failed()) return std::unexpected(*reader.failed());
    if (auto checked = check_row(row); !checked) return fail(name, checked.error());
    terms.rows.push_back(std::move(row));
  }
  if (reader.failed()) return std::unexpected(*reader.failed());
  if (auto known = config->unknown_keys(); !known) return std::unexpected(known.error());
  return terms;
}

}  // namespace privyseal::evidence
