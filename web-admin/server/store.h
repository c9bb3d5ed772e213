/// console.db and what lies in it, opened together.
///
/// Threads: one at a time. Ownership: the clock must outlive it. It does not move, because its parts know the
/// database's address.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "web-admin/server/claim.h"
#include "web-admin/server/declaration_register.h"
#include "web-admin/server/destructions.h"
#include "web-admin/server/journal.h"
#include "web-admin/server/session.h"
#include "web-admin/server/users.h"

namespace privyseal::web {

class Store {
 public:
  /// kInvalid: the file is damaged; it is kept as it is.
  [[nodiscard]] static Result<std::unique_ptr<Store>> open(const std::filesystem::path& file,
                                                           const std::string& origin, const Clock& clock);
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  [[nodiscard]] Users& users() { return *users_; }
  [[nodiscard]] Claims& claims() { return *claims_; }
  [[nodiscard]] Sessions& sessions() { return *sessions_; }
  [[nodiscard]] DeclarationRegister& declarations() { return *declarations_; }
  [[nodiscard]] Destructions& destructions() { return *destructions_; }
  [[nodiscard]] Journal& journal() { return *journal_; }

 private:
  explicit Store(Database database) : database_(std::move(database)) {}

  Database database_;
  std::optional<Users> users_;
  std::optional<Claims> claims_;
  std::optional<Sessions> sessions_;
  std::optional<DeclarationRegister> declarations_;
  std::optional<Destructions> destructions_;
  std::optional<Journal> journal_;
};

}  // namespace privyseal::web
