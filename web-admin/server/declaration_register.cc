#include "web-admin/server/declaration_register.h"

#include <iterator>
#include <utility>

#include "firmware/base/rows.h"

namespace privyseal::web {
namespace {

using evidence::Declaration;
using evidence::Declarations;

constexpr const char* kSchema = R"(
CREATE TABLE IF NOT EXISTS declaration (
  name      TEXT PRIMARY KEY,   -- as the terms have it
  signed_on TEXT NOT NULL,      -- 2026-03-01, as review
  declarer  TEXT NOT NULL,
  review    TEXT NOT NULL,
  note      TEXT NOT NULL
) STRICT;
)";

using Named = std::pair<std::string, Declaration>;

Result<Named> declaration_in(const Statement& row) {
  std::string name = row.text(0);
  auto read = evidence::parse_declaration(
      {.signed_on = row.text(1), .by = row.text(2), .review = row.text(3), .note = row.text(4)});
  if (!read) return fail("declaration " + name, read.error());
  return Named(std::move(name), std::move(*read));
}

}  // namespace

Result<DeclarationRegister> DeclarationRegister::open(Database& database) {
  if (auto made = database.execute(kSchema); !made) return fail("declarations", made.error());
  return DeclarationRegister(database);
}

Result<Declarations> DeclarationRegister::all() {
  auto rows = database_->prepare("SELECT name, signed_on, declarer, review, note FROM declaration");
  if (!rows) return std::unexpected(rows.error());
  auto read = rows_of(*rows, declaration_in);
  if (!read) return std::unexpected(read.error());
  return Declarations(std::make_move_iterator(read->begin()), std::make_move_iterator(read->end()));
}

Result<void> DeclarationRegister::put(std::string_view name, const Declaration& declaration) {
  auto insert = database_->prepare(
      "INSERT OR REPLACE INTO declaration (name, signed_on, declarer, review, note)"
      " VALUES (?1, ?2, ?3, ?4, ?5)");
  if (!insert) return std::unexpected(insert.error());
  return insert->bind(1, name)
      .bind(2, evidence::day_text(declaration.signed_on))
      .bind(3, declaration.by)
      .bind(4, evidence::day_text(declaration.review))
      .bind(5, declaration.note)
      .run();
}

Result<Declarations> declared_here(DeclarationRegister& own, const std::filesystem::path& file,
                                   const std::vector<std::string>& names) {
  auto declared = own.all();
  if (!declared) return declared;
  auto further = evidence::read_declarations(file, names);
  if (!further) return further;
  declared->merge(*further);
  return declared;
}

}  // namespace privyseal::web
