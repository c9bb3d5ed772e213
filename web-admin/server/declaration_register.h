/// What the organisation has declared in the console, for the clauses that no machine can show.
///
/// One declaration a name: a new one takes the place of the old one, which the audit log keeps.
///
/// Threads: the one of the Database. Ownership: the Database must outlive it.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "firmware/base/database.h"
#include "provisioning/evidence/declarations.h"

namespace privyseal::web {

class DeclarationRegister {
 public:
  [[nodiscard]] static Result<DeclarationRegister> open(Database& database);

  /// kInvalid: a row is not as it was written.
  [[nodiscard]] Result<evidence::Declarations> all();
  [[nodiscard]] Result<void> put(std::string_view name, const evidence::Declaration& declaration);

 private:
  explicit DeclarationRegister(Database& database) : database_(&database) {}

  Database* database_;
};

/// The register's, and of `names` that it lacks what `file` says (evidence/declarations.h). The register
/// wins, because an officer signed in to write it and the audit log says so; nobody vouches for the file.
/// kInvalid: register or file is not sound.
[[nodiscard]] Result<evidence::Declarations> declared_here(DeclarationRegister& own,
                                                           const std::filesystem::path& file,
                                                           const std::vector<std::string>& names);

}  // namespace privyseal::web
